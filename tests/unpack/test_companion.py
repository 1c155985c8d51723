"""A second process writes small files: whatever becomes of it, the tree is the same."""

from __future__ import annotations

import io
import marshal
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import pkgs
from pkgs.errors import ArchiveError, StoreError
from pkgs.store.unpack import Limits, companion, newfiles, unpack
from pkgs.store.unpack.limits import Budget
from pkgs.store.unpack.tree import Tree
from tests.support.archives import make_tar, make_zip, tar_entry, tar_of
from tests.support.listing import listing
from tests.support.mounts import memory

COUNT = 300
FILES = {f"d{number % 7}/e{number % 5}/file{number}": b"%d" % number * number for number in range(COUNT)}
ARCHIVE = tar_of(*(tar_entry(name, content) for name, content in FILES.items()))


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    path = tmp_path / "dest"
    path.mkdir()
    return path


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a companion begin with the first file, and do little at a time."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(companion, "_FEW", 0)
    monkeypatch.setattr(companion, "_BATCH", 10_000)


def companions(of: int | None = None) -> list[int]:
    """Return the processes that write files for this process, or for another one."""
    lists = Path(f"/proc/{of or os.getpid()}/task").glob("*/children")
    children = [child for found in lists for child in found.read_text().split()]
    return [int(child) for child in children if newfiles.__file__ in _command(child)]


def _command(process: str) -> str:
    return Path(f"/proc/{process}/cmdline").read_text()


def fill(tree: Tree, between: Callable[[], object]) -> None:
    for number, (name, content) in enumerate(FILES.items()):
        tree.file(name.encode(), content, 0o644, 1_600_000_000 * 10**9)
        if number == COUNT // 2:
            between()
    tree.finish()


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_it_makes_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[..., Path]
) -> None:
    archive = make(tmp_path / "archive", FILES)
    for name, few in (("alone", COUNT), ("together", 0)):
        monkeypatch.setattr(companion, "_FEW", few)
        (tmp_path / name).mkdir()
        unpack(archive, tmp_path / name, name="archive")

    assert listing(tmp_path / "alone", directory_times=False) == listing(
        tmp_path / "together", directory_times=False
    )
    assert contents(tmp_path / "together") == FILES


def test_it_is_there_for_many_files_and_gone_in_the_end(dest: Path) -> None:
    seen: list[int] = []
    with Tree(dest, Budget(Limits())) as tree:
        fill(tree, lambda: seen.extend(companions()))

    assert len(seen) == 1
    assert companions() == []


def test_few_files_are_written_without_one(dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companion, "_FEW", COUNT)
    seen: list[int] = []
    with Tree(dest, Budget(Limits())) as tree:
        fill(tree, lambda: seen.extend(companions()))

    assert seen == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_one_that_dies_or_stops_for_a_while_is_not_missed(dest: Path, how: int) -> None:
    def disturb() -> None:
        (process,) = companions()
        os.kill(process, how)
        if how == signal.SIGSTOP:
            threading.Timer(0.3, os.kill, (process, signal.SIGCONT)).start()

    with Tree(dest, Budget(Limits())) as tree:
        fill(tree, disturb)

    assert contents(dest) == FILES


@pytest.mark.parametrize("python", ["", "/nonexistent", shutil.which("false")])
def test_one_that_cannot_be_started_is_not_missed(
    dest: Path, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    with Tree(dest, Budget(Limits())) as tree:
        fill(tree, lambda: None)

    assert contents(dest) == FILES


def test_after_a_refusal_nothing_is_written_any_more(tmp_path: Path, dest: Path) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(ARCHIVE[:-1024] + tar_of(tar_entry("../evil", b"x")))
    with pytest.raises(ArchiveError, match=r"has '\.\.' in its name"):
        unpack(archive, dest, name="a.tar")

    assert companions() == []


def test_it_ends_with_whom_it_writes_for(tmp_path: Path, dest: Path) -> None:
    program = f"""
import sys, time
from pathlib import Path
from pkgs.store.unpack import companion
from pkgs.store.unpack.limits import Budget, Limits
from pkgs.store.unpack.tree import Tree
companion._FEW = 0
with Tree(Path({str(dest)!r}), Budget(Limits())) as tree:
    tree.file(b"a", b"a", 0o644, 0)
    print("up", flush=True)
    time.sleep(60)
"""
    environ = {"PYTHONPATH": str(Path(pkgs.__file__).parents[1])}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        (child,) = companions(process.pid)
        process.kill()

    end = time.monotonic() + 30
    while Path(f"/proc/{child}").exists():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(ARCHIVE)
    refused = pytest.raises(StoreError, match="cannot unpack a: No space left on device")
    with memory(tmp_path / "full", "size=256k") as full, refused:
        unpack(tmp_path / "a", full, name="a")


@pytest.fixture
def answered(tmp_path: Path) -> Iterator[Callable[..., bytes]]:
    """Return what the process answers that is given files to write in a directory."""
    root = tmp_path / "outer" / "root"
    (root / "d").mkdir(parents=True)
    (root / "out").symlink_to("..")
    (root / "d" / "there").write_bytes(b"old")
    (root / "d" / "link").symlink_to("../../evil")
    reading, writing = os.pipe()
    fd = os.open(root, os.O_RDONLY)

    def run(*places: tuple[bytes, bytes]) -> bytes:
        data = marshal.dumps([(directory, name, 0o644, 0, b"x") for directory, name in places])
        newfiles.serve(fd, io.BytesIO(len(data).to_bytes(4, "little") + data), writing, masked=False)
        assert sorted(path.name for path in (tmp_path / "outer").iterdir()) == ["root"]
        return os.read(reading, 100)

    yield run
    for each in (reading, writing, fd):
        os.close(each)


def test_it_follows_no_link_and_replaces_nothing(answered: Callable[..., bytes], tmp_path: Path) -> None:
    places = [(b"out", b"evil"), (b"d", b"new"), (b"d", b"there"), (b"d", b"link"), (b"missing", b"x")]

    assert answered(*places) == b"0 2 3 4\n"
    assert (tmp_path / "outer/root/d/new").read_bytes() == b"x"
    assert (tmp_path / "outer/root/d/there").read_bytes() == b"old"
