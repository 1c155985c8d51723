"""Processes that are killed while they work: by SIGKILL, just before a chosen change of the filesystem."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

_CHANGES = frozenset(
    {
        "open",
        "os.rename",
        "os.remove",
        "os.mkdir",
        "os.rmdir",
        "os.chmod",
        "os.utime",
        "os.symlink",
        "os.link",
    }
)
_FAILED = 9


def count_changes(work: Callable[[], object], root: Path) -> int:
    """Run ``work`` to its end in a child process; return how many changes it makes below ``root``."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        counted = [0]

        def count(event: str, arguments: object) -> None:
            counted[0] += _changes(event, arguments, root)

        _in_child(work, count, lambda: os.write(writer, str(counted[0]).encode()))
    os.close(writer)
    with os.fdopen(reader) as file:
        text = file.read()
    _, status = os.waitpid(child, 0)
    assert status == 0, "the work failed by itself"
    return int(text)


def run_and_kill(work: Callable[[], object], root: Path, before: int) -> bool:
    """Run ``work`` in a child process that dies just before change ``before`` below ``root``, counted from 0.

    Return whether it came so far.
    """
    child = os.fork()
    if child == 0:
        left = [before]

        def maybe_die(event: str, arguments: object) -> None:
            if _changes(event, arguments, root):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        _in_child(work, maybe_die, lambda: None)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), "the work failed by itself"
    return status != 0


def _changes(event: str, arguments: object, root: Path) -> bool:
    """Say whether an audit event is a change below ``root``; opening a file for reading counts too."""
    if event not in _CHANGES or not isinstance(arguments, tuple):
        return False
    return any(os.fspath(part).startswith(str(root)) for part in arguments if isinstance(part, str | Path))


def _in_child(
    work: Callable[[], object], hook: Callable[[str, object], None], end: Callable[[], object]
) -> None:
    try:
        sys.addaudithook(hook)
        work()
        end()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(_FAILED)
