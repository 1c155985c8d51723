"""How much an archive may unpack to, and the account kept while it does.

Nothing an archive's headers claim is believed: bytes are counted as they appear.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from pkgs.errors import ArchiveError


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one archive may unpack to; sizes are bytes.

    ``members`` bounds the directories, too, that are made on the way to members; ``names`` all their names
    and what links point at, since they are kept in memory. ``ratio`` is unpacked bytes per packed byte,
    looked at only beyond ``ratio_floor`` bytes: honest small archives of zeros compress without bound.
    """

    members: int = 1_000_000
    names: int = 256 << 20
    size: int = 64 << 30
    ratio: int = 250
    ratio_floor: int = 256 << 20
    replacements: int = 10_000
    link_steps: int = 20_000_000


class Budget:
    """What one archive has used of its limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._packed = 0
        self._members = 0
        self._directories = 0
        self._named = 0
        self._produced = 0
        self._written = 0
        self._replaced = 0
        self._unquestioned = min(limits.size, limits.ratio_floor)

    def took(self, size: int) -> None:
        """Count ``size`` packed bytes read."""
        self._packed += size

    def taking(self, chunks: Iterable[bytes]) -> Generator[bytes, None, None]:
        """Pass packed bytes on, counted."""
        for chunk in chunks:
            self.took(len(chunk))
            yield chunk

    def produced(self, size: int) -> None:
        """Count ``size`` decompressed bytes."""
        self._produced += size
        if self._produced > self._unquestioned:
            self._check(self._produced)

    def wrote(self, size: int) -> None:
        """Count ``size`` bytes of files, holes included."""
        self._written += size
        if self._written > self._unquestioned:
            self._check(self._written)

    def member(self, name: int = 0) -> None:
        """Count one member, whose name takes so many bytes."""
        self._members += 1
        self._named += name
        if self._members > self.limits.members or self._named > self.limits.names:
            self.claims(self._members)
            self.named(0)

    def claims(self, members: int) -> None:
        """Refuse an archive that says it has more members than are allowed, before the first is read."""
        if members > self.limits.members:
            raise ArchiveError(f"it has more than {self.limits.members:,} members")

    def directory(self, name: int) -> None:
        """Count one directory that was made, whose name takes so many bytes."""
        self._directories += 1
        if self._directories > self.limits.members:
            raise ArchiveError(f"it has more than {self.limits.members:,} directories")
        self.named(name)

    def named(self, size: int) -> None:
        """Count ``size`` bytes of a name."""
        self._named += size
        if self._named > self.limits.names:
            raise ArchiveError(f"its names take more than {self.limits.names:,} bytes")

    def replaced(self) -> None:
        """Count one member that takes the place of an earlier one."""
        self._replaced += 1
        if self._replaced > self.limits.replacements:
            raise ArchiveError(f"more than {self.limits.replacements:,} of its members repeat earlier ones")

    def _check(self, size: int) -> None:
        limits = self.limits
        if size > limits.size:
            raise ArchiveError(f"it unpacks to more than {limits.size:,} bytes")
        if size > limits.ratio_floor and size > self._packed * limits.ratio:
            raise ArchiveError(f"it unpacks to more than {limits.ratio} times its own size")
