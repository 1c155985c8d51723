"""The members of one archive: how many there are, and where each goes."""

from __future__ import annotations

from pkgs.store.unpack.limits import Budget
from pkgs.store.unpack.names import place, top

_REMEMBERED = 10


class Members:
    """Counts members, and takes ``strip`` leading parts off their names.

    ``tops`` are what the first names of which nothing was left begin with, for messages.
    """

    def __init__(self, strip: int, budget: Budget) -> None:
        self.strip = strip
        self.tops: set[bytes] = set()
        self._budget = budget

    def count(self) -> None:
        """Count a member, or a header of its own that tells of the next one."""
        self._budget.member()

    def place(self, name: bytes) -> bytes | None:
        """Count the member ``name``; return its path below the destination, None if nothing is left of it."""
        self._budget.member(len(name))
        path = place(name, self.strip)
        if not path and len(self.tops) < _REMEMBERED:
            self.tops.add(top(name))
        return path
