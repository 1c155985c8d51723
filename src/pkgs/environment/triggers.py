"""What manifests do on ``install``, ``uninstall``, ``activate`` and ``exec``: their triggers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pkgs.environment.workspace import Workspace
from pkgs.package.model import Package
from pkgs.store.actions import run_actions


def run_trigger(workspace: Workspace, package: Package, event: str) -> list[str]:
    """Carry out a package's actions for ``event`` and return their messages.

    They may touch the environment, the home and the state directory. Raises :class:`StoreError`.
    """
    actions = package.triggers.get(event, ())
    if not actions:
        return []
    source = workspace.catalog.get(package.reference.name).source
    return run_actions(
        actions,
        root=Path(package.root),
        copy_source=source.file,
        allowed=(workspace.environment.root, Path(workspace.home), workspace.state.root),
        environ=workspace.environ,
    )


def tell_trigger(workspace: Workspace, packages: Iterable[Package], event: str) -> None:
    """Carry out the actions of several packages, telling their messages as they come."""
    for package in packages:
        for message in run_trigger(workspace, package, event):
            workspace.reporter.info(message)
