"""What manifests do on ``install``, ``uninstall``, ``activate`` and ``exec``: their triggers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pkgs.errors import PkgsError
from pkgs.install.workspace import Workspace
from pkgs.manifest.model import Copy, Message, Mkdir, Symlink
from pkgs.package.model import Package
from pkgs.store.actions import run_actions


def activate(workspace: Workspace, packages: Iterable[Package]) -> tuple[str, ...]:
    """Carry out the ``activate`` triggers of the packages that are there; return what they say.

    One that fails is told of: the environment is worth activating without it.
    """
    messages: list[str] = []
    for package in packages:
        if not Path(package.root).exists():
            continue
        try:
            messages += run_trigger(workspace, package, "activate")
        except PkgsError as error:
            workspace.reporter.warn(f"{package.reference}: {error.message}")
    return tuple(messages)


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


def lasting_results(workspace: Workspace, packages: Iterable[Package], event: str) -> Iterator[Path]:
    """Yield paths that are all there just as long as doing ``event`` again would do nothing.

    For what has to be done every time, such as running a program, that is a path where nothing ever is.
    """
    for package in packages:
        for action in package.triggers.get(event, ()):
            match action:
                case Message():
                    continue
                case Mkdir(dir=path) | Symlink(to=path) | Copy(to=path):
                    yield Path(path)
                case _:
                    yield workspace.state.root / "never"


def tell_trigger(workspace: Workspace, packages: Iterable[Package], event: str) -> None:
    """Carry out the actions of several packages, telling their messages as they come."""
    for package in packages:
        for message in run_trigger(workspace, package, event):
            workspace.reporter.info(message)
