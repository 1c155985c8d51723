"""A small filesystem in user space: a directory, as a filesystem of another kind, or a faulty one, shows it.

``fusefs.py BACKING MOUNT ORDERS [KIND…]`` serves until it is unmounted. Kinds:

- ``folding``: names that differ only in case or Unicode normal form are one, as on APFS
- ``decomposing``: names are kept in Unicode normal form D, as on HFS+
- ``linkless``: there are no hard links
- ``busy``: files called ``.nfs…`` are open somewhere and cannot be removed, as on NFS

``ORDERS`` is a file of four 64-bit numbers: how many calls there were; at which of them (from 0, -1 for none)
a fault begins; the errno; and how many calls fail from there on. :mod:`tests.support.mounts` writes them.
"""

# ruff: noqa: PTH101, PTH102, PTH104, PTH106, PTH108, PTH115, PTH118, PTH119, PTH208, PTH211
# Strings and system calls, for this is what files are made of.
from __future__ import annotations

import errno
import mmap
import os
import struct
import sys
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import mfusepy

ORDERS = struct.Struct("qqqq")
# What is not counted: it cannot fail, or nobody looks at how it ended.
_SURE = {"release", "statfs"}
_STATUS = ("mode", "ino", "nlink", "uid", "gid", "size", "atime_ns", "mtime_ns", "ctime_ns")


class Directory(mfusepy.Operations):  # type: ignore[misc]
    """A directory, shown as it is; subclasses change what a name means, or what can be done."""

    use_ns = True

    def __init__(self, backing: str) -> None:
        self._backing = backing

    def _real(self, path: str) -> str:
        """Return where ``path`` is, or would be made."""
        return self._backing + path

    def getattr(self, path: str, fh: int | None = None) -> dict[str, int]:
        status = os.lstat(self._real(path)) if fh is None else os.fstat(fh)
        return {f"st_{name.removesuffix('_ns')}": getattr(status, f"st_{name}") for name in _STATUS}

    def readdir(self, path: str, fh: int) -> Iterable[tuple[str, dict[str, int], int]]:
        real = self._real(path)
        for name in (".", "..", *os.listdir(real)):
            status = os.lstat(os.path.join(real, name))
            yield name, {"st_ino": status.st_ino, "st_mode": status.st_mode}, 0

    def open(self, path: str, flags: int) -> int:
        return os.open(self._real(path), flags & ~os.O_NOFOLLOW)

    def create(self, path: str, mode: int, fi: object = None) -> int:
        return os.open(self._real(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return os.pread(fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        return os.pwrite(fh, data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        os.truncate(self._real(path) if fh is None else fh, length)
        return 0

    def flush(self, path: str, fh: int) -> int:
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        os.fsync(fh)
        return 0

    def release(self, path: str, fh: int) -> int:
        os.close(fh)
        return 0

    def unlink(self, path: str) -> int:
        os.unlink(self._real(path))
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        os.mkdir(self._real(path), mode)
        return 0

    def rmdir(self, path: str) -> int:
        os.rmdir(self._real(path))
        return 0

    def rename(self, old: str, new: str) -> int:
        os.rename(self._real(old), self._real(new))
        return 0

    def symlink(self, target: str, source: str) -> int:
        os.symlink(source, self._real(target))
        return 0

    def readlink(self, path: str) -> str:
        return os.readlink(self._real(path))

    def link(self, target: str, source: str) -> int:
        os.link(self._real(source), self._real(target), follow_symlinks=False)
        return 0

    def chmod(self, path: str, mode: int) -> int:
        os.chmod(self._real(path), mode)
        return 0

    def utimens(self, path: str, times: tuple[int, int]) -> int:
        os.utime(self._real(path), ns=times, follow_symlinks=False)
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        found = os.statvfs(self._real(path))
        return {name: getattr(found, name) for name in dir(found) if name.startswith("f_")}


class Folding(Directory):
    """Tells no upper from lower case, nor a letter with its accent from the two; keeps the first spelling."""

    def _real(self, path: str) -> str:
        real = self._backing
        for part in path.split("/")[1:]:
            real = os.path.join(real, _spelling(real, part))
        return real


class Decomposing(Directory):
    """Keeps all names in normal form D."""

    def _real(self, path: str) -> str:
        return super()._real(unicodedata.normalize("NFD", path))


class Linkless(Directory):
    """Has no hard links."""

    def link(self, target: str, source: str) -> int:
        raise OSError(errno.EPERM, "no hard links here")


class Busy(Directory):
    """Holds files that were removed while they were open."""

    def unlink(self, path: str) -> int:
        if os.path.basename(path).startswith(".nfs"):
            raise OSError(errno.EBUSY, "open somewhere")
        return super().unlink(path)


KINDS = {"folding": Folding, "decomposing": Decomposing, "linkless": Linkless, "busy": Busy}


def _spelling(directory: str, name: str) -> str:
    """Return how a name is spelled in a directory, if it is there."""
    if not name or os.path.lexists(os.path.join(directory, name)):
        return name
    try:
        present = os.listdir(directory)
    except OSError:
        return name
    return next((other for other in present if _folded(other) == _folded(name)), name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


class Faults:
    """Counts calls, and lets those fail that the orders say."""

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._orders = mmap.mmap(opened.fileno(), ORDERS.size)

    def watch(self, operations: Directory) -> None:
        """Count the calls of a filesystem's operations from now on."""
        for name in _operations(operations):
            setattr(operations, name, self._watched(getattr(operations, name)))

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: object) -> Any:
            now, at, error, times = ORDERS.unpack(self._orders)
            ORDERS.pack_into(self._orders, 0, now + 1, at, error, times)
            if 0 <= at <= now < at + times:
                raise OSError(error, os.strerror(error))
            return call(*arguments)

        return watched


def _operations(operations: Directory) -> set[str]:
    kinds = [kind for kind in type(operations).__mro__ if issubclass(kind, Directory)]
    names = {name for kind in kinds for name in vars(kind) if callable(getattr(kind, name))}
    return {name for name in names - _SURE if not name.startswith("_")}


def main(backing: str, at: str, orders: str, *kinds: str) -> None:
    """Serve a directory until it is unmounted."""
    os.umask(0)
    operations = type("Chosen", (*(KINDS[kind] for kind in kinds), Directory), {})(backing)
    Faults(Path(orders)).watch(operations)
    # Nothing is cached, so that the kernel asks each time, and what is changed behind is seen.
    mfusepy.FUSE(
        operations, at, foreground=True, nothreads=True, use_ino=True,
        entry_timeout=0, attr_timeout=0, negative_timeout=0, default_permissions=True,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
