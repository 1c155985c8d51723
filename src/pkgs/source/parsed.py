"""Manifests from their texts: parsed once, and kept as JSON, which needs no parser to be read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from pkgs.manifest.load import LARGEST, load_manifest
from pkgs.manifest.model import Layer, Manifest
from pkgs.package.channels import channels_of
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
    )


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
