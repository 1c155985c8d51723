"""Layers: which parts of a manifest apply to a platform, and what they say together.

Source of the rules: hermit, manifest/config.go:53-191 and manifest/resolver.go:458-521.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkgs.manifest.model import Action, Alternative, Layer
from pkgs.package.labels import label_matches
from pkgs.platforms import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What layers say together, before any variable is replaced.

    ``env`` holds each layer's variables by itself, sorted by name; ``digests`` each layer's own ``sha256``,
    lowest first, "" where it has none.
    """

    arch: str
    binaries: tuple[str, ...]
    apps: tuple[str, ...]
    requires: tuple[str, ...]
    provides: tuple[str, ...]
    runtime_dependencies: tuple[str, ...]
    dest: str
    root: str
    files: Mapping[str, str]
    strip: int
    test: str
    env: tuple[tuple[str, str], ...]
    vars: Mapping[str, str]
    source: str
    alternatives: tuple[Alternative, ...]
    dont_extract: bool
    mirrors: tuple[str, ...]
    digests: tuple[str, ...]
    sha256_source: str
    mutable: bool
    triggers: Mapping[str, tuple[Action, ...]]


def layers_of(layer: Layer, platform: Platform) -> tuple[Layer, ...]:
    """Return ``layer``, then its matching system blocks, then its matching platform blocks, in file order."""
    return (layer, *_systems(layer, platform), *_platforms(layer, platform))


def _systems(layer: Layer, platform: Platform) -> Iterator[Layer]:
    for system in layer.systems:
        if system.os == platform.os and system.layer.arch in ("", platform.arch):
            yield system.layer


def _platforms(layer: Layer, platform: Platform) -> Iterator[Layer]:
    for block in layer.platforms:
        if all(label_matches(label, platform) for label in block.labels):
            yield block.layer


def merge(layers: Sequence[Layer]) -> Merged:
    """Merge ``layers``, lowest priority first: lists and env add up, the last word counts for the rest."""
    return Merged(
        arch=_last(layer.arch for layer in layers),
        binaries=_all(layer.binaries for layer in layers),
        apps=_all(layer.apps for layer in layers),
        requires=_all(layer.requires for layer in layers),
        provides=_all(layer.provides for layer in layers),
        runtime_dependencies=_all(layer.runtime_dependencies for layer in layers),
        dest=_last(layer.dest for layer in layers),
        root=_last(layer.root for layer in layers),
        files=_joined(layer.files for layer in layers),
        strip=next((layer.strip for layer in reversed(layers) if layer.strip), 0),
        test=next((layer.test for layer in reversed(layers) if layer.test is not None), ""),
        env=tuple(item for layer in layers for item in sorted(layer.env.items())),
        vars=_joined(layer.vars for layer in layers),
        source=_last(layer.source for layer in layers),
        alternatives=next((layer.alternatives for layer in reversed(layers) if layer.alternatives), ()),
        dont_extract=any(layer.dont_extract for layer in layers),
        mirrors=next((layer.mirrors for layer in reversed(layers) if layer.mirrors), ()),
        digests=tuple(layer.sha256 for layer in layers),
        sha256_source=_last(layer.sha256_source for layer in layers),
        mutable=any(layer.mutable for layer in layers),
        triggers=_triggers(layers),
    )


def _last(values: Iterable[str]) -> str:
    said = ""
    for value in values:
        said = value or said
    return said


def _all(values: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(value for each in values for value in each)


def _joined(values: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    return {name: value for each in values for name, value in each.items()}


def _triggers(layers: Iterable[Layer]) -> Mapping[str, tuple[Action, ...]]:
    actions: dict[str, tuple[Action, ...]] = {}
    for layer in layers:
        for trigger in layer.triggers:
            actions[trigger.event] = (*actions.get(trigger.event, ()), *trigger.actions)
    return actions
