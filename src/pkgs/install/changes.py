"""What a transaction changes, or would change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pkgs.environment.pins import Pin
from pkgs.references import Reference


@dataclass(frozen=True, slots=True)
class Move:
    """A channel that comes to stand elsewhere: at another version, or at other bytes of none."""

    reference: Reference
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.reference}: {self.before or 'unknown'} → {self.after}"


@dataclass(frozen=True, slots=True)
class Changes:
    """References that are pinned, that are removed, and channels that move."""

    added: tuple[Reference, ...] = ()
    removed: tuple[Reference, ...] = ()
    moved: tuple[Move, ...] = ()

    @classmethod
    def between(cls, before: Iterable[Pin], after: Iterable[Pin], moved: Iterable[Move] = ()) -> Changes:
        """Return the difference of two sets of pins."""
        were, are = {pin.reference for pin in before}, {pin.reference for pin in after}
        return cls(tuple(sorted(are - were, key=str)), tuple(sorted(were - are, key=str)), tuple(moved))

    def document(self) -> Mapping[str, object]:
        """Return it as plain values for JSON."""
        return {
            "added": list(map(str, self.added)),
            "removed": list(map(str, self.removed)),
            "moved": [
                {"reference": str(each.reference), "from": each.before, "to": each.after}
                for each in self.moved
            ],
        }

    def lines(self) -> Iterator[str]:
        """Yield one line a change, as ``--dry-run`` prints them."""
        yield from (f"- {reference}" for reference in self.removed)
        yield from (f"+ {reference}" for reference in self.added)
        yield from (f"~ {move}" for move in self.moved)

    def told(self) -> Iterator[str]:
        """Yield one sentence a change, once it is made."""
        yield from (f"removed {reference}" for reference in self.removed)
        yield from (f"pinned {reference}" for reference in self.added)
        yield from (f"moved {move}" for move in self.moved)
