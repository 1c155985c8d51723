from __future__ import annotations

import errno
import fcntl
import signal
import threading
import time
from pathlib import Path

import pytest

from pkgs.errors import StoreError
from pkgs.store.filesystems import locks_are_local, mount_of, parse_mounts
from pkgs.store.locks import Locks
from tests.support.holders import holder, left_by_a_dead_holder
from tests.support.stores import as_nobody


def quiet(message: str) -> None:
    raise AssertionError(message)


def test_a_waiter_is_told_what_for_and_by_whom(tmp_path: Path) -> None:
    locks = Locks(tmp_path, patience=0.1, repeat=30)
    told: list[str] = []
    with holder(tmp_path, "hard") as process:

        def tell(message: str) -> None:
            told.append(message)
            process.send_signal(signal.SIGKILL)

        started = time.monotonic()
        with locks.hold("x", what="tool-1", waiting=tell):
            took = time.monotonic() - started

    assert told == [f"waiting for tool-1: process {process.pid} is at work on holding"]
    assert took < 30


@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_a_waiter_is_told_again_and_again_how_long_it_has_waited(tmp_path: Path, kind: str) -> None:
    locks = Locks(tmp_path, soft=kind == "soft", patience=0.1, repeat=0.2)
    told: list[str] = []
    with holder(tmp_path, kind) as process:

        def tell(message: str) -> None:
            told.append(message)
            if len(told) == 3:
                process.send_signal(signal.SIGKILL)

        with locks.hold("x", what="tool-1", waiting=tell):
            pass

    who = f"process {process.pid} is at work on holding"
    assert told == [
        f"waiting for tool-1: {who}",
        f"still waiting for tool-1, for 0.3 s now: {who}; end that process if it hangs",
        f"still waiting for tool-1, for 0.5 s now: {who}; end that process if it hangs",
    ]


def test_a_timeout_ends_the_waiting(tmp_path: Path) -> None:
    told: list[str] = []
    locks = Locks(tmp_path, patience=0.1, repeat=0.2, timeout=0.4)
    with (
        holder(tmp_path, "hard") as process,
        pytest.raises(StoreError, match=f"gave up waiting for tool-1: process {process.pid}") as caught,
        locks.hold("x", what="tool-1", waiting=told.append),
    ):
        raise AssertionError

    assert len(told) == 3
    assert "--lock-timeout" in caught.value.hint


@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_a_dead_holder_keeps_nobody_waiting(tmp_path: Path, kind: str) -> None:
    left_by_a_dead_holder(tmp_path, kind)
    with Locks(tmp_path, soft=kind == "soft", patience=5).hold("x", waiting=quiet):
        pass


def test_a_free_lock_says_nothing(tmp_path: Path) -> None:
    locks = Locks(tmp_path / "locks")
    for _ in range(2):
        with locks.hold("x", waiting=quiet):
            pass
    assert locks.names() == ["x"]


def test_attempt_does_not_wait(tmp_path: Path) -> None:
    with holder(tmp_path, "hard"):
        with Locks(tmp_path).attempt("x") as held:
            assert not held
        with Locks(tmp_path).attempt("y") as held:
            assert held


@pytest.mark.parametrize("soft", [False, True])
def test_threads_exclude_each_other_though_lock_files_come_and_go(tmp_path: Path, soft: bool) -> None:
    locks = Locks(tmp_path, patience=30, soft=soft)
    inside: list[int] = []
    worst: list[int] = []

    def work() -> None:
        for _ in range(5):
            with locks.hold("x", waiting=quiet):
                inside.append(1)
                worst.append(len(inside))
                time.sleep(0.001)
                inside.pop()
                locks.discard("x")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert worst == [1] * 40
    assert locks.names() == []


def test_an_unwritable_directory_is_one_sentence(tmp_path: Path) -> None:
    outcome = as_nobody(
        """
        from pkgs.store.locks import Locks
        with Locks(Path(sys.argv[1]) / "locks").hold("x", waiting=print):
            pass
        """,
        tmp_path,
    )
    assert "StoreError" in outcome
    assert "cannot be written: Permission denied" in outcome


def test_a_path_cannot_be_smuggled_into_a_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot name a lock"), Locks(tmp_path).hold("../x", waiting=quiet):
        pass


def test_a_file_in_the_place_of_the_directory_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "locks").write_text("")
    with pytest.raises(StoreError), Locks(tmp_path / "locks").hold("x", waiting=quiet):
        pass


NO_FLOCK = ("ENOSYS", "ENOTSUP", "EOPNOTSUPP", "ENOLCK", "EINVAL")


def flock_fails(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Be on a filesystem whose ``flock`` fails with one error."""

    def fail(*_: object) -> None:
        raise OSError(getattr(errno, name), name)

    monkeypatch.setattr(fcntl, "flock", fail)


@pytest.mark.parametrize("name", NO_FLOCK)
def test_without_flock_markers_exclude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    flock_fails(monkeypatch, name)
    one, two = Locks(tmp_path), Locks(tmp_path)

    with one.hold("x", waiting=quiet), two.attempt("x") as held:
        assert not held
    with two.attempt("x") as held:
        assert held
    assert (one.soft, two.soft, one.names()) == (True, True, [])


def test_a_flock_that_others_hold_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flock_fails(monkeypatch, "EWOULDBLOCK")
    assert not Locks(tmp_path).soft


MOUNTS = parse_mounts(
    "/dev/sda1 / ext4 rw 0 0\n"
    "server:/home /home nfs4 rw,vers=4.2,local_lock=none 0 0\n"
    "server:/old /home/my\\040old nfs rw,nolock,local_lock=all 0 0\n"
    "user@host:/x /mnt/ssh fuse.sshfs rw 0 0\n"
)


@pytest.mark.parametrize(
    ("path", "local"),
    [
        ("/var", False),
        ("/home/a", False),
        ("/home/my old/cache", True),
        ("/mnt/ssh", True),
        ("/home/my", False),
    ],
)
def test_filesystems_whose_locks_stay_on_one_host_are_told_apart(path: str, local: bool) -> None:
    assert locks_are_local(mount_of(Path(path), MOUNTS)) is local
