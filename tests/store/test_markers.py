from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from pkgs.errors import StoreError
from pkgs.store.files import temp_sibling
from pkgs.store.gc import collect
from pkgs.store.locks import Locks
from tests.support.holders import holder, left_by_a_dead_holder
from tests.support.mounts import filesystem, sshfs
from tests.support.stores import SOURCES, TestStore

# A process of this machine that another one takes for one of another host: it has process numbers of its own.
ELSEWHERE = ("unshare", "--fork", "--pid", "--kill-child", "--mount-proc", "--uts")
COUNTS = """
import os, sys
from pathlib import Path
from pkgs.store.locks import Locks
locks = Locks(Path(sys.argv[1]), patience=60, soft=True)
count, guard = Path(sys.argv[2]), Path(sys.argv[2] + ".guard")
for _ in range(25):
    with locks.hold("x", waiting=sys.exit):
        os.close(os.open(guard, os.O_CREAT | os.O_EXCL))
        count.write_text(str(int(count.read_text()) + 1))
        guard.unlink()
"""


def quiet(message: str) -> None:
    raise AssertionError(message)


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Return two mounts of one directory, over SFTP."""
    (tmp_path / "served").mkdir()
    with ExitStack() as stack:
        one, two = (stack.enter_context(sshfs(tmp_path / "served", tmp_path / at)) for at in ("one", "two"))
        yield one, two


def refused(directory: Path) -> str:
    """Return what is said of a lock that cannot be had."""
    told: list[str] = []
    hold = Locks(directory, soft=True, timeout=0.2).hold("x", waiting=told.append)
    with pytest.raises(StoreError) as caught, hold:
        pass
    assert [message.partition(": ")[2] for message in told] == [caught.value.message.partition(": ")[2]]
    return caught.value.message


def change(directory: Path, **changes: object) -> None:
    """Rewrite what a marker says."""
    marker = directory / "x.lock"
    marker.write_text(json.dumps({**json.loads(marker.read_text()), **changes}))


def exclude_each_other(directories: Sequence[Path], count: Path) -> None:
    """Let a process for each directory hold the same lock again and again, never at the same time."""
    count.write_text("0")
    started = [
        subprocess.Popen(
            [sys.executable, "-c", COUNTS, str(directory), str(count)],
            env={**os.environ, "PYTHONPATH": SOURCES}, stderr=subprocess.PIPE, text=True,
        )
        for directory in directories
    ]  # fmt: skip
    said = [process.communicate(timeout=60)[1] for process in started]

    assert said == [""] * len(directories)
    assert count.read_text() == str(25 * len(directories))


class TestOverSftp:
    """sshfs: no flock that reaches other hosts, no exchange of names, one word for all failures."""

    def test_markers_are_chosen(self, mounts: tuple[Path, Path]) -> None:
        assert [Locks(mount).soft for mount in mounts] == [True, True]

    def test_a_dead_holder_keeps_nobody_waiting(self, mounts: tuple[Path, Path]) -> None:
        for number in range(3):
            left_by_a_dead_holder(mounts[number % 2])
            for mount in mounts:
                with Locks(mount, patience=5).hold("x", waiting=quiet):
                    pass

    def test_processes_on_two_mounts_exclude_each_other(
        self, mounts: tuple[Path, Path], tmp_path: Path
    ) -> None:
        exclude_each_other(mounts * 3, tmp_path / "count")
        assert list((tmp_path / "served").iterdir()) == []

    @pytest.mark.skipif(os.geteuid() != 0, reason="takes root to give processes other numbers")
    def test_a_holder_on_another_host_is_named_with_its_file(self, mounts: tuple[Path, Path]) -> None:
        with holder(mounts[1], within=ELSEWHERE):
            said = refused(mounts[0])
        assert said.startswith("gave up waiting for x: process 1 on the host ")
        assert said.endswith(f" is at work on holding (if that host has crashed, remove {mounts[0]}/x.lock)")
        # It was killed, and nobody here can know.
        assert "if that host has crashed" in refused(mounts[0])
        (mounts[0] / "x.lock").unlink()
        for mount in mounts:
            with Locks(mount, patience=5).hold("x", waiting=quiet):
                pass


def test_markers_do_without_hard_links(tmp_path: Path) -> None:
    (tmp_path / "behind").mkdir()
    with filesystem(tmp_path / "behind", tmp_path / "disk", "linkless"):
        (tmp_path / "disk" / "file").touch()
        with pytest.raises(PermissionError):
            (tmp_path / "disk" / "link").hardlink_to(tmp_path / "disk" / "file")
        (tmp_path / "disk" / "file").unlink()
        left_by_a_dead_holder(tmp_path / "disk", "soft")
        exclude_each_other([tmp_path / "disk"] * 3, tmp_path / "count")
    assert list((tmp_path / "behind").iterdir()) == []


def test_a_holder_of_this_host_is_named(tmp_path: Path) -> None:
    with holder(tmp_path, "soft") as process:
        assert refused(tmp_path) == f"gave up waiting for x: process {process.pid} is at work on holding"


def test_another_host_of_the_same_name_may_be_alive(tmp_path: Path) -> None:
    """Its processes are not those that have these numbers here."""
    left_by_a_dead_holder(tmp_path, "soft")
    change(tmp_path, kernel="another", machine="another")
    assert f"on the host {os.uname().nodename} is at work on holding" in refused(tmp_path)


def test_a_process_that_was_given_the_number_of_a_dead_one_holds_nothing(tmp_path: Path) -> None:
    left_by_a_dead_holder(tmp_path, "soft")
    change(tmp_path, pid=os.getpid())
    with Locks(tmp_path, soft=True, patience=5).hold("x", waiting=quiet):
        pass


def test_nobody_waits_for_a_process_from_before_a_restart(tmp_path: Path) -> None:
    left_by_a_dead_holder(tmp_path, "soft")
    if not json.loads((tmp_path / "x.lock").read_text())["machine"]:
        pytest.skip("nothing tells this host from others once it was started anew")
    change(tmp_path, kernel="of the boot before")
    with Locks(tmp_path, soft=True, patience=5).hold("x", waiting=quiet):
        pass


def test_a_zombie_holds_nothing(tmp_path: Path) -> None:
    """A container without an init never waits for the processes whose parents died."""
    with holder(tmp_path, "soft") as process:
        process.kill()
        time.sleep(0.1)
        with Locks(tmp_path, soft=True, patience=5).hold("x", waiting=quiet):
            assert os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


@pytest.mark.parametrize("text", ["", "no record", '{"pid": 1}', "[]"])
def test_a_marker_nobody_can_read_is_left_to_the_user(tmp_path: Path, text: str) -> None:
    marker = tmp_path / "x.lock"
    marker.write_text(text)
    assert f"another process holds {marker} (remove that file if its host has crashed)" in refused(tmp_path)
    assert marker.read_text() == text


def test_a_lock_that_was_lost_is_not_taken_from_its_new_holder(tmp_path: Path) -> None:
    locks = Locks(tmp_path, soft=True)
    with locks.hold("x", waiting=quiet):
        (tmp_path / "x.lock").unlink()  # as a user who believes that a host has crashed
        (tmp_path / "x.lock").write_text("another's")
    assert (tmp_path / "x.lock").read_text() == "another's"


def test_what_a_kill_leaves_beside_a_marker_is_collected(tmp_path: Path) -> None:
    store = TestStore(tmp_path)
    store.state.locks.mkdir()
    left = temp_sibling(store.state.locks / "x.lock")
    left.touch()
    for now, there in ((time.time(), True), (time.time() + 2 * 86400, False)):
        collect(store.state, store.locks, now=now, older_than=0, dry_run=False, reporter=store.reporter)
        assert left.exists() is there
