"""Paired measurement: rounds in which every command runs once, in an order that changes from round to round.

What the machine does meanwhile meets all commands of a round alike, so it cancels in the round's ratios
and differences, of which the medians are reported.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """An executable with its arguments and the whole of its environment."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]

    def seconds(self) -> float:
        """Run once, output thrown away, and return the wall time; raise RuntimeError if it fails."""
        null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (1, 2)]
        start = time.perf_counter()
        pid = os.posix_spawn(self.argv[0], self.argv, self.environ, file_actions=null)
        _, status = os.waitpid(pid, 0)
        spent = time.perf_counter() - start
        if status:
            raise RuntimeError(f"{' '.join(self.argv)} ended with status {os.waitstatus_to_exitcode(status)}")
        return spent


@dataclass(frozen=True, slots=True)
class Rounds:
    """Seconds by command, one value a round each."""

    seconds: Mapping[str, Sequence[float]]

    def milliseconds(self, name: str) -> float:
        """Return the median time of a command."""
        return 1000 * statistics.median(self.seconds[name])

    def ratio(self, name: str, base: str) -> float:
        """Return the median of a command's time over that of ``base`` in the same round."""
        pairs = zip(self.seconds[name], self.seconds[base], strict=True)
        return statistics.median(one / other for one, other in pairs)

    def difference(self, name: str, base: str) -> float:
        """Return the median of a command's time less that of ``base`` in the same round, in ms."""
        pairs = zip(self.seconds[name], self.seconds[base], strict=True)
        return 1000 * statistics.median(one - other for one, other in pairs)


def run_rounds(commands: Mapping[str, Command], limit: float, *, warm: int = 10, most: int = 2000) -> Rounds:
    """Run rounds for ``limit`` seconds, ``most`` at the most, after ``warm`` that do not count."""
    order = list(commands)
    shuffle = random.Random(0).shuffle
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    end = time.monotonic() + limit
    for number in range(-warm, most):
        if time.monotonic() > end:
            break
        shuffle(order)
        for name in order:
            spent = commands[name].seconds()
            if number >= 0:
                seconds[name].append(spent)
    return Rounds(seconds)
