"""How files come out in a directory: what its file system, a umask or an access list makes of a wish."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from pkgs.store.unpack import newfiles

_ALL, _SOME = 0o777, 0o444
_MODES = 0o755
_TIME = 1_234_567_890_123_456_789


@dataclass(frozen=True, slots=True)
class Habits:
    """What was seen.

    ``masked``: files get fewer permissions than asked for. ``folds``: case does not count. ``exact``: what
    permissions and times are set to is kept, to the bit and the nanosecond.
    """

    masked: bool
    folds: bool
    exact: bool


def observe(directory: int) -> Habits:
    """Try it out in the open ``directory``, which is empty."""
    fd = newfiles.create(directory, b".mode", _ALL, masked=False)
    try:
        masked = os.fstat(fd).st_mode & _MODES != _MODES
        folds = _exists(b".MODE", directory)
        os.fchmod(fd, _SOME)
        os.utime(fd, ns=(_TIME, _TIME))
        status = os.fstat(fd)
    finally:
        os.close(fd)
        os.unlink(b".mode", dir_fd=directory)
    exact = (stat.S_IMODE(status.st_mode), status.st_mtime_ns) == (_SOME, _TIME)
    return Habits(masked=masked, folds=folds, exact=exact)


def _exists(name: bytes, directory: int) -> bool:
    try:
        os.lstat(name, dir_fd=directory)
    except FileNotFoundError:
        return False
    return True
