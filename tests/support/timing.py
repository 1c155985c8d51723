"""How much something costs, on a machine that may be slow and that others use too."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_TRIES = 3


def assert_cheap(work: Callable[[], object], times: float) -> None:
    """Fail if ``work`` takes more than ``times`` the CPU time of ordinary work, in each of three tries.

    What is ordinary is measured anew right before each try, so a slow or loaded machine slows both. A try is
    cut off at its bound: work that grows exponentially has no other end.
    """
    for _ in range(_TRIES):
        bound = times * _seconds(_ordinary_work)
        with _cut_off(bound):
            if _seconds(work) < bound:
                return
    raise AssertionError(f"it takes more than {times} times as long as some ordinary work")


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _ordinary_work() -> None:
    """Match, count and sort some words: about 30 ms."""
    text = "\n".join(f"word{number} = {number * 7919 % 40009}" for number in range(40_000))
    found = {match[1]: int(match[2]) for match in re.finditer(r"(\w+) = (\d+)", text)}
    sorted(found, key=found.__getitem__)


class _CutOff(BaseException):
    """Not an Exception: those may be caught by what is measured."""


@contextmanager
def _cut_off(seconds: float) -> Iterator[None]:
    """End the body quietly once it has taken so much CPU time."""

    def ring(*_: object) -> None:
        raise _CutOff

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except _CutOff:
        pass
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
