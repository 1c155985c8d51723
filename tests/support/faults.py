"""Commands under fault: killed with everything they started, or on a filesystem that fails.

The filesystem is the real one behind a small library (faulty.c) that is preloaded into each process: it
counts the calls on files below one directory, and fails or kills at a chosen one. It needs Linux and a C
compiler. Or it is a mounted one (fusefs.py), whose faults the kernel reports: also of what no library sees,
such as looking at names, listing directories and closing files.
"""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.mounts import Orders

SOURCE = Path(__file__).with_name("faulty.c")
TIMEOUT = 60
KILL = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: ``status`` is negative if by a signal; ``calls`` counts those on watched files."""

    status: int
    out: str
    err: str
    seconds: float
    calls: int = 0


class Faults(Protocol):
    """What makes calls on files fail."""

    def run(
        self,
        words: Sequence[str | Path],
        environ: Mapping[str, str],
        cwd: Path,
        *,
        at: int = -1,
        error: int = KILL,
        times: int = 1,
    ) -> Ended:
        """Run a command that is killed, or whose ``times`` calls fail with ``error``, from call ``at`` on."""


@dataclass(frozen=True, slots=True)
class FaultyDisk:
    """The faults of a filesystem made for it; it kills nobody.

    What starts a command must not be on it, or starting would fail.
    """

    orders: Orders

    def run(
        self,
        words: Sequence[str | Path],
        environ: Mapping[str, str],
        cwd: Path,
        *,
        at: int = -1,
        error: int = KILL,
        times: int = 1,
    ) -> Ended:
        """Run a command as :class:`Faults` says, on the environment in ``cwd``; ``error`` is an errno."""
        self.orders.give(at, error, times)
        ended = run(words, {**environ, "PKGS_ENV": str(cwd)}, self.orders.file.parent)
        calls = self.orders.calls()
        self.orders.give()
        return replace(ended, calls=calls)


@dataclass(frozen=True, slots=True)
class FaultyCalls:
    """The library, and the file in which it counts; ``root`` is the directory it watches."""

    library: Path
    counter: Path
    root: Path

    @classmethod
    def compiled(cls, into: Path, root: Path) -> FaultyCalls:
        """Compile the library into the directory ``into``; skip the test where that cannot be done."""
        compiler = shutil.which("cc") or shutil.which("gcc")
        if sys.platform != "linux" or not compiler:
            pytest.skip("a faulty filesystem needs Linux and a C compiler")
        library = into / "faulty.so"
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True, timeout=TIMEOUT
        )
        return cls(library, into / "calls", root)

    def run(
        self,
        words: Sequence[str | Path],
        environ: Mapping[str, str],
        cwd: Path,
        *,
        at: int = -1,
        error: int = KILL,
        times: int = 1,
    ) -> Ended:
        """Run a command as :class:`Faults` says."""
        self.counter.write_bytes(bytes(8))
        settings = {
            "LD_PRELOAD": str(self.library), "FAULT_ROOT": str(self.root), "FAULT_COUNT": str(self.counter),
            "FAULT_AT": str(at), "FAULT_DO": str(error), "FAULT_FOR": str(times),
        }  # fmt: skip
        ended = run(words, {**environ, **settings}, cwd)
        (calls,) = struct.unpack("q", self.counter.read_bytes())
        return replace(ended, calls=calls)


def run(
    words: Sequence[str | Path], environ: Mapping[str, str], cwd: Path, *, kill_after: float | None = None
) -> Ended:
    """Run a command in a session of its own; kill all of it after ``kill_after`` seconds."""
    start = time.monotonic()
    with Started(words, environ, cwd) as started:
        if kill_after is not None:
            started.kill(kill_after)
        out, err = started.process.communicate(timeout=TIMEOUT)
    return Ended(started.process.returncode, out, err, time.monotonic() - start)


@dataclass(slots=True)
class Started:
    """A command that runs; it and what it started end with the context."""

    words: Sequence[str | Path]
    environ: Mapping[str, str]
    cwd: Path
    process: subprocess.Popen[str] = field(init=False)

    def __enter__(self) -> Started:
        self.process = subprocess.Popen(
            [str(word) for word in self.words], env=dict(self.environ), cwd=self.cwd,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.process.communicate(timeout=TIMEOUT)

    def kill(self, after: float = 0) -> None:
        """Kill all of it once ``after`` seconds are over, unless the command ends before."""
        try:
            self.process.wait(after)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
