"""A reporter that listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pkgs.progress import SilentTask, Task


@dataclass(frozen=True, slots=True)
class Heard:
    """Keeps what it is told."""

    tasks: list[str] = field(default_factory=list)
    infos: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Task]:
        """Note that work began."""
        self.tasks.append(label)
        yield SilentTask()

    def trace(self, message: str) -> None:
        """Ignore what only a hunt for a fault asks for."""

    def debug(self, message: str) -> None:
        """Ignore what only a hunt for a fault asks for."""

    def info(self, message: str) -> None:
        """Note a message."""
        self.infos.append(message)

    def warn(self, message: str) -> None:
        """Note a warning."""
        self.warnings.append(message)
