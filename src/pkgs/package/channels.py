"""Channels: the ones a manifest declares, and the ones that follow from its versions.

Source of the rules: hermit, manifest/loader.go:253-305.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pkgs.manifest.model import Channel, Layer, Manifest
from pkgs.versions import Version, highest, sort

_DAY = 24 * 60 * 60
_NO_LAYER = Layer()


def channels_of(manifest: Manifest, versions: Iterable[Version]) -> tuple[Channel, ...]:
    """Return the declared channels, then ``@latest`` and ``@1``, ``@1.2`` … made from ``versions``.

    ``@latest`` stays within the major version of the highest version. Where a made channel has a declared
    one's name both are listed: the first decides what the channel holds, the last how often it is checked.
    """
    versions = list(versions)
    made = [*_latest(manifest.channels, versions), *_series(versions)]
    return (*manifest.channels, *made)


def _latest(declared: Iterable[Channel], versions: Iterable[Version]) -> Iterator[Channel]:
    newest = highest(versions)
    if newest is not None and all(channel.name != "latest" for channel in declared):
        yield _channel("latest", newest.major().text)


def _series(versions: Iterable[Version]) -> Iterator[Channel]:
    """Yield a channel for every shorter form of a release, each once, oldest first."""
    seen = set()
    for version in sort(version for version in versions if not version.prerelease):
        release = version.clean()
        for shorter in (release.major().text, release.major_minor().text):
            if shorter and shorter not in seen and shorter != release.text:
                seen.add(shorter)
                yield _channel(shorter, shorter)


def _channel(name: str, series: str) -> Channel:
    return Channel(name, _DAY, f"{series}.*", _NO_LAYER)
