"""A shell at a terminal: what is typed goes through a pty, so prompts and their hooks are real."""

from __future__ import annotations

import os
import pty
import select
import signal
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE = 60.0
# Nothing is shown when a prompt is ready, so the terminal's mode is asked so often (seconds).
_POLL = 0.005
_PROBE, _KILL_LINE = "¤", b"\x15"


class Terminal:
    """A program on a pty; use it as a context manager."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], cwd: Path) -> None:
        self._count = 0
        self._shell = next((each for each in ("bash", "zsh", "fish") if each in command), "")
        self.seen = ""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(command[0], list(command), dict(environ))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)

    def type(self, line: str) -> None:
        os.write(self._fd, line.encode() + b"\n")

    def run(self, line: str) -> str:
        """Type ``line``, and return everything shown until it and the next prompts' hooks were done."""
        self._count += 1
        self._wait_for_prompt()
        start = len(self.seen)
        self.type(line)
        # Typed apart, so that the prompt's hooks run in between; spelled so that the echo is not the mark.
        self.type(f"printf '<%s>\\n' {self._count}")
        shown = self.wait_for(f"<{self._count}>", start)
        self._wait_for_prompt()
        return shown

    def wait_for(self, text: str, start: int = 0) -> str:
        deadline = time.monotonic() + _PATIENCE
        while text not in self.seen[start:]:
            if not self._read(max(deadline - time.monotonic(), 0)):
                raise AssertionError(f"{text!r} was not shown; this was: {self.seen[start:]!r}")
        return self.seen[start:]

    def _wait_for_prompt(self) -> None:
        """Wait until the shell edits a line, which it does when all hooks are done.

        A shell that edits no lines has no hooks either.
        """
        deadline = time.monotonic() + _PATIENCE
        while self._shell and termios.tcgetattr(self._fd)[3] & termios.ICANON:
            if time.monotonic() > deadline:
                raise AssertionError(f"there was no prompt; this was shown: {self.seen!r}")
            self._read(_POLL)
        if self._shell == "fish":
            # It takes the terminal over before its hooks run, and shows what is typed after them.
            start = len(self.seen)
            os.write(self._fd, _PROBE.encode())
            self.wait_for(_PROBE, start)
            os.write(self._fd, _KILL_LINE)

    def _read(self, seconds: float) -> bool:
        """Read what is shown within so many seconds; tell whether anything was."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if ready:
            self.seen += os.read(self._fd, 65536).decode(errors="replace")
        return bool(ready)
