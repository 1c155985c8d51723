"""Versions: how the text of a version is read, and how versions are ordered.

The rules are hermit's (manifest/version.go), its oddities included, because they decide what "newest" means.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

_VERSION = re.compile(r"([^-+a-zA-Z]+)(?:-?([a-zA-Z][^+]*))?(?:\+([^\n]+))?")
_SEPARATOR = re.compile(r"[._]")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_INT64 = 1 << 63


@dataclass(frozen=True, slots=True)
class Version:
    """A version: its ``text`` as written, and the parts that order it.

    ``numbers`` repeats ``components`` where every one of them is an integer, and is None otherwise.
    """

    text: str
    main: str
    components: tuple[str, ...]
    prerelease: tuple[str, ...]
    metadata: str
    numbers: tuple[int, ...] | None

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read ``main[-prerelease][+metadata]``; any text is a version (what does not fit is all ``main``).

        ``1.14rc2`` has the prerelease rc2; ``11.0.10_9`` the components 11, 0, 10, 9; ``r12`` is one part.
        """
        match = _VERSION.fullmatch(text)
        main, prerelease, metadata = match.groups() if match else (text, None, None)
        components = _split(main)
        return cls(text, main, components, _split(prerelease or ""), metadata or "", _integers(components))

    def __str__(self) -> str:
        return self.text

    def clean(self) -> Version:
        """Return the version without prerelease and metadata."""
        return Version(self.main, self.main, self.components, (), "", self.numbers)

    def major(self) -> Version:
        """Return the first component, with this version's prerelease and metadata."""
        return self._shortened(1)

    def major_minor(self) -> Version:
        """Return the first two components, with this version's prerelease and metadata."""
        return self._shortened(2)

    def _shortened(self, count: int) -> Version:
        text = ".".join(self.components[:count])
        if self.prerelease:
            text += "-" + ".".join(self.prerelease)
        return Version.parse(f"{text}+{self.metadata}" if self.metadata else text)

    def compare(self, other: Version) -> int:
        """Return a negative number, zero or a positive number: how this version stands to ``other``.

        Every prerelease is below every release, whatever the numbers. Metadata does not count, so versions
        that differ may compare as zero. Where integers meet other text in one position the order need not
        be transitive, as in hermit (2 < 10 < 1a < 2).
        """
        if bool(self.prerelease) != bool(other.prerelease):
            return -1 if self.prerelease else 1
        if self.numbers is not None and other.numbers is not None:
            order = (self.numbers > other.numbers) - (self.numbers < other.numbers)
        else:
            order = _compare_parts(self.components, other.components)
        return order or _compare_parts(self.prerelease, other.prerelease)

    def covers(self, other: Version) -> bool:
        """Whether ``other`` is this version or a more specific one: 1.2 covers 1.2.3, not 1.20."""
        return (
            other.components[: len(self.components)] == self.components
            and other.prerelease[: len(self.prerelease)] == self.prerelease
            and self.metadata in ("", other.metadata)
        )


def sort(versions: Iterable[Version]) -> list[Version]:
    """Return ``versions`` oldest first; those that compare as equal keep their order."""
    return sorted(versions, key=functools.cmp_to_key(Version.compare))


def highest(versions: Iterable[Version]) -> Version | None:
    """Return the greatest version, the first of equals; None of nothing."""
    best: Version | None = None
    for version in versions:
        if best is None or best.compare(version) < 0:
            best = version
    return best


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in _SEPARATOR.split(text) if part)


def _integers(parts: tuple[str, ...]) -> tuple[int, ...] | None:
    numbers = tuple(number for part in parts if (number := _integer(part)) is not None)
    return numbers if len(numbers) == len(parts) else None


def _integer(text: str) -> int | None:
    """Read a signed 64-bit integer; None for other text, as beyond 64 bits, where text is compared."""
    if len(text) > 20 or not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -_INT64 <= number < _INT64 else None


def _compare_parts(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    for a, b in zip(left, right, strict=False):
        if order := _compare_part(a, b):
            return order
    return len(left) - len(right)


def _compare_part(left: str, right: str) -> int:
    a, b = _integer(left), _integer(right)
    if a is None or b is None:
        return (left > right) - (left < right)
    return (a > b) - (a < b)
