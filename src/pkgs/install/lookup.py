"""Looking up what packages depend on, in the manifests that an environment sees."""

from __future__ import annotations

from collections.abc import Iterable

from pkgs.environment.lock import Lock
from pkgs.install.freeze import frozen
from pkgs.install.workspace import Workspace
from pkgs.package.dependencies import Lookup, close_runtime
from pkgs.package.model import Package, Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import ExactSelector, Selector
from pkgs.platforms import Platform


def lookup(workspace: Workspace, lock: Lock, platform: Platform | None = None) -> Lookup:
    """Return where dependencies are looked up; channels stand where the lock holds them."""

    def resolved(selector: Selector) -> Package:
        manifest = workspace.catalog.get(selector.name).manifest
        if isinstance(selector, ExactSelector):
            held = lock.packages.get(selector.text)
            manifest = frozen(manifest, selector.reference, held.version if held else "")
        places, on = Places.symbolic(), platform or workspace.platform
        return resolve(manifest, selector, on, places, today=workspace.today)

    def exists(name: str) -> bool:
        return workspace.catalog.find(name) is not None

    return Lookup(resolved, exists, workspace.catalog.providers)


def runtime_packages(
    workspace: Workspace,
    package: Package,
    installed: Iterable[Package],
    lock: Lock,
    platform: Platform | None = None,
) -> tuple[Package, ...]:
    """Return what ``package`` needs at run time, in no more than the order of need.

    ``installed`` are the packages that may stand for a bare name; raises :class:`ResolveError`.
    """
    if not package.runtime_dependencies:
        return ()
    return close_runtime(package, tuple(installed), lookup(workspace, lock, platform))
