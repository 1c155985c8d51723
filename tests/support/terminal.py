"""A shell at a terminal: what is typed goes through a pty, so prompts and their hooks are real."""

from __future__ import annotations

import os
import pty
import select
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE = 20.0


class Terminal:
    """A program on a pty; use it as a context manager."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], cwd: Path) -> None:
        self._count = 0
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
        """Type ``line``, and return everything shown until it and the next prompt's hooks were done."""
        self._count += 1
        start = len(self.seen)
        self.type(line)
        # Typed apart, so that the prompt's hooks run in between; spelled so that the echo is not the mark.
        self.type(f"printf '<%s>\\n' {self._count}")
        return self.wait_for(f"<{self._count}>", start)

    def wait_for(self, text: str, start: int = 0) -> str:
        deadline = time.monotonic() + _PATIENCE
        while text not in self.seen[start:]:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._fd], [], [], max(left, 0))
            if not ready:
                raise AssertionError(f"{text!r} was not shown; this was: {self.seen[start:]!r}")
            self.seen += os.read(self._fd, 65536).decode(errors="replace")
        return self.seen[start:]
