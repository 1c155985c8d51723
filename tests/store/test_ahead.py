"""Unpacking while the download is under way: used when every byte was right and in order, else forgotten."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pkgs.artifact.fetch import Received
from pkgs.artifact.model import Artifact
from pkgs.digests import digest_bytes
from pkgs.errors import DigestMismatchError
from pkgs.platforms import Platform
from pkgs.progress import SilentReporter, Task
from pkgs.state import State
from pkgs.store import ahead as module
from pkgs.store.recipe import Recipe
from pkgs.store.store import Store
from pkgs.store.trees import Tree
from pkgs.store.unpack import unpack, unpack_stream
from pkgs.store.verify import Condition, Expectation, examine
from tests.support.archives import make_zip
from tests.support.stores import LINUX, Shelf, tar_of_files

ARCHIVE = gzip.compress(
    tar_of_files({"bin/tool": b"#!/bin/sh\n", "data": os.urandom(3_000_000)}, executable={"bin/tool"})
)
URL = "https://host.invalid/archive"
Deliver = Callable[[Path, bytes, Task], None]


class Slowly(Shelf):
    """Hands out bytes as ``deliver`` does."""

    def __init__(self, data: bytes, deliver: Deliver) -> None:
        super().__init__({})
        self.data, self.deliver = data, deliver

    def fetch(self, artifact: Artifact, platform: Platform, into: Path, task: Task) -> Received:
        self.deliver(into, self.data, task)
        if artifact.digest != digest_bytes(self.data):
            raise DigestMismatchError("the bytes are wrong")
        return Received(digest_bytes(self.data), len(self.data), artifact.url, "")


def write(into: Path, data: bytes, task: Task) -> None:
    with into.open("wb") as file:
        for start in range(0, len(data), 100_000):
            task.advance(file.write(data[start : start + 100_000]))


def in_pieces(into: Path, data: bytes, task: Task) -> None:
    task.restart(0)
    task.total(len(data))
    write(into, data, task)


def in_two_attempts(into: Path, data: bytes, task: Task) -> None:
    in_pieces(into, bytes(len(data) // 2), task)
    into.unlink()
    in_pieces(into, data, task)


def resumed(into: Path, data: bytes, task: Task) -> None:
    half = len(data) // 2
    into.write_bytes(data[:half])
    task.restart(half)
    with into.open("ab") as file:
        task.advance(file.write(data[half:]))


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of archives that are unpacked when they are there; none is too small to be earlier."""
    monkeypatch.setattr(module, "_WORTH_IT", 0)
    return []


def install(root: Path, data: bytes, deliver: Deliver, unpacked: list[str], wanted: bytes = b"") -> Tree:
    def late(
        archive: Path, dest: Path, *, strip: int, name: str, dont_extract: bool, apps: Sequence[str] = (),
        written: object = None,
    ) -> None:  # fmt: skip
        unpacked.append(name)
        unpack(archive, dest, strip=strip, name=name, dont_extract=dont_extract)

    store = Store.at(State(root), late, unpack_stream)
    artifact = Artifact(URL, digest_bytes(wanted or data))
    recipe = Recipe(blob=artifact.digest, name="archive")
    reporter = SilentReporter()
    with store.trees.ahead(recipe, label="tool-1") as ahead:
        shelf = Slowly(data, deliver)
        blob = store.blobs.ensure([artifact], LINUX, shelf, reporter, "tool-1", ahead=ahead)
        return store.trees.ensure(recipe, blob.path, label="tool-1", reporter=reporter, ahead=ahead)


def is_whole(root: Path, tree: Tree) -> bool:
    return examine(State(root), Expectation("x", tree.key), deep=True).condition is Condition.WHOLE


@pytest.mark.parametrize("deliver", [in_pieces, resumed])
def test_an_archive_is_unpacked_when_its_last_byte_arrives(
    tmp_path: Path, deliver: Deliver, unpacked: list[str]
) -> None:
    tree = install(tmp_path, ARCHIVE, deliver, unpacked)

    assert unpacked == []
    assert is_whole(tmp_path, tree)
    assert (tree.path / "data").stat().st_size == 3_000_000
    assert digest_bytes((State(tmp_path).blob(digest_bytes(ARCHIVE))).read_bytes()) == digest_bytes(ARCHIVE)


def test_a_download_that_began_anew_is_unpacked_afterwards(tmp_path: Path, unpacked: list[str]) -> None:
    tree = install(tmp_path, ARCHIVE, in_two_attempts, unpacked)

    assert unpacked == ["archive"]
    assert is_whole(tmp_path, tree)


def test_a_kind_that_cannot_be_streamed_is_unpacked_afterwards(tmp_path: Path, unpacked: list[str]) -> None:
    data = make_zip(tmp_path / "x.zip", {"a/tool": b"#!/bin/sh\n"}).read_bytes()
    tree = install(tmp_path / "state", data, in_pieces, unpacked)

    assert unpacked == ["archive"]
    assert is_whole(tmp_path / "state", tree)


def test_wrong_bytes_leave_nothing(tmp_path: Path, unpacked: list[str]) -> None:
    with pytest.raises(DigestMismatchError):
        install(tmp_path, ARCHIVE, in_pieces, unpacked, wanted=b"other")

    assert list(State(tmp_path).trees.iterdir()) == []
    assert list(State(tmp_path).blobs.glob("*/*")) == []
