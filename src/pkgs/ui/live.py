"""The live progress display on a terminal: bytes, rate and time left of all downloads at once.

Home of rich, together with :mod:`pkgs.ui.tables`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from pkgs.errors import printable
from pkgs.progress import Level, Task


class LiveReporter:
    """Shows one bar a task while any task runs; writes messages from ``level`` on above the bars."""

    def __init__(self, console: Console, level: Level) -> None:
        self._console = console
        self._level = level
        self._lock = Lock()
        self._running = 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Task]:
        """Show a bar for ``label`` while the body runs."""
        with _Shown(self):
            bar = self._progress.add_task(label, total=total)
            try:
                yield _Bar(self._progress, bar)
            finally:
                self._progress.remove_task(bar)

    def trace(self, message: str) -> None:
        """Write the smallest steps, if asked to."""
        self._tell(Level.TRACE, f"trace: {message}", "dim")

    def debug(self, message: str) -> None:
        """Write what is done, if asked to."""
        self._tell(Level.DEBUG, f"debug: {message}", "dim")

    def info(self, message: str) -> None:
        """Write ``message`` above the bars."""
        self._tell(Level.INFO, message)

    def warn(self, message: str) -> None:
        """Write ``message`` above the bars, as a warning."""
        self._tell(Level.WARN, f"warning: {message}", "yellow")

    def _tell(self, level: Level, message: str, style: str | None = None) -> None:
        if level >= self._level:
            self._console.print(printable(message), style=style, markup=False, highlight=False)

    def enter(self) -> None:
        """Count one more running task, starting the display with the first."""
        with self._lock:
            self._running += 1
            if self._running == 1:
                self._progress.start()

    def leave(self) -> None:
        """Count one task less, ending the display with the last."""
        with self._lock:
            self._running -= 1
            if self._running == 0:
                self._progress.stop()


class _Shown:
    def __init__(self, reporter: LiveReporter) -> None:
        self._reporter = reporter

    def __enter__(self) -> None:
        self._reporter.enter()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reporter.leave()


class _Bar:
    def __init__(self, progress: Progress, bar: TaskID) -> None:
        self._progress = progress
        self._bar = bar

    def total(self, size: int | None) -> None:
        self._progress.update(self._bar, total=size)

    def advance(self, size: int) -> None:
        self._progress.advance(self._bar, size)

    def restart(self, done: int) -> None:
        self._progress.reset(self._bar, completed=done)


def live_reporter(stream: TextIO, level: Level) -> LiveReporter:
    """Return a reporter for a terminal; NO_COLOR is respected by rich itself."""
    return LiveReporter(Console(file=stream), level)
