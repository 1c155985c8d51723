"""Whether everything that an environment pins is there: what an install without names would find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pkgs.environment.expose import tools
from pkgs.errors import PkgsError
from pkgs.install.contents import Contents
from pkgs.install.materialise import Located, locate
from pkgs.install.wanted import artifacts_for, wanted
from pkgs.install.workspace import Workspace
from pkgs.references import Reference


def needed_paths(workspace: Workspace, contents: Contents) -> tuple[Path, ...] | None:
    """Return paths that are all there as long as nothing is missing, or None if something is.

    Pins, lock and store are looked at as a frozen install does; nothing is fetched or changed.
    """
    if contents.problems or len(contents.located) < len(contents.pins):
        return None
    try:
        # Without its record, what an environment uses is anybody's to collect.
        record = workspace.store.roots.path(workspace.owner)
        return (record, *_paths(workspace, contents))
    except (PkgsError, _MissingError):
        return None


class _MissingError(Exception):
    """Something is not there."""


def _paths(workspace: Workspace, contents: Contents) -> Iterator[Path]:
    lock = contents.lock
    for pin in contents.pins:
        held = lock.packages.get(str(pin.reference))
        located = _located(workspace, pin.reference, contents)
        if held is None or tuple(tools(located.package)) != pin.tools:
            raise _MissingError
        yield from _of(workspace, located)
        for text in held.runtime:
            reference = Reference.parse(text)
            request = wanted(workspace, reference, lock)
            if request.locked and request.locked.artifacts.get(workspace.platform):
                yield from _of(workspace, _located(workspace, reference, contents))


def _located(workspace: Workspace, reference: Reference, contents: Contents) -> Located:
    """Return a package that the lock covers and does not contradict."""
    request = wanted(workspace, reference, contents.lock)
    covered = request.locked and request.locked.artifacts.get(workspace.platform)
    artifacts_for(workspace, request)
    located = contents.located.get(reference) or locate(workspace, reference, contents.lock)
    if not covered or located is None:
        raise _MissingError
    return located


def _of(workspace: Workspace, located: Located) -> Iterator[Path]:
    """Yield where a package is: its tree, its copy or link, and its tools."""
    if workspace.store.trees.find(located.key) is None or not Path(located.package.root).exists():
        raise _MissingError
    yield workspace.state.tree(located.key)
    yield Path(located.package.root)
    yield from tools(located.package).values()
