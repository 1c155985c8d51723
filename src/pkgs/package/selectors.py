"""Selectors: which of a manifest's versions and channels is meant.

What a user types is a :class:`GlobSelector`; links and dependencies name a reference exactly; an upgrade
follows a prefix.
The rules are hermit's (manifest/package_selector.go).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

from pkgs.globs import Glob
from pkgs.references import Reference
from pkgs.versions import Version

# The first "-" before a digit or one of *[]{} starts a version, unless an "@" comes before it.
_QUALIFIER = re.compile(r"-(?=[0-9*\[\]{}])|@")


class Selector(Protocol):
    """What every kind of selector answers."""

    def __hash__(self) -> int:
        """Return what answers are remembered by."""

    @property
    def name(self) -> str:
        """The package's name."""

    @property
    def text(self) -> str:
        """The selector as it was written."""

    @property
    def qualified(self) -> bool:
        """Whether a version or a channel is asked for; if not, a manifest's ``default`` applies."""

    def takes_version(self, version: Version) -> bool:
        """Whether this version is meant."""

    def takes_channel(self, channel: str) -> bool:
        """Whether this channel is meant."""


@dataclass(frozen=True, slots=True)
class GlobSelector:
    """What a user types: ``name``, ``name-VERSION``, ``name-GLOB`` or ``name@CHANNEL``.

    ``glob`` and ``channel`` are None and "" where nothing is asked for. A version without glob characters
    means exactly that version: ``jq-1.7`` is not ``jq-1.7.1``.
    """

    text: str
    name: str
    glob: Glob | None = None
    channel: str = ""

    @classmethod
    def parse(cls, text: str) -> GlobSelector:
        """Read a selector; raise :class:`UsageError` for a version that is not a glob."""
        found = _QUALIFIER.search(text)
        if not found:
            return cls(text, text)
        name, rest = text[: found.start()], text[found.end() :]
        if found.group() == "@":
            return cls(text, name, channel=rest)
        return cls(text, name, Glob.compile(rest))

    @property
    def qualified(self) -> bool:
        """Whether a version or a channel was typed."""
        return self.glob is not None or self.channel != ""

    def takes_version(self, version: Version) -> bool:
        """Whether the glob matches the version's text."""
        return not self.channel and (self.glob is None or self.glob.matches(version.text))

    def takes_channel(self, channel: str) -> bool:
        """Whether ``channel`` is the one typed; a glob is tried on its empty version, so ``*`` takes all."""
        if self.channel:
            return channel == self.channel
        return self.glob is None or self.glob.matches("")


@dataclass(frozen=True, slots=True)
class ExactSelector:
    """One reference and nothing else, as links in ``bin/`` and runtime dependencies name it."""

    reference: Reference
    qualified: bool = field(default=True, init=False)

    @property
    def name(self) -> str:
        """The package's name."""
        return self.reference.name

    @property
    def text(self) -> str:
        """The reference as text."""
        return str(self.reference)

    def takes_version(self, version: Version) -> bool:
        """Whether the text is the same."""
        return not self.reference.channel and version.text == self.reference.version

    def takes_channel(self, channel: str) -> bool:
        """Whether the channel is the same."""
        return channel == self.reference.channel


@dataclass(frozen=True, slots=True)
class NameSelector:
    """Any version or channel of a package."""

    name: str
    qualified: bool = field(default=False, init=False)

    @property
    def text(self) -> str:
        """The name."""
        return self.name

    def takes_version(self, version: Version) -> bool:  # noqa: ARG002
        """Every version is taken."""
        return True

    def takes_channel(self, channel: str) -> bool:  # noqa: ARG002
        """Every channel is taken."""
        return True


@dataclass(frozen=True, slots=True)
class PrefixSelector:
    """A reference or one more specific: ``go-1.20`` takes 1.20.3 (what an upgrade follows)."""

    reference: Reference
    qualified: bool = field(default=True, init=False)

    @property
    def name(self) -> str:
        """The package's name."""
        return self.reference.name

    @property
    def text(self) -> str:
        """The reference as text."""
        return str(self.reference)

    def takes_version(self, version: Version) -> bool:
        """Whether the version's first parts are the reference's."""
        return not self.reference.channel and Version.parse(self.reference.version).covers(version)

    def takes_channel(self, channel: str) -> bool:
        """Whether the channel is the same."""
        return channel == self.reference.channel
