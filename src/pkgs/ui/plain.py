"""Plain lines on standard error, for pipes, logs and CI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TextIO

from pkgs.progress import SilentTask, Task


@dataclass(frozen=True, slots=True)
class PlainReporter:
    """Writes one line when a piece of work begins. ``quiet`` leaves only warnings."""

    stream: TextIO
    _lock: Lock
    quiet: bool = False

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Task]:
        """Say what is being done, and how much of it."""
        self.info(f"{label} ({megabytes(total)})" if total else label)
        yield SilentTask()

    def info(self, message: str) -> None:
        """Write ``message`` unless quiet."""
        if not self.quiet:
            self._write(message)

    def warn(self, message: str) -> None:
        """Write ``message`` as a warning."""
        self._write(f"warning: {message}")

    def _write(self, message: str) -> None:
        with self._lock:
            self.stream.write(f"pkgs: {message}\n")
            self.stream.flush()


def megabytes(size: int) -> str:
    """Return a size in bytes as people read it."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size} bytes"
