"""Marker files: locks for filesystems whose ``flock`` is missing, or excludes nobody on other hosts.

Whoever holds a lock has made the file of its name, in which stands what process that is. The file is linked
into place with its text, so that nobody reads half of it, not even after a kill. What a holder of this host
left when it died is removed by whoever waits. Only the host of a process can tell whether it lives, and
hosts are told apart by what their kernels were given at boot, since two may bear the same name.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from pkgs.store.files import temp_sibling, write_new
from pkgs.store.processes import PROC, running_kernel, started

_MACHINE = Path("/etc/machine-id")
_POLL_SECONDS = 0.05
_LONGEST = 1 << 16
_LARGEST_PID = (1 << 31) - 1
# No hard links here, or (over SFTP, which has but one word for failure) the name was taken meanwhile.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_NOT_TO_BE_READ = {errno.EACCES, errno.EPERM, errno.ESTALE}
_TAKEN = {errno.EEXIST, errno.EPERM}
# PROC_PID_INIT_INO of linux/proc_ns.h: the namespace of processes in no container.
_INITIAL_SPACE = "pid:[4026531836]"


@dataclass(frozen=True, slots=True)
class _Holder:
    """What stands in a marker.

    ``kernel`` and ``space`` say whose process numbers ``pid`` is one of, ``start`` tells it from a later
    process of that number. ``machine`` stays the same when a host starts anew; "" where that is not known.
    """

    host: str
    machine: str
    kernel: str
    space: str
    pid: int
    start: int
    what: str
    token: str

    @classmethod
    def read(cls, text: bytes) -> _Holder | None:
        """Read the text of a marker; None if it is none of ours."""
        with suppress(ValueError, TypeError):
            found = cls(**json.loads(text))
            return found if 0 < found.pid <= _LARGEST_PID else None
        return None

    def is_near(self) -> bool:
        """Say whether the process is, or was, one of those that can be seen here."""
        return (self.kernel, self.space) == (running_kernel(), _space())

    def is_dead(self) -> bool:
        """Say whether the process is known to be gone; of other hosts that is never known."""
        if self.is_near():
            return not _runs(self.pid, self.start)
        return self.machine != "" and self.machine == _machine() and self.kernel != running_kernel()


class Marker:
    """A lock that is held as long as the file ``path`` is there; ``what`` is what the user calls the work."""

    def __init__(self, path: Path, what: str) -> None:
        pid, token = os.getpid(), os.urandom(8).hex()
        me = _Holder(
            os.uname().nodename, _machine(), running_kernel(), _space(), pid, started(pid) or 0, what, token
        )
        self._path = path
        self._text = json.dumps(asdict(me)).encode()

    def acquire(self, seconds: float) -> bool:
        """Try for so long to get the lock; return whether it is held."""
        end = time.monotonic() + seconds
        while not self._attempt():
            if end <= time.monotonic():
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def release(self) -> None:
        """Let go of the lock; a marker that is not ours any more, since somebody removed ours, stays."""
        with suppress(OSError):  # then it is taken over once this process has ended
            if self._read() == self._text:
                self._path.unlink()

    def holder(self) -> str:
        """Say who has the lock, and what to do if it is nobody any more."""
        found = _Holder.read(self._read() or b"")
        if found is None:
            return f"another process holds {self._path} (remove that file if its host has crashed)"
        if found.is_near():
            return f"process {found.pid} is at work on {found.what}"
        crashed = f"if that host has crashed, remove {self._path}"
        return f"process {found.pid} on the host {found.host} is at work on {found.what} ({crashed})"

    def _attempt(self) -> bool:
        # Opening the file asks its server, while looking at the name may be answered from a cache.
        found = self._read()
        if found:
            holder = _Holder.read(found)
            if holder and holder.is_dead():
                self._clear(found)
                found = self._read()
        if found is None:
            return self._make()
        return found == self._text  # NFS may have made it and lost the answer

    def _make(self) -> bool:
        temp = temp_sibling(self._path)
        try:
            write_new(temp, self._text)
            os.link(temp, self._path)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return self._make_in_place()
        finally:
            temp.unlink(missing_ok=True)
        return True

    def _make_in_place(self) -> bool:
        try:
            write_new(self._path, self._text)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            return False
        return True

    def _read(self) -> bytes | None:
        """Return what stands in the file, "" if that cannot be read; None if there is no file."""
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                return os.read(fd, _LONGEST)
            finally:
                os.close(fd)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno not in _NOT_TO_BE_READ:
                raise
            return b""

    def _clear(self, found: bytes) -> None:
        """Remove the marker of a dead process, unless another process has, and has got the lock since."""
        with _alone_on_this_host() as alone, suppress(FileNotFoundError):
            if alone and self._read() == found:
                self._path.unlink()


@contextmanager
def _alone_on_this_host() -> Iterator[bool]:
    """Yield whether no other process of this host is here; the root directory is what all of them share."""
    fd = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(fd)


def _runs(pid: int, start: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    return started(pid) in (None, start)


@cache
def _space() -> str:
    """Return the namespaces that decide which process a number means, and from when on its start counts."""
    with suppress(OSError):
        return " ".join(str((PROC / "self/ns" / kind).readlink()) for kind in ("pid", "time"))
    return ""


@cache
def _machine() -> str:
    """Return what this host is called beyond a restart; "" where that is not known, as in containers."""
    try:
        identity = _MACHINE.read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""
    if not identity or not _space().startswith(_INITIAL_SPACE):
        return ""
    return f"{os.uname().nodename} {identity}"
