"""Copies of whole trees: sharing the disk's blocks where the filesystem can, byte by byte elsewhere."""

# ruff: noqa: PTH101, PTH102, PTH115, PTH116, PTH123, PTH211
# Strings, because a Path for each of 100,000 files would cost more than the work itself.
from __future__ import annotations

import errno
import fcntl
import os
import stat
import sys
from pathlib import Path

# linux/fs.h: FICLONE, _IOW(0x94, 9, int); shares the blocks of two files until one is written.
_FICLONE = 0x40049409
_CHUNK = 1 << 20
_CANNOT_CLONE = {errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS, errno.EPERM}


def copy_tree(source: Path, dest: Path, *, writable: bool = False) -> None:
    """Copy files (with modes and times), directories and links into ``dest``, an empty directory.

    Links are copied as they are; sockets, fifos and devices are left out. ``writable`` gives the owner the
    right to write to everything.
    """
    extra = stat.S_IWUSR if writable else 0
    directories = [(str(source), str(dest))]
    for from_, to in directories:  # grows while it is walked
        directories.extend(_copy_entries(from_, to, extra))
    # Times and modes last: filling a directory changes the one, needs the other.
    for from_, to in reversed(directories):
        _copy_status(from_, to, extra)


def _copy_entries(source: str, dest: str, extra: int) -> list[tuple[str, str]]:
    directories = []
    with os.scandir(source) as found:
        for entry in found:
            to = f"{dest}/{entry.name}"
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), to)
            elif entry.is_dir():
                os.mkdir(to, 0o700)
                directories.append((entry.path, to))
            elif entry.is_file():
                _copy_file(entry.path, to)
                _copy_status(entry.path, to, extra)
    return directories


def _copy_file(source: str, dest: str) -> None:
    """Copy the content of a file to a new one; the blocks are shared if the filesystem can."""
    with open(source, "rb") as from_, open(dest, "xb") as to:
        if not _clone(from_.fileno(), to.fileno()):
            while chunk := from_.read(_CHUNK):
                to.write(chunk)


def _clone(source: int, dest: int) -> bool:
    if sys.platform != "linux":
        return False
    try:
        fcntl.ioctl(dest, _FICLONE, source)
    except OSError as error:
        if error.errno in _CANNOT_CLONE:
            return False
        raise
    return True


def _copy_status(source: str, dest: str, extra: int) -> None:
    status = os.stat(source)
    os.utime(dest, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.chmod(dest, stat.S_IMODE(status.st_mode) & 0o777 | extra)
