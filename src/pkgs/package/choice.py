"""Choosing: which version or channel of a manifest a selector means.

Source of the rules: hermit, manifest/resolver.go:330-420.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from pkgs.errors import ResolveError, UsageError
from pkgs.globs import Glob
from pkgs.manifest.model import Channel, Layer, Manifest, VersionBlock
from pkgs.package.channels import channels_of
from pkgs.package.order import go_sorted
from pkgs.package.selectors import ExactSelector, GlobSelector, Selector
from pkgs.references import Reference
from pkgs.versions import Version, highest

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """What a selector means: a reference, its concrete version, and the blocks that describe it.

    ``bodies`` are the blocks' layers, lowest priority first; the manifest's own layer goes before them.
    ``version`` is "" for a channel that follows no version. ``update_seconds`` is 0 for a version.
    """

    reference: Reference
    version: str
    bodies: tuple[Layer, ...]
    update_seconds: float = 0


class Candidates:
    """A manifest's versions and channels, made ready once for many choices."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.blocks: dict[str, VersionBlock] = {}
        for block in manifest.versions:
            for text in block.versions:
                self.blocks.setdefault(text, block)

    @functools.cached_property
    def versions(self) -> list[Version]:
        """Every listed version in file order; one that is listed twice is there twice, as in hermit."""
        return [Version.parse(text) for block in self.manifest.versions for text in block.versions]

    @functools.cached_property
    def channels(self) -> tuple[Channel, ...]:
        """The declared channels and the ones that follow from the versions."""
        return channels_of(self.manifest, self.versions)

    @functools.cached_property
    def _named(self) -> dict[str, Channel]:
        named: dict[str, Channel] = {}
        for channel in self.channels:
            named.setdefault(channel.name, channel)
        return named

    def choose(self, selector: Selector) -> Choice:
        """Return what ``selector`` means; raise :class:`ResolveError` when it means nothing here."""
        if not selector.qualified and self.manifest.default:
            selector = self._default()
        if isinstance(selector, ExactSelector) and selector.reference.version in self.blocks:
            return self._version(selector.reference.version)  # without a look at all the others
        if selector.name == self.manifest.name:
            version = highest(version for version in self.versions if selector.takes_version(version))
            if version is not None:
                return self._version(version.text)
            for channel in reversed(self.channels):
                if selector.takes_channel(channel.name):
                    return self._channel(channel)
        if not selector.qualified and (self.versions or self.channels):
            return self._greatest()
        raise self._unknown(selector)

    def sorted_versions(self) -> list[Version]:
        """Return every listed version, oldest first."""
        return go_sorted(self.versions, lambda a, b: a.compare(b) < 0)

    def _default(self) -> Selector:
        """Return what the manifest's ``default`` asks for; one that is no version is as good as none."""
        default = self.manifest.default
        if default.startswith("@"):
            return ExactSelector(Reference(self.manifest.name, channel=default[1:]))
        try:
            return GlobSelector.parse(f"{self.manifest.name}-{default}")
        except UsageError as error:
            raise ResolveError(
                "unknown-version", f"{self.manifest.path}: default: {error.message}", error.hint
            ) from error

    def _greatest(self) -> Choice:
        version = highest(self.versions)
        if version is not None:
            return self._version(version.text)
        return self._channel(max(self.channels, key=lambda channel: channel.name))

    def _version(self, version: str) -> Choice:
        return Choice(Reference(self.manifest.name, version=version), version, (self.blocks[version].layer,))

    def _channel(self, channel: Channel) -> Choice:
        """Return the choice of a channel: its contents are the first's of that name, its interval its own."""
        reference = Reference(self.manifest.name, channel=channel.name)
        first = self._named[channel.name]
        if not first.version:
            return Choice(reference, "", (first.layer,), channel.update_seconds)
        version = self._followed(first, first.version, reference)
        bodies = (self.blocks[version.text].layer, first.layer)
        return Choice(reference, version.text, bodies, channel.update_seconds)

    def _followed(self, channel: Channel, glob: str, reference: Reference) -> Version:
        try:
            compiled = Glob.compile(glob)
        except UsageError as error:
            message = f"{self.manifest.path}: {reference}: {error.message}"
            raise ResolveError("channel-without-version", message, error.hint) from error
        version = highest(version for version in self.versions if compiled.matches(version.text))
        if version is None:
            message = f"{self.manifest.path}: {reference}: no version matches {channel.version}"
            raise ResolveError("channel-without-version", message, self._newest())
        return version

    def _unknown(self, selector: Selector) -> ResolveError:
        kind, sought = "unknown-version", "version"
        if "@" in selector.text:
            kind, sought = "unknown-channel", "channel"
        message = f"{self.manifest.path}: there is no {sought} {selector.text}"
        return ResolveError(kind, message, self._advice(selector))

    def _advice(self, selector: Selector) -> str:
        """Say what could have been meant: the version of that number, what begins alike, or the newest."""
        name, _, rest = selector.text.partition("@")
        if rest in self.blocks:
            return f"did you mean the version {name}-{rest}?"
        sought = selector.text[len(self.manifest.name) + 1 :]
        if "@" in selector.text:
            offered = _nearest(sought, self._named)
            return f"channels: {', '.join(f'@{each}' for each in offered)}" if offered else self._newest()
        nearest = _nearest(sought, self.blocks)
        return f"nearest versions: {', '.join(nearest)}; {self._newest()}" if nearest else self._newest()

    def _newest(self) -> str:
        version = highest(self.versions)
        if version is not None:
            return f"the newest version is {self.manifest.name}-{version}"
        if self.channels:
            return f"channels: {', '.join(f'@{name}' for name in list(self._named)[:_SHOWN])}"
        return "the manifest lists no versions and no channels"


def _nearest(sought: str, offered: Iterable[str]) -> list[str]:
    """Return the few texts that begin most like ``sought``, those listed last first."""
    shared = {text: _shared(sought, text) for text in reversed(list(offered))}
    best = sorted((text for text in shared if shared[text]), key=lambda text: -shared[text])
    return best[:_SHOWN]


def _shared(left: str, right: str) -> int:
    """Return how many characters two texts begin with alike."""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
    return sum(1 for _ in same)
