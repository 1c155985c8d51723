"""How the lock holds a moving channel still."""

from __future__ import annotations

import functools
import re
from dataclasses import replace

from pkgs.manifest.model import Channel, Layer, Manifest
from pkgs.package.channels import channels_of
from pkgs.references import Reference
from pkgs.versions import Version

_GLOB_CHARACTERS = re.compile(r"([*?\[\]{}!\\])")


@functools.lru_cache(maxsize=256)
def frozen(manifest: Manifest, reference: Reference, version: str) -> Manifest:
    """Return ``manifest`` with the channel of ``reference`` standing at exactly ``version``.

    A reference to a version, or a channel that names none, leaves the manifest as it is.
    """
    if not reference.channel or not version:
        return manifest
    moving = _find(manifest, reference.channel)
    pattern = _GLOB_CHARACTERS.sub(r"\\\1", version)
    still = Channel(
        name=reference.channel,
        update_seconds=moving.update_seconds if moving else 0,
        version=pattern,
        layer=moving.layer if moving else Layer(),
    )
    others = tuple(channel for channel in manifest.channels if channel.name != reference.channel)
    return replace(manifest, channels=(*others, still))


def _find(manifest: Manifest, name: str) -> Channel | None:
    versions = [Version.parse(text) for block in manifest.versions for text in block.versions]
    return next((channel for channel in channels_of(manifest, versions) if channel.name == name), None)
