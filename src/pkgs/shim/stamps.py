"""Stamps: how a shell sees that a file is no longer as it was when it was read.

A stamp is an empty file with exactly the modification time that the watched file had. ``[ a -nt b ]`` and
``[ a -ot b ]``, both false, say that the times are still equal; any other time, earlier too, is a change.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pkgs.shim.shells import POSIX, quote
from pkgs.store.files import clean_on_failure, temp_sibling

_SECOND = 1_000_000_000
# Longer than a tick of any kernel's clock (10 ms at 100 Hz): two changes further apart differ in time.
_TICK = _SECOND // 50
_PATIENCE = 3 * _SECOND
# The time of a file that would not keep still: none ever has it, so nothing made from the file stands.
_NEVER = -1
_TICKS = {"tick-1": 1, "tick-2": 2}


@dataclass(frozen=True, slots=True)
class Watched:
    """A file as it was before it was read: its modification time in ns since the epoch, None if absent.

    ``recent`` says that a change may still follow within the same second, which some shells cannot see.
    """

    path: Path
    mtime_ns: int | None
    recent: bool = False


def observe(
    paths: Iterable[Path],
    *,
    clock: Callable[[], int] = time.time_ns,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Watched, ...]:
    """Look at files that are about to be read; to be called *before* reading them.

    Waits out the tick of the clock in which a file was changed just now, since a second change in that
    tick would leave the same time (git's racy index has the same trouble): 20 ms at most, or a second on
    file systems that keep whole seconds.
    """
    files = tuple(dict.fromkeys(path.absolute() for path in paths))
    start = clock()
    while True:
        times = {file: _time_of(file) for file in files}
        now = clock()
        wait = max((_unsettled(changed, now) for changed in times.values()), default=0)
        if wait <= 0 or now - start > _PATIENCE:
            return tuple(_watched(file, changed, now) for file, changed in times.items())
        sleep(wait / _SECOND)


def _time_of(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _unsettled(changed: int | None, now: int) -> int:
    """Return how long (ns) a change in the same tick as ``changed`` is still possible."""
    if changed is None or changed > now:
        return 0
    return changed + (_TICK if changed % _SECOND else _SECOND + _TICK) - now


def _watched(file: Path, changed: int | None, now: int) -> Watched:
    if _unsettled(changed, now) > 0:
        return Watched(file, _NEVER)
    return Watched(file, changed, changed is not None and 0 <= now - changed < _SECOND + _TICK)


def share_stamps(directory: Path, watched: Iterable[Watched]) -> bool:
    """Write the stamps of the watched files that exist, and remove outdated ones of the same files.

    A stamp's name tells its file and time, so that writers at work together cannot mix theirs up.
    Returns False if the file system of ``directory`` cannot hold such times; raises OSError if it cannot be
    written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    wanted = {_name(each): each.mtime_ns for each in watched if each.mtime_ns is not None}
    # Whoever copies the state directory may have lost the times that the names tell.
    present = {path.name: _time_of(path) for path in directory.iterdir()}
    missing = {**wanted, **_TICKS}.items() - present.items()
    exact = all(write_with_time(directory / name, b"", changed) for name, changed in missing)
    keys = {_key(each) for each in watched}
    for name in present.keys() - wanted.keys():
        if name.partition("-")[0] in keys:
            (directory / name).unlink(missing_ok=True)
    return exact


def conditions(watched: Iterable[Watched], directory: str, shell: str = POSIX) -> list[str]:
    """Return conditions of the dialect ``shell``, all true just as long as every file is as it was.

    ``directory`` is a shell word for where :func:`share_stamps` wrote. That a stamp is there is tested last,
    for one that a writer removes meanwhile was outdated.
    """
    watched = tuple(watched)
    tests = [test for each in watched for test in _tests(each, directory, shell)]
    if any(each.recent for each in watched):
        # True in shells that compare nanoseconds; the others must not rely on times of this very second.
        tests.append(f"[ {directory}/tick-2 -nt {directory}/tick-1 ]")
    return tests


def _tests(watched: Watched, directory: str, shell: str) -> Iterator[str]:
    file = quote(str(watched.path), shell)
    if watched.mtime_ns is None:
        yield f"[ ! -e {file} ]"
        return
    stamp = f"{directory}/{_name(watched)}"
    # A missing file is neither newer nor older in some shells, and both in others.
    yield f"[ -e {file} ]"
    yield f"[ ! {file} -nt {stamp} ]"
    yield f"[ ! {file} -ot {stamp} ]"
    yield f"[ -e {stamp} ]"


def _name(watched: Watched) -> str:
    return f"{_key(watched)}-{watched.mtime_ns}"


def _key(watched: Watched) -> str:
    return hashlib.sha256(os.fsencode(watched.path)).hexdigest()[:16]


def write_with_time(path: Path, content: bytes, mtime_ns: int) -> bool:
    """Write a file that nobody ever sees without its modification time, readable by its owner alone.

    Returns False if the file system keeps only a part of that time; raises OSError as writing does.
    """
    temporary = temp_sibling(path)
    with clean_on_failure(temporary):
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.utime(temporary, ns=(mtime_ns, mtime_ns))
        exact = temporary.stat().st_mtime_ns == mtime_ns
        temporary.replace(path)
    return exact
