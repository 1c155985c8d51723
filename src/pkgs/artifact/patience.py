"""Patience: how often and after which pauses a thing is tried again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pkgs.artifact.failures import AttemptError, summary
from pkgs.errors import FetchError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """``rounds`` over all origins; before round n+1 a pause of ``base``·2ⁿ⁻¹ seconds, or down to half of it.

    A server may ask for a longer pause, up to ``longest`` seconds; one that asks for more is not tried again.
    What one asks for keeps nobody from trying the others.
    """

    rounds: int = 3
    base: float = 1.0
    longest: float = 60.0
    sleep: Callable[[float], object] = time.sleep
    random: Callable[[], float] = random.random

    def first_success(self, origins: Sequence[str], attempt: Callable[[str], T]) -> T:
        """Return what ``attempt`` returns for the first origin with which it succeeds.

        The first round goes through ``origins`` in order, later ones by which answered fastest, leaving out
        those that would only fail again. Raises the one failure there was, or one error that names them all.
        """
        tries = _Tries(self.sleep)
        pending = list(dict.fromkeys(origins))
        for number in range(self.rounds):
            if number:
                tries.rest(max(self._backoff(number - 1), min(map(tries.early, pending))))
                pending.sort(key=tries.turn)
            for origin in pending:
                tries.rest(tries.early(origin))
                try:
                    return attempt(origin)
                except FetchError as error:
                    tries.failed(origin, error)
            pending = [origin for origin in pending if self._hopeful(tries.failures[origin])]
            if not pending:
                break
        raise summary(tries.failures)

    def _hopeful(self, error: FetchError) -> bool:
        return isinstance(error, AttemptError) and error.again and error.wait <= self.longest

    def _backoff(self, number: int) -> float:
        return self.base * 2.0**number * (0.5 + self.random() / 2)


@dataclass(slots=True)
class _Tries:
    """How each origin failed, and when it may be asked again, counted in seconds of pauses."""

    sleep: Callable[[float], object]
    failures: dict[str, FetchError] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)
    _rested: float = 0.0

    def failed(self, origin: str, error: FetchError) -> None:
        self.failures[origin] = error
        self._due[origin] = self._rested + (error.wait if isinstance(error, AttemptError) else 0.0)

    def early(self, origin: str) -> float:
        """Return how many seconds too early it is to ask ``origin``."""
        return max(self._due.get(origin, 0.0) - self._rested, 0.0)

    def turn(self, origin: str) -> tuple[float, float]:
        """Return what sorts origins: those that may be asked first, by which answered fastest."""
        error = self.failures[origin]
        return self.early(origin), error.latency if isinstance(error, AttemptError) else 0.0

    def rest(self, seconds: float) -> None:
        if seconds > 0:
            self.sleep(seconds)
            self._rested += seconds
