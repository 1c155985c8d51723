"""What is wanted: a reference as the manifests and the lock have it, before anything is fetched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pkgs.artifact.model import Artifact
from pkgs.artifact.select import artifacts_of
from pkgs.environment.lock import Lock, LockedPackage
from pkgs.errors import PkgsError
from pkgs.install.freeze import frozen
from pkgs.install.locking import covered, refuse_contradiction, symbolic, to_artifact
from pkgs.install.place import without_dest
from pkgs.install.workspace import Workspace
from pkgs.manifest.model import Manifest
from pkgs.package.model import Package
from pkgs.platforms import Platform
from pkgs.references import Reference
from pkgs.source.catalog import Entry


@dataclass(frozen=True, slots=True)
class Wanted:
    """A package that is to be present. Channels in ``entry`` stand where the lock holds them.

    ``package`` is resolved with symbols for places, and ``unplaced`` is the manifest without ``dest``: both
    are what its tree is made from.
    """

    entry: Entry
    unplaced: Manifest
    package: Package
    locked: LockedPackage | None

    @property
    def reference(self) -> Reference:
        """What is wanted."""
        return self.package.reference


def wanted(workspace: Workspace, reference: Reference, lock: Lock) -> Wanted:
    """Return what ``reference`` asks for on this platform; raises :class:`ResolveError`."""
    locked = lock.packages.get(str(reference))
    entry = workspace.catalog.get(reference.name)
    manifest = frozen(entry.manifest, reference, locked.version if locked else "")
    package = symbolic(manifest, reference, workspace.platform, workspace.today)
    unplaced = manifest
    if package.dest:
        unplaced = without_dest(manifest)
        package = symbolic(unplaced, reference, workspace.platform, workspace.today)
    return Wanted(replace(entry, manifest=manifest), unplaced, package, locked)


def known_packages(
    workspace: Workspace, references: Iterable[Reference], lock: Lock, platform: Platform | None = None
) -> tuple[Package, ...]:
    """Return those of ``references`` that can be resolved, with symbols for places."""
    found = []
    for reference in references:
        locked = lock.packages.get(str(reference))
        try:
            manifest = frozen(
                workspace.catalog.get(reference.name).manifest, reference, locked.version if locked else ""
            )
            found.append(symbolic(manifest, reference, platform or workspace.platform, workspace.today))
        except PkgsError:
            continue
    return tuple(found)


def artifacts_for(workspace: Workspace, wanted: Wanted) -> list[Artifact]:
    """Return what may be fetched, in order: what the lock says, and where it says nothing the manifest.

    Raises :class:`LockError` for what a frozen lock does not cover, and where lock and manifest contradict.
    """
    locked = wanted.locked
    if workspace.frozen:
        locked = covered(locked, wanted.reference, workspace.platform)
    if locked:
        refuse_contradiction(wanted.package, locked)
        held = locked.artifacts.get(workspace.platform)
        if held:
            return [to_artifact(artifact) for artifact in held]
    return list(artifacts_of(wanted.package))
