"""How files come out in a directory: what its file system, a umask or an access list makes of a wish."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pkgs.store.unpack import newfiles

_ALL, _SOME = 0o777, 0o444
_MODES = 0o755
_TIME = 1_234_567_890_123_456_789
_NAME, _OTHER_CASE = b".mode", b".MODE"
_COMPOSED, _DECOMPOSED = ".mod\u00e9".encode(), ".mode\u0301".encode()


@dataclass(frozen=True, slots=True)
class Habits:
    """What was seen.

    ``masked``: files get fewer permissions than asked for. ``folds``: names are one that differ only in case,
    or in how accents are written. ``exact``: what permissions and times are set to is kept, to the bit and
    the nanosecond.
    """

    masked: bool
    folds: bool
    exact: bool


def observe(root: Path) -> Habits:
    """Try it out in the directory ``root``, which is empty."""
    directory = os.open(root, newfiles.DIRECTORY)
    try:
        return _tried(directory)
    finally:
        os.close(directory)


def _tried(directory: int) -> Habits:
    fd = newfiles.create(directory, _NAME, _ALL, masked=False)
    try:
        masked = os.fstat(fd).st_mode & _MODES != _MODES
        folds = _exists(_OTHER_CASE, directory) or _ignores_accents(directory)
        os.fchmod(fd, _SOME)
        os.utime(fd, ns=(_TIME, _TIME))
        status = os.fstat(fd)
    finally:
        os.close(fd)
        os.unlink(_NAME, dir_fd=directory)
    exact = (stat.S_IMODE(status.st_mode), status.st_mtime_ns) == (_SOME, _TIME)
    return Habits(masked=masked, folds=folds, exact=exact)


def _ignores_accents(directory: int) -> bool:
    with suppress(OSError):  # where such a name cannot be made at all, no two of them are one
        os.close(newfiles.create(directory, _COMPOSED, _ALL, masked=False))
        try:
            return _exists(_DECOMPOSED, directory)
        finally:
            os.unlink(_COMPOSED, dir_fd=directory)
    return False


def _exists(name: bytes, directory: int) -> bool:
    try:
        os.lstat(name, dir_fd=directory)
    except FileNotFoundError:
        return False
    return True
