"""Plain lines on standard error, for pipes, logs and CI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import TextIO

from pkgs.errors import printable
from pkgs.progress import Level, SilentTask, Task


@dataclass(frozen=True, slots=True)
class PlainReporter:
    """Writes one line when a piece of work begins, and no message below ``level``."""

    stream: TextIO
    _lock: Lock
    level: Level = Level.INFO

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Task]:
        """Say what is being done, and how much of it."""
        self.info(f"{label} ({megabytes(total)})" if total else label)
        yield SilentTask()

    def trace(self, message: str) -> None:
        """Write the smallest steps, if asked to."""
        self._tell(Level.TRACE, f"trace: {message}")

    def debug(self, message: str) -> None:
        """Write what is done, if asked to."""
        self._tell(Level.DEBUG, f"debug: {message}")

    def info(self, message: str) -> None:
        """Write ``message``."""
        self._tell(Level.INFO, message)

    def warn(self, message: str) -> None:
        """Write ``message`` as a warning."""
        self._tell(Level.WARN, f"warning: {message}")

    def _tell(self, level: Level, message: str) -> None:
        if level < self.level:
            return
        with self._lock, suppress(OSError):  # the work goes on when nobody can hear of it
            self.stream.write(f"pkgs: {printable(message)}\n")
            self.stream.flush()


def megabytes(size: int) -> str:
    """Return a size in bytes as people read it."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size} bytes"
