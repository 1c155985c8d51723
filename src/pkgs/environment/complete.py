"""Completing the lock after packages were made present."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pkgs.artifact.model import Artifact
from pkgs.environment.lock import FIRST_USE, FROM_MANIFEST, Lock, LockedArtifact, LockedPackage, LockedSource
from pkgs.environment.locking import SizeOf, lock_package
from pkgs.environment.materialise import Installed
from pkgs.environment.pins import Pin
from pkgs.environment.workspace import Workspace
from pkgs.platforms import Platform


def completed(workspace: Workspace, lock: Lock, installed: Iterable[Installed], pins: Sequence[Pin]) -> Lock:
    """Return the lock with everything known of ``installed``, for all platforms, and of nothing unpinned."""
    installed = tuple(installed)
    with ThreadPoolExecutor(max(1, len(installed))) as pool:
        packages = tuple(pool.map(lambda each: _locked(workspace, lock, each), installed))
    for package in packages:
        lock = lock.with_package(package)
    lock = pruned(lock, pins, (each.package.reference for each in installed))
    return replace(lock, program=lock.program or workspace.program(), sources=_sources(workspace))


def pruned(lock: Lock, pins: Sequence[Pin], also: Iterable[object] = ()) -> Lock:
    """Return the lock without packages that are neither pinned nor named in ``also``."""
    return lock.only({str(pin.reference) for pin in pins} | {str(reference) for reference in also})


def _sources(workspace: Workspace) -> tuple[LockedSource, ...]:
    return tuple(LockedSource(source.uri, source.commit) for source in workspace.catalog.sources)


def _locked(workspace: Workspace, lock: Lock, installed: Installed) -> LockedPackage:
    reference = installed.package.reference
    entry = workspace.catalog.get(reference.name)
    known = _seen(workspace, lock.packages.get(str(reference)), installed)
    return lock_package(entry, reference, known, size_of(workspace), workspace.today)


def size_of(workspace: Workspace) -> SizeOf:
    """Return a function that asks the origin for a size, and takes no answer for an answer."""

    def ask(artifact: Artifact, platform: Platform) -> int | None:
        return workspace.fetcher.probe(artifact.url, platform).size

    return ask


def _seen(workspace: Workspace, known: LockedPackage | None, installed: Installed) -> LockedPackage:
    """Return the lock's entry with what was just learnt of the artifact that served."""
    package, artifact = installed.package, installed.artifact
    assert artifact.digest is not None
    vouched = any(origin.sha256 for origin in package.origins if origin.source == artifact.url)
    fresh = LockedArtifact(
        artifact.url,
        artifact.digest.hex,
        artifact.size,
        artifact.strip,
        artifact.mirrors,
        str(installed.tree.digest),
        FROM_MANIFEST if vouched else FIRST_USE,
    )
    known = known or LockedPackage(str(package.reference), package.version)
    others = [each for each in known.artifacts.get(workspace.platform, ()) if each.url != fresh.url]
    return replace(known, artifacts={**known.artifacts, workspace.platform: (fresh, *others)})
