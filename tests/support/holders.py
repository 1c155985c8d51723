"""Processes that hold a lock until they are ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.stores import SOURCES

_HOLDER = """
import sys, time
from pathlib import Path
from pkgs.store.locks import Locks
with Locks(Path(sys.argv[1]), soft={"soft": True, "hard": False}.get(sys.argv[2])).hold(
    "x", what="holding", waiting=print
):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(directory: Path, kind: str = "", *, within: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """Hold the lock ``x`` in another process, which is killed in the end and waited for.

    ``kind`` is ``soft`` or ``hard``, or as the filesystem has it; ``within`` is a command that runs it.
    """
    environ = {**os.environ, "PYTHONPATH": SOURCES}
    words = [*within, sys.executable, "-c", _HOLDER, str(directory), kind]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def left_by_a_dead_holder(directory: Path, kind: str = "") -> None:
    """Let a process hold the lock ``x`` and be killed."""
    with holder(directory, kind):
        pass
