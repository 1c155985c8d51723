"""How long work tells of itself, without knowing who listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import IntEnum
from typing import Protocol


class Level(IntEnum):
    """How much is told; a level also tells what is graver (hermit's levels, ui/logger.go)."""

    TRACE = 0
    DEBUG = 1
    INFO = 2
    WARN = 3
    ERROR = 4
    FATAL = 5


class Task(Protocol):
    """One piece of work under way, measured in bytes."""

    def total(self, size: int | None) -> None:
        """Say how many bytes there will be, once that is known."""

    def advance(self, size: int) -> None:
        """Say that ``size`` more bytes are done."""

    def restart(self, done: int) -> None:
        """Say that the work begins anew with ``done`` bytes already there."""


class Reporter(Protocol):
    """Where work reports: a terminal, a log, or nowhere. May be called from several threads."""

    def task(self, label: str, total: int | None = None) -> AbstractContextManager[Task]:
        """Return a context manager that shows ``label`` while its body runs and yields the task."""

    def trace(self, message: str) -> None:
        """Tell whoever looks for a fault the smallest steps."""

    def debug(self, message: str) -> None:
        """Tell whoever looks for a fault what is done, and to which file or URL."""

    def info(self, message: str) -> None:
        """Tell the user something that went as it should."""

    def warn(self, message: str) -> None:
        """Tell the user something that may need attention."""


class SilentTask:
    """A task nobody watches."""

    def total(self, size: int | None) -> None:
        """Ignore the size."""

    def advance(self, size: int) -> None:
        """Ignore the step."""

    def restart(self, done: int) -> None:
        """Ignore the restart."""


class SilentReporter:
    """A reporter that keeps everything to itself."""

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Task]:  # noqa: ARG002
        """Yield a task nobody watches."""
        yield SilentTask()

    def trace(self, message: str) -> None:
        """Ignore the message."""

    def debug(self, message: str) -> None:
        """Ignore the message."""

    def info(self, message: str) -> None:
        """Ignore the message."""

    def warn(self, message: str) -> None:
        """Ignore the message."""
