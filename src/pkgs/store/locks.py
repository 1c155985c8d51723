"""One lock for each entry of the store.

Every result is verified out of sight and made visible by one rename, so that nothing wrong is ever seen,
whoever holds what. A tree is made in a place of its own, where two holders at once would only do the same
work twice; a download goes on where another stopped, so that its lock also keeps two from writing one file.

Where ``flock`` works the kernel keeps the lock, and lets go of it when its holder dies, however it dies. On a
filesystem without ``flock``, or where it excludes nobody on other hosts (NFS with ``nolock`` or
``local_lock``, sshfs), a lock is a marker file instead (:mod:`pkgs.store.markers`): one left by a dead
process of this host is taken over; one left by another host that crashed has to be removed by hand, and the
message while waiting names it. Hosts that share a state directory must mount it with the same options.
"""

from __future__ import annotations

import errno
import fcntl
import json
import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pkgs.errors import StoreError
from pkgs.store.files import storing
from pkgs.store.filesystems import locks_are_local, mount_of, read_mounts
from pkgs.store.markers import Marker

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SUFFIX = ".lock"
_POLL_SECONDS = 0.05
_NO_FLOCK = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL}


class Locks:
    """The locks in one directory; ``patience`` is how many seconds to wait before saying so.

    ``repeat`` is after how many more to say so again, ``timeout`` how many to wait at most (None: as long as
    the holder lives). ``soft`` is for tests: True and False choose markers or ``flock`` instead of asking the
    filesystem.
    """

    def __init__(
        self,
        directory: Path,
        *,
        patience: float = 1.0,
        repeat: float = 60.0,
        timeout: float | None = None,
        soft: bool | None = None,
    ) -> None:
        self._directory = directory
        self._patience = patience
        self._repeat = repeat
        self._timeout = math.inf if timeout is None else timeout
        self._soft = soft

    @contextmanager
    def hold(self, name: str, *, what: str = "", waiting: Callable[[str], None]) -> Iterator[None]:
        """Hold the lock ``name`` while the body runs, waiting for it as long as its holder lives.

        ``what`` is what the user calls the work; ``waiting`` is told after a short while, and from time to
        time again, what is waited for and who has it. Not re-entrant. Raises :class:`StoreError` if the
        directory cannot be written, or when the time to wait is over.
        """
        lock = self._lock(name, what or name)
        with storing(self.path(name)):
            self._acquire(lock, what or name, waiting)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def attempt(self, name: str, *, what: str = "") -> Iterator[bool]:
        """Hold the lock ``name`` if it is free at once; yield whether it is held."""
        lock = self._lock(name, what or name)
        with storing(self.path(name)):
            held = lock.acquire(0)
        try:
            yield held
        finally:
            if held:
                lock.release()

    def discard(self, name: str) -> None:
        """Remove the file of a lock that the caller holds.

        Safe because a waiter that opened the removed file sees that it has no name any more and starts over.
        """
        if not self.soft:  # a marker goes by itself when it is released
            self.path(name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Return the names of all lock files there are, held or not."""
        try:
            files = sorted(path.name for path in self._directory.iterdir())
        except FileNotFoundError:
            return []
        return [name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX)]

    @property
    def soft(self) -> bool:
        """Whether locks are marker files, for want of a ``flock`` that every host obeys."""
        if self._soft is None:
            self._soft = not _flock_works(self._directory)
        return self._soft

    def path(self, name: str) -> Path:
        """Return the file of the lock ``name``."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name a lock")
        return self._directory / f"{name}{_SUFFIX}"

    def _lock(self, name: str, what: str) -> _Lock:
        path = self.path(name)
        with storing(path):
            self._directory.mkdir(parents=True, exist_ok=True)
        return Marker(path, what) if self.soft else _Flock(path, what)

    def _acquire(self, lock: _Lock, what: str, waiting: Callable[[str], None]) -> None:
        waited = 0.0
        for pause in self._pauses():
            if lock.acquire(pause):
                return
            waiting(_told(what, lock.holder(), waited + pause if waited else 0))
            waited += pause
        raise StoreError(
            f"gave up waiting for {what}: {lock.holder()}",
            "try again when it is done, or wait longer: --lock-timeout, PKGS_LOCK_TIMEOUT",
        )

    def _pauses(self) -> Iterator[float]:
        """Yield for how many seconds to wait each time before something is said, until time is over."""
        left, pause = self._timeout, self._patience
        while True:
            yield min(pause, left)
            left, pause = left - pause, self._repeat
            if left <= 0:
                return


def _told(what: str, holder: str, seconds: float) -> str:
    """Return what a waiter is told; ``seconds`` is how long it has waited, 0 the first time."""
    if not seconds:
        return f"waiting for {what}: {holder}"
    return (
        f"still waiting for {what}, for {round(seconds, 1):g} s now: {holder}; end that process if it hangs"
    )


class _Lock(Protocol):
    """A lock for one use by one thread."""

    def acquire(self, seconds: float) -> bool:
        """Try for so long; return whether it is held."""

    def release(self) -> None:
        """Let go of it."""

    def holder(self) -> str:
        """Say who has it."""


class _Flock:
    """A lock that the kernel keeps."""

    def __init__(self, path: Path, what: str) -> None:
        from filelock import FileLock  # deferred: 34 ms

        self._path = path
        self._what = what
        self._lock = FileLock(path, thread_local=False, poll_interval=_POLL_SECONDS)

    def acquire(self, seconds: float) -> bool:
        from filelock import Timeout  # deferred: 34 ms

        try:
            self._lock.acquire(timeout=seconds)
        except Timeout:
            return False
        self._sign()
        return True

    def release(self) -> None:
        self._lock.release()

    def holder(self) -> str:
        try:
            signed = json.loads(self._path.read_text("utf-8"))
            return f"process {signed['pid']} is at work on {signed['what']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process is at work on it"

    def _sign(self) -> None:
        """Write into the lock file who holds it; only for the message that others show."""
        try:
            self._path.write_text(json.dumps({"pid": os.getpid(), "what": self._what}), "utf-8")
        except OSError:
            pass


def _flock_works(directory: Path) -> bool:
    if locks_are_local(mount_of(directory.resolve(), read_mounts())):
        return False
    fd = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _NO_FLOCK
    finally:
        os.close(fd)
    return True
