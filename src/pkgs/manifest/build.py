"""Build: validated bodies as the frozen values that the rest of pkgs works with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from pkgs.manifest import schema
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

_BLOCKS = {"systems", "platforms", "triggers", "alternatives"}
_PLAIN = tuple(field.name for field in fields(Layer) if field.name not in _BLOCKS)
_ACTIONS: Mapping[type[schema.Body], type[Action]] = {
    schema.MessageBody: Message,
    schema.RenameBody: Rename,
    schema.DeleteBody: Delete,
    schema.ChmodBody: Chmod,
    schema.RunBody: Run,
    schema.CopyBody: Copy,
    schema.MkdirBody: Mkdir,
    schema.SymlinkBody: Symlink,
}


def build_manifest(body: schema.ManifestBody, *, name: str, path: str) -> Manifest:
    """Return the manifest of package ``name`` that a validated body says."""
    return Manifest(
        name=name,
        path=path,
        description=body.description,
        layer=_layer(body),
        default=body.default,
        homepage=body.homepage,
        repository=body.repository,
        sha256sums=MappingProxyType(body.sha256sums),
        versions=tuple(
            VersionBlock(block.version, _layer(block), _auto_version(block.auto_version))
            for block in body.version
        ),
        channels=tuple(
            Channel(block.name, block.update, block.version, _layer(block)) for block in body.channel
        ),
    )


def _layer(body: schema.LayerBody) -> Layer:
    plain = {name: _frozen(getattr(body, name)) for name in _PLAIN}
    systems = [
        (block.place, System(os, _layer(block))) for os in ("darwin", "linux") for block in getattr(body, os)
    ]
    return Layer(
        **plain,
        systems=tuple(system for _, system in sorted(systems, key=lambda item: item[0])),
        platforms=tuple(PlatformBlock(block.attr, _layer(block)) for block in body.platform),
        triggers=tuple(Trigger(block.event, _actions(block)) for block in body.on),
        alternatives=tuple(
            Alternative(block.source, block.sha256, block.strip) for block in body.alternative
        ),
    )


def _frozen(value: Any) -> Any:
    return MappingProxyType(value) if isinstance(value, dict) else value


def _actions(body: schema.OnBody) -> tuple[Action, ...]:
    """Return the actions of an ``on`` block in source order, whatever their kinds."""
    kinds: Iterable[tuple[schema.Body, ...]] = (
        body.message,
        body.rename,
        body.delete,
        body.chmod,
        body.run,
        body.copy_,
        body.mkdir,
        body.symlink,
    )
    found = sorted((action for kind in kinds for action in kind), key=lambda action: action.place)
    return tuple(_ACTIONS[type(action)](**action.model_dump()) for action in found)


def _auto_version(body: schema.AutoVersionBody | None) -> AutoVersion | None:
    if body is None:
        return None
    return AutoVersion(
        github_release=body.github_release,
        git_tags=body.git_tags,
        html_url=body.html.url if body.html else "",
        html_xpath=body.html.xpath if body.html else "",
        html_css=body.html.css if body.html else "",
        json_url=body.json_.url if body.json_ else "",
        json_jq=body.json_.jq if body.json_ else "",
        version_pattern=body.version_pattern,
        ignore_invalid_versions=body.ignore_invalid_versions,
    )
