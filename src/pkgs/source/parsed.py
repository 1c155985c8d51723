"""Manifests from their texts: parsed once, and kept as JSON, which needs no parser to be read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from pkgs.manifest.load import LARGEST, load_manifest
from pkgs.manifest.model import Layer, Manifest
from pkgs.package.channels import channels_of
from pkgs.package.choice import Candidates
from pkgs.package.layers import layers_of
from pkgs.package.selectors import ExactSelector
from pkgs.platforms import PLATFORMS, Platform
from pkgs.references import Reference
from pkgs.source.cache import Cache
from pkgs.source.codec import decode_manifest, encode_manifest
from pkgs.source.summary import Summary
from pkgs.versions import Version, sort

_UNKNOWN = re.compile(r"[*?\[{$]")


def parsed(cache: Cache, text: str, *, name: str, path: str) -> Manifest:
    """Return the manifest that ``text`` says; see :func:`~pkgs.manifest.load.load_manifest`."""
    if cache.directory is None or len(text) > LARGEST:
        return load_manifest(text, name=name, path=path)

    def make() -> object:
        return encode_manifest(load_manifest(text, name=name, path=path))

    return decode_manifest(cache.of_text("manifest", text, make), name=name, path=path)


def summary_of(manifest: Manifest) -> Summary:
    """Return ``manifest`` in short."""
    versions = [Version.parse(text) for block in manifest.versions for text in block.versions]
    return Summary(
        description=manifest.description,
        homepage=manifest.homepage,
        repository=manifest.repository,
        binaries=tuple(dict.fromkeys(_tools(manifest))),
        provides=manifest.layer.provides,
        versions=tuple(version.text for version in sort(versions)),
        channels=tuple(dict.fromkeys(channel.name for channel in channels_of(manifest, versions))),
        platforms=tuple(str(each) for each in PLATFORMS if _is_for(manifest, each)),
    )


def _is_for(manifest: Manifest, platform: Platform) -> bool:
    """Tell whether any version or channel has a source and a tool for ``platform``."""
    common = layers_of(manifest.layer, platform)
    for bodies in _bodies(manifest):
        layers = (*common, *(layer for body in bodies for layer in layers_of(body, platform)))
        if any(each.source for each in layers) and any(each.binaries or each.apps for each in layers):
            return True
    return False


def _bodies(manifest: Manifest) -> Iterator[tuple[Layer, ...]]:
    """Yield the blocks of each version and declared channel; other channels are what they follow."""
    yield from ((block.layer,) for block in manifest.versions)
    candidates = Candidates(manifest)
    for channel in manifest.channels:
        yield candidates.choose(ExactSelector(Reference(manifest.name, channel=channel.name))).bodies


def _tools(manifest: Manifest) -> Iterator[str]:
    blocks: Iterable[Layer] = (
        manifest.layer,
        *(block.layer for block in manifest.versions),
        *(channel.layer for channel in manifest.channels),
    )
    names = (posixpath.basename(path) for top in blocks for layer in _layers(top) for path in layer.binaries)
    return (name for name in names if name and not _UNKNOWN.search(name))


def _layers(layer: Layer) -> Iterator[Layer]:
    yield layer
    for inner in (*(each.layer for each in layer.systems), *(each.layer for each in layer.platforms)):
        yield from _layers(inner)
