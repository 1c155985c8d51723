"""What a search looks at: a manifest in short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Summary:
    """A manifest in short; ``error`` says what is wrong with a broken one, which has nothing else.

    ``binaries`` are names of tools, those excepted that depend on variables or on what is in the archive.
    ``versions`` are sorted, oldest first; ``channels`` are the declared ones, then those made of versions.
    ``platforms`` are those that any version or channel has a source and a tool for.
    """

    description: str = ""
    homepage: str = ""
    repository: str = ""
    binaries: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    error: str = ""

    def encode(self) -> list[Any]:
        """Return plain values, as JSON gives them back."""
        values = (getattr(self, each.name) for each in fields(self))
        return [list(value) if isinstance(value, tuple) else value for value in values]

    @classmethod
    def decode(cls, values: Sequence[Any]) -> Summary:
        """Return what :meth:`encode` returned plain values of."""
        description, homepage, repository, binaries, provides, versions, channels, platforms, error = values
        return cls(
            description,
            homepage,
            repository,
            tuple(binaries),
            tuple(provides),
            tuple(versions),
            tuple(channels),
            tuple(platforms),
            error,
        )
