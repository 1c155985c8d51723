"""Names: what somebody probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 100


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name most like ``word``, or None if none is alike."""
    matches = difflib.get_close_matches(word[:_LONGEST], sorted(known), n=1)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean "…"?)`` to put behind a message about ``word``, or nothing."""
    name = nearest(word, known)
    return f' (did you mean "{name}"?)' if name else ""
