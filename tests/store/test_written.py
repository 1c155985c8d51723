"""Files that were digested as they were written are not read again, and those changed since are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgs.digests import Digest
from pkgs.progress import SilentReporter
from pkgs.state import State
from pkgs.store import treedigest
from pkgs.store.recipe import Recipe
from pkgs.store.store import Store
from pkgs.store.treedigest import digest_tree
from pkgs.store.trees import Tree
from pkgs.store.unpack import unpack
from pkgs.store.verify import Condition, Expectation, examine
from pkgs.store.written import Written
from tests.support.archives import tar_entry, tar_of

ARCHIVE = tar_of(
    tar_entry("a", b"first"),
    tar_entry("dir/b", b"x" * 300_000),
    tar_entry("a", b"second"),
    tar_entry("same", kind=b"1", link="a"),
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.tar"
    path.write_bytes(ARCHIVE)
    return path


def unpacked(archive: Path, dest: Path) -> Written:
    dest.mkdir()
    written = Written(sealed=True)
    unpack(archive, dest, name="archive.tar", written=written)
    return written


def test_nothing_is_read_again(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = unpacked(archive, tmp_path / "one")
    read = digest_tree(tmp_path / "one")
    monkeypatch.setattr(treedigest, "_hash", None)

    assert digest_tree(tmp_path / "one", known=written) == read


def write_in_place(tree: Path) -> None:
    (tree / "a").chmod(0o644)
    (tree / "a").write_bytes(b"change")


def replace(tree: Path) -> None:
    times = (tree / "a").stat().st_mtime_ns
    (tree / "a").unlink()
    (tree / "a").write_bytes(b"change")
    os.utime(tree / "a", ns=(times, times))


def rename(tree: Path) -> None:
    (tree / "a").rename(tree / "dir" / "c")


@pytest.mark.parametrize("change", [write_in_place, replace, rename])
def test_what_changed_since_is_read(archive: Path, tmp_path: Path, change: Callable[[Path], None]) -> None:
    written = unpacked(archive, tmp_path / "one")
    change(tmp_path / "one")

    assert digest_tree(tmp_path / "one", known=written) == digest_tree(tmp_path / "one")


def made(root: Path, archive: Path, finish: Callable[[Path], None] | None) -> tuple[State, Tree]:
    store = Store.at(State(root), unpack)
    recipe = Recipe(blob=Digest("a" * 64), name="archive.tar")
    tree = store.trees.ensure(recipe, archive, label="x", reporter=SilentReporter(), finish=finish)
    return State(root), tree


@pytest.mark.parametrize("finish", [None, rename])
def test_a_tree_of_the_store_is_what_its_record_says(
    archive: Path, tmp_path: Path, finish: Callable[[Path], None] | None
) -> None:
    state, tree = made(tmp_path / "state", archive, finish)

    assert examine(state, Expectation("x", tree.key), deep=True).condition is Condition.WHOLE
    assert {path.stat().st_mode & 0o777 for path in tree.path.rglob("*") if path.is_file()} == {0o555}
