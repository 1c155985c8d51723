"""References: how a pinned package is named, ``go-1.21.0`` or ``go@stable``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pkgs.errors import UsageError

_VERSION_START = re.compile(r"-(?=[0-9])")


@dataclass(frozen=True, slots=True)
class Reference:
    """A package name with either a version or a channel; both empty for a bare name."""

    name: str
    version: str = ""
    channel: str = ""

    def __str__(self) -> str:
        if self.channel:
            return f"{self.name}@{self.channel}"
        return f"{self.name}-{self.version}" if self.version else self.name

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference as links in ``bin/`` carry it (hermit, manifest/version.go:198-226).

        The first ``@`` starts a channel; otherwise the first ``-`` followed by a digit starts the version.
        Raises :class:`UsageError` for an empty name, version or channel.
        """
        name, at, channel = text.partition("@")
        if at:
            return cls._checked(text, cls(name, channel=channel))
        split = _VERSION_START.split(text, maxsplit=1)
        return cls._checked(text, cls(*split))

    @classmethod
    def _checked(cls, text: str, reference: Reference) -> Reference:
        if not reference.name or text.endswith(("-", "@")) or "/" in text:
            raise UsageError(f"{text!r} is not a package reference", "write NAME-VERSION or NAME@CHANNEL")
        return reference
