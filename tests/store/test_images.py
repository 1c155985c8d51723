"""Filesystems that share blocks between files, and that run full in ways of their own: XFS and btrfs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgs.errors import StoreError
from pkgs.references import Reference
from pkgs.store.copies import Copies
from pkgs.store.recipe import Recipe
from tests.support.mounts import image
from tests.support.stores import TestStore, tar_of_files

MIB = 1 << 20
# As small as each kind may be.
SIZES = {"btrfs": 120 * MIB, "xfs": 320 * MIB}
CONTENT = os.urandom(8 * MIB)


@pytest.fixture(params=SIZES)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    kind = request.param
    with image(kind, tmp_path / "image", tmp_path / kind, SIZES[kind]) as at:
        yield at


def free(disk: Path) -> int:
    """Return how many bytes are free once all that was written has got its place."""
    subprocess.run(["sync", "-f", disk], check=True)
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


def fill(disk: Path, room: int) -> Path:
    """Leave about ``room`` bytes; return the file that takes the others."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        try:
            for size in range(0, 1 << 30, MIB):
                os.posix_fallocate(file.fileno(), size, MIB)
        except OSError:
            file.truncate(size - room)
    return filler


def test_a_copy_shares_the_disk_until_it_is_changed(disk: Path) -> None:
    store = TestStore(disk / "state")
    key = store.put_tree(tar_of_files({"data": CONTENT, "bin/tool": b"#!/bin/sh\n"}, executable={"bin/tool"}))
    tree = store.trees.find(key)
    assert tree
    before = free(disk)

    copies = Copies(store.state, store.locks)
    made = [
        copies.ensure(tree, disk / name / "bin", Reference.parse("tool-1"), waiting=store.reporter.info)
        for name in ("one", "two")
    ]
    assert before - free(disk) < len(CONTENT) // 4

    with (made[0] / "data").open("r+b") as file:
        file.write(b"changed")
    assert (made[0] / "data").read_bytes() == b"changed" + CONTENT[7:]
    assert (made[1] / "data").read_bytes() == CONTENT
    assert (tree.path / "data").read_bytes() == CONTENT
    assert os.access(made[0] / "bin" / "tool", os.X_OK)


@pytest.mark.parametrize("room", [0, len(CONTENT) // 2])
def test_a_disk_that_fills_leaves_the_store_as_it_was(disk: Path, room: int) -> None:
    store = TestStore(disk / "state")
    archive = tar_of_files({"data": CONTENT})
    blob = store.put_blob(archive)
    filler = fill(disk, room)
    recipe, source = Recipe(blob=blob), store.state.blob(blob)

    with pytest.raises(StoreError, match="no space is left"):
        store.trees.ensure(recipe, source, label="tool-1", reporter=store.reporter)
    assert list(store.state.trees.glob("*")) == []
    with pytest.raises(StoreError, match="no space is left"):
        store.put_blob(archive + b"more")
    assert list(store.state.blobs.glob("*/*")) == [source]

    filler.unlink()
    made = store.trees.ensure(recipe, source, label="tool-1", reporter=store.reporter)
    assert (made.path / "data").read_bytes() == CONTENT
