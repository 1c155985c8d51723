"""What the commands about shells need of the application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TextIO

from pkgs.environment.root import Environment
from pkgs.state import State


class Process(Protocol):
    """The process: its variables and its streams."""

    @property
    def environ(self) -> Mapping[str, str]:
        """Return the variables that the process was given."""

    @property
    def out(self) -> TextIO:
        """Return the stream for data."""

    @property
    def err(self) -> TextIO:
        """Return the stream for talk."""


class InEnvironment(Process, Protocol):
    """A process that works on an environment."""

    @property
    def environment(self) -> Environment:
        """Return the environment; raises :class:`~pkgs.errors.EnvError` if there is none."""

    @property
    def state(self) -> State:
        """Return the state directory."""
