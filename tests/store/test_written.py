"""What is noted of files as they are written is what looking at them shows, and spares looking."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pkgs.digests import Digest
from pkgs.errors import ArchiveError
from pkgs.progress import SilentReporter
from pkgs.state import State
from pkgs.store import treedigest, written
from pkgs.store.recipe import Recipe
from pkgs.store.store import Store
from pkgs.store.treedigest import Entry, digest_tree, entries
from pkgs.store.trees import Finish, Tree
from pkgs.store.unpack import companion, unpack
from pkgs.store.verify import Condition, Expectation, examine
from pkgs.store.written import Written
from tests.support.archives import DIRECTORY, HARDLINK, SYMLINK, pax_entry, tar_entry, tar_of
from tests.support.mounts import filesystem, sshfs

ARCHIVE = tar_of(
    tar_entry("a", b"first", mode=0o644),
    tar_entry("dir/b", b"x" * 300_000),
    tar_entry("a", b"second", mode=0o644),
    tar_entry("same", kind=HARDLINK, link="a"),
    tar_entry("caf\u00e9", b"small"),
    pax_entry({"mtime": "1234567890.123456789"}),
    tar_entry("exact", b"to the nanosecond"),
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.tar"
    path.write_bytes(ARCHIVE)
    return path


def unpacked(archive: Path, dest: Path) -> Written:
    dest.mkdir()
    account = Written()
    unpack(archive, dest, name="archive.tar", written=account)
    return account


def looked_at(monkeypatch: pytest.MonkeyPatch, root: Path, known: Written) -> list[str]:
    """Return which files are looked at when ``root`` is digested."""
    seen: list[bytes] = []
    real = treedigest._hash

    def note(path: bytes, size: int) -> str:
        seen.append(path)
        return real(path, size)

    monkeypatch.setattr(treedigest, "_hash", note)
    digest_tree(root, known=known)
    return sorted(os.path.relpath(os.fsdecode(path), root) for path in seen)


def test_nothing_is_looked_at_again(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = unpacked(archive, tmp_path / "one")

    assert looked_at(monkeypatch, tmp_path / "one", account) == []
    assert digest_tree(tmp_path / "one", known=account) == digest_tree(tmp_path / "one")


def test_what_was_changed_is_looked_at_under_all_its_names(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = unpacked(archive, tmp_path / "one")
    account.forget(b"a")
    account.forget(b"dir/b")

    assert looked_at(monkeypatch, tmp_path / "one", account) == ["a", "dir/b", "same"]


def test_beyond_what_is_kept_in_memory_files_are_looked_at(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "_MOST", 2)
    account = unpacked(archive, tmp_path / "one")

    assert looked_at(monkeypatch, tmp_path / "one", account) == ["a", "exact", "same"]


@pytest.mark.parametrize("mtime", [-1, (1 << 31) * 10**9])
def test_times_that_some_filesystems_change_are_looked_at(mtime: int) -> None:
    account = Written()
    account.add(b"a", bytes(32), executable=False, size=0, mtime=mtime)

    assert account.entry(b"a") is None


@pytest.fixture(params=["decomposing", "sshfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A filesystem that keeps names in another form, or times without fractions."""
    (tmp_path / "backing").mkdir()
    mounted = (
        sshfs(tmp_path / "backing", tmp_path / "disk")
        if request.param == "sshfs"
        else filesystem(tmp_path / "backing", tmp_path / "disk", request.param)
    )
    with mounted:
        yield tmp_path / "disk"


def test_what_the_filesystem_makes_of_it_is_what_is_said(archive: Path, disk: Path) -> None:
    account = unpacked(archive, disk / "one")

    assert list(entries(disk / "one", known=account)) == list(entries(disk / "one"))


NAMES = st.sampled_from(["a", "b", "c", "d/a", "d/b", "d/e/a", "x\\y", "a\nb", "\u00e9"])
CONTENTS = st.one_of(st.binary(max_size=50), st.binary(max_size=2).map(lambda data: data * 70_000))
MODES = st.sampled_from([0o644, 0o755, 0o600, 0o4711, 0o000])
TIMES = st.sampled_from(["0", "1600000000", "1600000000.123456789", "-5", "3000000000", "99999999999"])


def member(name: str, mtime: str, content: bytes = b"", link: str = "", **fields: Any) -> bytes:
    records = {"path": name, "mtime": mtime} | ({"linkpath": link} if link else {})
    return pax_entry(records) + tar_entry("x", content, **fields)


MEMBERS = st.one_of(
    st.builds(member, NAMES, TIMES, CONTENTS, mode=MODES),
    st.builds(member, NAMES, TIMES, link=st.sampled_from(["a", "d/a"]), kind=st.just(HARDLINK)),
    st.builds(member, NAMES, TIMES, link=NAMES, kind=st.just(SYMLINK)),
    st.builds(member, st.sampled_from(["d", "d/e", "f"]), TIMES, mode=MODES, kind=st.just(DIRECTORY)),
)


@pytest.mark.parametrize("few", [0, 2_000], ids=["with a companion", "alone"])
def test_what_is_noted_is_what_is_there(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companion, "_FEW", few)
    noted: list[Entry] = []

    @settings(
        max_examples=100,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(MEMBERS, max_size=12))
    def check(members: list[bytes]) -> None:
        with tempfile.TemporaryDirectory() as name:
            linked_to = member("a", "0", b"a"), member("d/a", "1", b"b" * 70_000)
            (Path(name) / "a.tar").write_bytes(tar_of(*linked_to, *members))
            try:
                account = unpacked(Path(name) / "a.tar", Path(name) / "tree")
            except ArchiveError:
                return
            said, total = told(Path(name) / "tree", account)

            assert said == list(entries(Path(name) / "tree"))
            assert total == digest_tree(Path(name) / "tree")
            noted.extend(entry for entry in said if account.entry(os.fsencode(entry.path)))
            for directory, _, _ in os.walk(Path(name) / "tree"):
                Path(directory).chmod(0o755)

    check()
    assert len(noted) > 150


def told(root: Path, account: Written) -> tuple[list[Entry], treedigest.TreeDigest]:
    said: list[Entry] = []
    return said, digest_tree(root, seal=True, visit=said.append, known=account)


def write_in_place(tree: Path) -> list[Path]:
    times = (tree / "a").stat().st_mtime_ns
    (tree / "a").chmod(0o644)
    (tree / "a").write_bytes(b"change")
    os.utime(tree / "a", ns=(times, times))
    return [tree / "a"]


def replace(tree: Path) -> list[Path]:
    (tree / "a").unlink()
    (tree / "a").write_bytes(b"change")
    return [tree / "a"]


def make_executable(tree: Path) -> list[Path]:
    (tree / "same").chmod(0o755)
    return [tree / "same"]


def add(tree: Path) -> list[Path]:
    (tree / "new").mkdir()
    (tree / "new" / "file").write_bytes(b"change")
    return [tree / "new" / "file"]


def change_without_saying(tree: Path) -> None:
    write_in_place(tree)


def change_nothing(tree: Path) -> Iterable[Path]:
    return ()


def made(root: Path, archive: Path, finish: Finish | None) -> tuple[State, Tree]:
    store = Store.at(State(root), unpack)
    recipe = Recipe(blob=Digest("a" * 64), name="archive.tar")
    tree = store.trees.ensure(recipe, archive, label="x", reporter=SilentReporter(), finish=finish)
    return State(root), tree


@pytest.mark.parametrize(
    "finish",
    [None, change_nothing, write_in_place, replace, make_executable, add, change_without_saying],
)
def test_a_tree_of_the_store_is_what_its_record_says(
    archive: Path, tmp_path: Path, finish: Callable[[Path], Iterable[Path] | None] | None
) -> None:
    linked = tmp_path / "linked"
    (tmp_path / "state").mkdir()
    linked.symlink_to("state")
    state, tree = made(linked, archive, finish)

    verdict = examine(state, Expectation("x", tree.key), deep=True)
    assert verdict.condition is Condition.WHOLE, verdict.faults
