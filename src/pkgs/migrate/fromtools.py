"""From a file of tools to pins: versions that manifests know, and what to say of the others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path, PurePosixPath

from pkgs.environment.pins import Pin
from pkgs.errors import PkgsError, SourceError
from pkgs.install.workspace import Workspace
from pkgs.manifest.model import Manifest
from pkgs.migrate.pinning import no_manifest
from pkgs.migrate.plan import Left, Migration, Target
from pkgs.migrate.toolfiles import Wanted
from pkgs.package.model import Package, Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import ExactSelector, NameSelector, PrefixSelector, Selector
from pkgs.platforms import Platform
from pkgs.references import Reference
from pkgs.source.catalog import Catalog

# asdf's and mise's names for what manifests call otherwise, tried where their own name is not known.
_OTHER_NAMES = {"golang": "go", "nodejs": "node", "python": "python3", "java": "openjdk", "rust": "rustup"}
_GLOB = re.compile(r"[*?\[]")
_NEWEST = frozenset({"", "latest", "latest:", "*"})


def from_tools(origin: Path, wanted: Iterable[Wanted], target: Target) -> Migration:
    """Return what pins the tools of ``origin`` that have a manifest, beside what is pinned already."""
    chosen = [_Choice(target.workspace, each) for each in wanted]
    there = {pin.reference.name: pin for pin in target.before}
    notes, fresh = [], {}
    for choice in chosen:
        pin = choice.pin
        if pin and pin.reference.name in there:
            notes.append(f"{there[pin.reference.name].reference} is pinned already, and stays")
        elif pin:
            fresh[pin.reference.name] = pin
            notes += choice.said
    pins = tuple(sorted((*there.values(), *fresh.values()), key=lambda pin: pin.link))
    steps, pinned = target.steps(pins, "")
    return Migration(
        origin=origin,
        environment=target.environment,
        pinned=tuple(each for each in pinned if each.pin.reference.name not in there),
        steps=steps,
        left=tuple(choice.left for choice in chosen if choice.left),
        kept=(origin.name,),
        notes=(
            *notes,
            *(["pkgs install makes them present and links their remaining tools"] if steps else []),
        ),
    )


class _Choice:
    """What one tool comes to: a ``pin`` and what is ``said`` of it, or why it is ``left``."""

    def __init__(self, workspace: Workspace, wanted: Wanted) -> None:
        self.pin: Pin | None = None
        self.left: Left | None = None
        self.said: list[str] = []
        try:
            self._choose(workspace, wanted)
        except PkgsError as error:
            self.left = Left(wanted.name, " ".join(wanted.versions), error.message)

    def _choose(self, workspace: Workspace, wanted: Wanted) -> None:
        asked = wanted.versions[0] if wanted.versions else ""
        name, manifest = _manifest(workspace.catalog, wanted.name)
        if asked == "system" or asked.startswith(("ref:", "path:", "sub-")):
            raise SourceError(f"{asked!r} is no released version")
        package = _resolved(manifest, name, asked, workspace.platform, workspace.today)
        self.pin = Pin(package.reference, tuple(_plain_tools(package)))
        if package.reference.version != asked or name != wanted.name:
            self.said.append(f"{wanted.name} {asked or 'latest'} is pinned as {package.reference}")
        if len(wanted.versions) > 1:
            self.said.append(f"{wanted.name}: only the first of {', '.join(wanted.versions)} is pinned")


def _manifest(catalog: Catalog, name: str) -> tuple[str, Manifest]:
    for candidate in (name, _OTHER_NAMES.get(name, name), PurePosixPath(name.partition(":")[2]).name):
        entry = catalog.find(candidate) if candidate else None
        if entry:
            return candidate, entry.manifest
    raise SourceError(no_manifest(catalog, name))


def _resolved(manifest: Manifest, name: str, asked: str, platform: Platform, today: date) -> Package:
    """Resolve a version exactly, or else the newest that begins with its parts."""
    version = asked.removeprefix("latest:").removeprefix("prefix:").removeprefix("v")
    places = Places.symbolic()
    if asked in _NEWEST:
        return resolve(_versions_only(manifest), NameSelector(name), platform, places, today=today)
    exact: Selector = ExactSelector(Reference(name, version))
    try:
        return resolve(manifest, exact, platform, places, today=today)
    except PkgsError:
        near = PrefixSelector(Reference(name, version))
        return resolve(_versions_only(manifest), near, platform, places, today=today)


def _versions_only(manifest: Manifest) -> Manifest:
    return replace(manifest, channels=(), default="")


def _plain_tools(package: Package) -> list[str]:
    """Return the names of the tools that the manifest spells out; the others are known once unpacked."""
    return sorted({PurePosixPath(each).name for each in package.binaries if not _GLOB.search(each)})
