"""Patience: how often and after which pauses a thing is tried again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pkgs.artifact.failures import AttemptError, summary
from pkgs.errors import FetchError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """``rounds`` over all origins; before round n+1 a pause of ``base``·2ⁿ⁻¹ seconds, or down to half of it.

    A server may ask for a longer pause, up to ``longest`` seconds; one that asks for more is not tried again.
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
        failures: dict[str, FetchError] = {}
        pending = list(dict.fromkeys(origins))
        for number in range(self.rounds):
            if number:
                self._pause(number - 1, [failures[origin] for origin in pending])
            for origin in pending:
                try:
                    return attempt(origin)
                except FetchError as error:
                    failures[origin] = error
            pending = sorted(
                (o for o in pending if self._hopeful(failures[o])), key=lambda o: _latency(failures[o])
            )
            if not pending:
                break
        raise summary(failures)

    def _hopeful(self, error: FetchError) -> bool:
        return isinstance(error, AttemptError) and error.again and error.wait <= self.longest

    def _pause(self, number: int, errors: Sequence[FetchError]) -> None:
        backoff = self.base * 2**number * (0.5 + self.random() / 2)
        asked = min((error.wait for error in errors if isinstance(error, AttemptError)), default=0.0)
        self.sleep(max(backoff, asked))


def _latency(error: FetchError) -> float:
    return error.latency if isinstance(error, AttemptError) else 0.0
