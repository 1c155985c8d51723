"""Completing the lock after packages were made present: for all platforms, with all that runs need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from pkgs.artifact.git import GitSource
from pkgs.artifact.model import NOTHING, Artifact
from pkgs.environment.lock import FIRST_USE, FROM_MANIFEST, Lock, LockedArtifact, LockedPackage, LockedSource
from pkgs.environment.pins import Pin
from pkgs.errors import PkgsError, ResolveError
from pkgs.install.locking import SizeOf, lock_package
from pkgs.install.lookup import runtime_packages
from pkgs.install.materialise import Installed, in_parallel
from pkgs.install.wanted import known_packages
from pkgs.install.workspace import Workspace
from pkgs.package.model import Package
from pkgs.platforms import PLATFORMS, Platform
from pkgs.references import Reference


def completed(workspace: Workspace, lock: Lock, installed: Iterable[Installed], pins: Sequence[Pin]) -> Lock:
    """Return the lock with everything known of ``installed``, for all platforms, and of nothing unneeded."""
    flat = {each.package.reference: each for one in installed for each in (one, *one.dependencies)}
    for package in in_parallel(partial(_locked, workspace, lock), flat.values(), len(flat)):
        lock = lock.with_package(package)
    lock = with_runtime(workspace, lock, pins)
    return replace(lock, program=lock.program or workspace.program(), sources=_sources(workspace))


def with_runtime(workspace: Workspace, lock: Lock, pins: Sequence[Pin], *, asking: bool = True) -> Lock:
    """Return the lock with what ``pins`` need at run time on any platform, and without what nothing needs.

    ``asking`` allows asking origins for sizes.
    """
    size = size_of(workspace) if asking else lambda artifact, platform: None  # noqa: ARG005
    references = [pin.reference for pin in pins]
    for pin in pins:
        known = lock.packages.get(str(pin.reference))
        if known is None or not resolvable(workspace, pin.reference):
            continue
        needed = _runtime_anywhere(workspace, pin.reference, references, lock)
        lock = lock.with_package(replace(known, runtime=tuple(sorted(map(str, needed)))))
        for reference in needed:
            held = lock.packages.get(str(reference))
            entry = workspace.catalog.get(reference.name)
            lock = lock.with_package(lock_package(entry, reference, held, size, workspace.today))
    return pruned(lock, pins)


def resolvable(workspace: Workspace, reference: Reference) -> bool:
    """Tell whether there is a manifest to ask; where there is none, what the lock says stays."""
    try:
        return workspace.catalog.find(reference.name) is not None
    except PkgsError:
        return False


def _runtime_anywhere(
    workspace: Workspace, reference: Reference, pinned: Sequence[Reference], lock: Lock
) -> set[Reference]:
    """Return what a package needs at run time on any platform that it is for, but for what is pinned."""
    found: set[Reference] = set()
    for platform in PLATFORMS:
        for package in known_packages(workspace, [reference], lock, platform):
            installed = known_packages(workspace, pinned, lock, platform) if _needs(package) else ()
            try:
                found.update(
                    each.reference for each in runtime_packages(workspace, package, installed, lock, platform)
                )
            except ResolveError:
                continue  # on this platform it was refused before anything was made present
    return found - set(pinned)


def _needs(package: Package) -> bool:
    return bool(package.runtime_dependencies)


def pruned(lock: Lock, pins: Sequence[Pin]) -> Lock:
    """Return the lock without packages that are neither pinned nor needed by a pinned one at run time."""
    names = {str(pin.reference) for pin in pins}
    needed = {each for name in names & lock.packages.keys() for each in lock.packages[name].runtime}
    return lock.only(names | needed)


def with_automatic(lock: Lock, pins: Iterable[Pin], automatic: set[str]) -> Lock:
    """Return the lock with exactly the pins of the packages named in ``automatic`` marked as such."""
    for pin in pins:
        known = lock.packages.get(str(pin.reference))
        if known and known.automatic != (pin.reference.name in automatic):
            lock = lock.with_package(replace(known, automatic=not known.automatic))
    return lock


def automatic_names(lock: Lock, pins: Iterable[Pin]) -> set[str]:
    """Return the names of pinned packages that came as requirements of others."""
    locked = ((pin.reference.name, lock.packages.get(str(pin.reference))) for pin in pins)
    return {name for name, package in locked if package and package.automatic}


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
    known = known or LockedPackage(str(package.reference), package.version)
    held = known.artifacts.get(workspace.platform, ())
    before = next((each for each in held if each.url == artifact.url), LockedArtifact(artifact.url))
    fresh = replace(
        before,
        sha256=artifact.digest.hex if artifact.digest else "",
        size=artifact.size,
        strip=artifact.strip,
        mirrors=artifact.mirrors,
        tree=str(installed.recorded),
        provenance=FROM_MANIFEST if _vouched(package, artifact) else FIRST_USE,
        commit=artifact.commit,
        etag=_etag(workspace, package, artifact, before),
    )
    others = [each for each in held if each.url != fresh.url]
    return replace(known, artifacts={**known.artifacts, workspace.platform: (fresh, *others)})


def _vouched(package: Package, artifact: Artifact) -> bool:
    """Tell whether the manifest itself says which bytes they are."""
    if artifact.commit:
        source = GitSource.parse(artifact.url)
        return source is not None and source.ref == artifact.commit
    digests = (origin.sha256 for origin in package.origins if origin.source == artifact.url)
    return artifact.url == NOTHING or any(digests)


def _etag(workspace: Workspace, package: Package, artifact: Artifact, before: LockedArtifact) -> str:
    """Return what the server calls the bytes, for channels that only this tells of an update."""
    if package.version or _vouched(package, artifact) or artifact.commit:
        return ""
    if before.etag and artifact.digest and before.sha256 == artifact.digest.hex:
        return before.etag
    return workspace.fetcher.probe(artifact.url, workspace.platform).etag
