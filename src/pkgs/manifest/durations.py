"""Durations as Go writes them: ``24h``, ``5h30m``, ``1.5s``."""

from __future__ import annotations

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE = re.compile(rf"[-+]?(?:0|(?:{_PART.pattern})+)")
_LONGEST = 64
# Go's are at most as many nanoseconds as an int64 holds, and so are Python's waits.
_MOST = 290 * 365 * 86400.0


def seconds(text: str) -> float:
    """Return a duration in seconds; raise :class:`ValueError` if it is none; there are no days."""
    if len(text) > _LONGEST or not _WHOLE.fullmatch(text):
        raise ValueError(f'invalid duration "{text[:_LONGEST]}": write one like 24h or 5h30m')
    total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if total > _MOST:
        raise ValueError(f'invalid duration "{text}": it is longer than 290 years')
    return -total if text.startswith("-") else total
