"""Where an unpacked package lives: in its tree, in a writable copy of it, or where its manifest says.

A manifest's ``dest`` becomes a link to the tree, so that the bytes stay in the store, verified and shared.
"""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from pathlib import Path

from pkgs.environment.pins import replace_link
from pkgs.errors import EnvError
from pkgs.install.workspace import Workspace
from pkgs.manifest.model import Layer, Manifest
from pkgs.package.model import Package, Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import ExactSelector
from pkgs.references import Reference
from pkgs.store.copies import Copies
from pkgs.store.links import is_own
from pkgs.store.trees import Tree


def at(workspace: Workspace, manifest: Manifest, reference: Reference, dest: Path) -> Package:
    """Resolve ``reference`` as it stands unpacked in ``dest``, or in its own ``dest`` if it has one."""
    places = Places(
        dest=str(dest),
        env=str(workspace.environment.root),
        home=workspace.home,
        state=str(workspace.state.root),
    )
    return resolve(manifest, ExactSelector(reference), workspace.platform, places, today=workspace.today)


def located(workspace: Workspace, manifest: Manifest, reference: Reference, tree: Path) -> Package:
    """Return the package as it is, or would be, once it is settled; nothing is made."""
    package = at(workspace, manifest, reference, tree)
    if not package.mutable:
        return package
    copy = _copies(workspace).path(workspace.owner, reference)
    return at(workspace, manifest, reference, copy)


def settled(workspace: Workspace, manifest: Manifest, reference: Reference, tree: Tree) -> Package:
    """Return the package where it lives, after making the copy or the link that this takes.

    Raises :class:`EnvError` for a ``dest`` that is outside of home, environment and state, or taken.
    """
    package = at(workspace, manifest, reference, tree.path)
    home = tree.path
    workspace.store.roots.add(workspace.owner, workspace.reporter, links=links_of(workspace, package))
    if package.mutable:
        waiting = workspace.reporter.info
        home = _copies(workspace).ensure(tree, workspace.owner, reference, waiting=waiting)
        package = at(workspace, manifest, reference, home)
    if package.dest:
        _link(workspace, package, home)
    if workspace.platform.os == "darwin":
        _offer_apps(workspace, package)
    return package


def links_of(workspace: Workspace, package: Package) -> tuple[Path, ...]:
    """Return where a package wants links to itself, outside of the store."""
    apps = package.apps if package.platform.os == "darwin" else ()
    places = [Path(workspace.home, "Applications", Path(app).name) for app in apps]
    return (*([Path(package.dest)] if package.dest else []), *places)


def _offer_apps(workspace: Workspace, package: Package) -> None:
    """Link a package's applications where macOS looks for the user's own; what is there already stays."""
    for app in package.apps:
        name = Path(app).name
        link, target = Path(workspace.home, "Applications", name), Path(package.root, name)
        if not target.is_dir() or (link.is_symlink() and link.readlink() == target):
            continue
        if os.path.lexists(link) and not is_own(workspace.state, link):
            workspace.reporter.warn(f"{package.reference}: {link} is there already, and is left as it is")
            continue
        link.parent.mkdir(parents=True, exist_ok=True)
        replace_link(link, str(target))


def discard_copy(workspace: Workspace, reference: Reference) -> None:
    """Remove the environment's writable copy of a package, if there is one."""
    copies = _copies(workspace)
    if copies.path(workspace.owner, reference).exists():
        copies.discard(workspace.owner, reference, waiting=workspace.reporter.info)


@functools.lru_cache(maxsize=256)
def without_dest(manifest: Manifest) -> Manifest:
    """Return the manifest as it is while its tree is made: out of sight, wherever it ends up."""
    return replace(
        manifest,
        layer=_unplaced(manifest.layer),
        versions=tuple(replace(each, layer=_unplaced(each.layer)) for each in manifest.versions),
        channels=tuple(replace(each, layer=_unplaced(each.layer)) for each in manifest.channels),
    )


def _unplaced(layer: Layer) -> Layer:
    return replace(
        layer,
        dest="",
        systems=tuple(replace(each, layer=_unplaced(each.layer)) for each in layer.systems),
        platforms=tuple(replace(each, layer=_unplaced(each.layer)) for each in layer.platforms),
    )


def _copies(workspace: Workspace) -> Copies:
    return Copies(workspace.state, workspace.store.locks)


def _link(workspace: Workspace, package: Package, home: Path) -> None:
    """Make the manifest's ``dest`` lead to ``home``."""
    dest = Path(package.dest)
    if not _allowed(workspace, dest):
        raise EnvError(
            f"{package.reference} wants to be at {dest}, which is outside of your home directory, "
            "the environment and the state directory",
            "correct dest in its manifest",
        )
    if dest.is_symlink() and dest.readlink() == home:
        return
    if os.path.lexists(dest) and not is_own(workspace.state, dest):
        raise EnvError(
            f"{package.reference} is to be at {dest}, where something else is", f"move {dest} away"
        )
    try:
        dest.parent.mkdir(parents=True, exist_ok=True)
        replace_link(dest, str(home))
    except OSError as error:
        raise EnvError(
            f"{package.reference} cannot be put at {dest}: {error.strerror}", "make its directory writable"
        ) from error


def _allowed(workspace: Workspace, dest: Path) -> bool:
    """Tell whether ``dest`` is below one of the three directories, links followed."""
    if not dest.is_absolute() or ".." in dest.parts:
        return False
    parent = Path(os.path.realpath(dest.parent))
    roots = (workspace.home, workspace.environment.root, workspace.state.root)
    return any(parent.is_relative_to(os.path.realpath(root)) for root in roots)
