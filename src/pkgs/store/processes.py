"""What Linux tells in ``/proc``: who uses what of a directory, which kernel runs, and since when we do.

A process uses an entry if its program, working directory, an open or a mapped file is inside, or if its
command line names a path inside (an interpreter that has read its script and closed it). Other users'
processes cannot be looked into, and other systems have no such table: there an entry's age alone protects it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

PROC = Path("/proc")
_AFTER_NAME = b") "
_STARTTIME = 19  # field 22 of proc(5), counted from the state, the first one after the name


def used_entries(directory: Path, proc: Path = PROC) -> frozenset[str]:
    """Return the names directly below ``directory`` that a process other than this one uses."""
    spellings = {os.fsencode(directory.absolute()), os.fsencode(directory.resolve())}
    inside = re.compile(b"(?:%b)/([^/\0\n]+)" % b"|".join(map(re.escape, sorted(spellings))))
    found: set[bytes] = set()
    for process in _processes(proc):
        for text in _paths_of(process):
            found.update(inside.findall(text))
    return frozenset(map(os.fsdecode, found))


def _processes(proc: Path) -> Iterator[Path]:
    with suppress(OSError):
        for entry in proc.iterdir():
            if entry.name.isdigit() and entry.name != str(os.getpid()):
                yield entry


def _paths_of(process: Path) -> Iterator[bytes]:
    for link in (process / "exe", process / "cwd", *_open_files(process)):
        with suppress(OSError):
            yield os.fsencode(link.readlink())
    for file in (process / "maps", process / "cmdline"):
        with suppress(OSError):
            yield file.read_bytes()


def _open_files(process: Path) -> list[Path]:
    try:
        return list((process / "fd").iterdir())
    except OSError:
        return []


@cache
def running_kernel() -> str:
    """Return what no other running kernel is called, where there is such a name."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text("utf-8").strip()
    except (OSError, ValueError):
        return os.uname().nodename


def since_boot() -> float:
    """Return seconds since this machine was started: one clock for all its processes, which nobody sets."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def own_start() -> float:
    """Return when this process began, on the same clock; elsewhere than on Linux, now."""
    ticks = started("self")
    return since_boot() if ticks is None else ticks / os.sysconf("SC_CLK_TCK")


def started(process: int | str) -> int | None:
    """Return when a process began, in ticks since boot (proc(5)); 0 if it is a zombie, None if not known.

    ``process`` is its number, or "self".
    """
    try:
        fields = (PROC / str(process) / "stat").read_bytes().rpartition(_AFTER_NAME)[2].split()
        return 0 if fields[0] in (b"Z", b"X") else int(fields[_STARTTIME])
    except (OSError, IndexError, ValueError):
        return None
