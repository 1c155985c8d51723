"""Manifests as plain values that JSON can hold, and back, without the parser and its libraries.

Of a layer only what it says is kept; the field names of :mod:`pkgs.manifest.model` are the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from pkgs.manifest.model import (
    Action,
    Alternative,
    AutoVersion,
    Channel,
    Chmod,
    Copy,
    Delete,
    Layer,
    Manifest,
    Message,
    Mkdir,
    PlatformBlock,
    Rename,
    Run,
    Symlink,
    System,
    Trigger,
    VersionBlock,
)

Json = Any

_ACTIONS: Mapping[str, type[Action]] = {
    kind.__name__: kind for kind in (Message, Rename, Delete, Chmod, Run, Copy, Mkdir, Symlink)
}
_LAYER_FIELDS = tuple(field.name for field in fields(Layer))
_EMPTY_LAYER = Layer()


def encode_manifest(manifest: Manifest) -> Json:
    """Return ``manifest`` but for its name and path, which are not in its text."""
    return {
        "description": manifest.description,
        "default": manifest.default,
        "homepage": manifest.homepage,
        "repository": manifest.repository,
        "layer": _encode_layer(manifest.layer),
        "sha256sums": dict(manifest.sha256sums),
        "versions": [
            (block.versions, _encode_layer(block.layer), _encode_auto_version(block.auto_version))
            for block in manifest.versions
        ],
        "channels": [
            (channel.name, channel.update_seconds, channel.version, _encode_layer(channel.layer))
            for channel in manifest.channels
        ],
    }


def decode_manifest(value: Json, *, name: str, path: str) -> Manifest:
    """Return the manifest that :func:`encode_manifest` made ``value`` of."""
    return Manifest(
        name=name,
        path=path,
        description=value["description"],
        layer=_decode_layer(value["layer"]),
        default=value["default"],
        homepage=value["homepage"],
        repository=value["repository"],
        sha256sums=MappingProxyType(value["sha256sums"]),
        versions=tuple(
            VersionBlock(tuple(versions), _decode_layer(layer), AutoVersion(**auto) if auto else None)
            for versions, layer, auto in value["versions"]
        ),
        channels=tuple(
            Channel(channel, seconds, version, _decode_layer(layer))
            for channel, seconds, version, layer in value["channels"]
        ),
    )


def _encode_layer(layer: Layer) -> Json:
    said = {}
    for name in _LAYER_FIELDS:
        value = getattr(layer, name)
        if value != getattr(_EMPTY_LAYER, name):
            said[name] = _ENCODERS.get(name, _plain)(value)
    return said


def _decode_layer(said: Mapping[str, Json]) -> Layer:
    if not said:
        return _EMPTY_LAYER
    return Layer(**{name: _DECODERS.get(name, _frozen)(value) for name, value in said.items()})


def _plain(value: Any) -> Json:
    return dict(value) if isinstance(value, Mapping) else value


def _frozen(value: Json) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return MappingProxyType(value) if isinstance(value, dict) else value


def _encode_action(action: Action) -> Json:
    return type(action).__name__, {field.name: getattr(action, field.name) for field in fields(action)}


def _decode_action(value: Json) -> Action:
    kind, attributes = value
    return _ACTIONS[kind](**{name: _frozen(each) for name, each in attributes.items()})


def _encode_auto_version(block: AutoVersion | None) -> Json:
    return {field.name: getattr(block, field.name) for field in fields(block)} if block else None


_ENCODERS: Mapping[str, Callable[[Any], Json]] = {
    "systems": lambda blocks: [(block.os, _encode_layer(block.layer)) for block in blocks],
    "platforms": lambda blocks: [(block.labels, _encode_layer(block.layer)) for block in blocks],
    "triggers": lambda triggers: [
        (trigger.event, list(map(_encode_action, trigger.actions))) for trigger in triggers
    ],
    "alternatives": lambda origins: [(origin.source, origin.sha256, origin.strip) for origin in origins],
}
_DECODERS: Mapping[str, Callable[[Json], Any]] = {
    "systems": lambda blocks: tuple(System(os, _decode_layer(layer)) for os, layer in blocks),
    "platforms": lambda blocks: tuple(
        PlatformBlock(tuple(labels), _decode_layer(layer)) for labels, layer in blocks
    ),
    "triggers": lambda triggers: tuple(
        Trigger(event, tuple(map(_decode_action, actions))) for event, actions in triggers
    ),
    "alternatives": lambda origins: tuple(Alternative(*origin) for origin in origins),
}
