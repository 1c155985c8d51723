"""``pkgs lock``: the lock for all pins and all platforms, from one machine, without installing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pkgs.artifact.model import Artifact
from pkgs.artifact.select import artifacts_of
from pkgs.environment.complete import pruned, size_of
from pkgs.environment.freeze import frozen
from pkgs.environment.install import alone, frozen_error, write_lock
from pkgs.environment.lock import FIRST_USE, LockedArtifact, LockedPackage, LockedSource, read_lock
from pkgs.environment.locking import lock_package, symbolic
from pkgs.environment.pins import read_pins
from pkgs.environment.workspace import Workspace
from pkgs.errors import FetchError
from pkgs.platforms import Platform
from pkgs.references import Reference


def relock(workspace: Workspace, *, update: Sequence[str] | None = None, check: bool = False) -> bool:
    """Bring the lock up to date with pins and manifests; return whether that changes it.

    What the lock holds already is kept, but for the packages named in ``update`` (all, if it is empty):
    these follow their manifests, channels to their newest versions. ``check`` writes nothing and asks no
    network. Raises :class:`LockError` when frozen and not merely checking.
    """
    if workspace.frozen and not check:
        raise frozen_error(workspace, "the lock cannot be written")
    with alone(workspace):
        old = read_lock(workspace.environment.lock_file)
        references = [pin.reference for pin in read_pins(workspace.environment.bin_dir)]
        new = old
        for reference in references:
            known = None if _follows(reference, update) else old.packages.get(str(reference))
            new = new.with_package(_locked(workspace, reference, known, asking=not check))
        new = pruned(new, read_pins(workspace.environment.bin_dir))
        sources = tuple(LockedSource(source.uri, source.commit) for source in workspace.catalog.sources)
        new = replace(new, program=new.program or workspace.program(), sources=sources)
        return new != old if check else write_lock(workspace.environment.lock_file, old, new)


def _follows(reference: Reference, update: Sequence[str] | None) -> bool:
    return update is not None and (not update or reference.name in update or str(reference) in update)


def _locked(
    workspace: Workspace, reference: Reference, known: LockedPackage | None, *, asking: bool
) -> LockedPackage:
    entry = workspace.catalog.get(reference.name)
    ask = size_of(workspace) if asking else lambda artifact, platform: None  # noqa: ARG005
    locked = lock_package(entry, reference, known, ask, workspace.today)
    for platform in locked.undigested if asking else ():
        manifest = frozen(entry.manifest, reference, locked.version)
        package = symbolic(manifest, reference, platform, workspace.today)
        found = _first_use(workspace, package.reference, platform, artifacts_of(package))
        if found:
            locked = _digested(locked, platform, found)
    return locked


def _first_use(
    workspace: Workspace, reference: Reference, platform: Platform, artifacts: Sequence[Artifact]
) -> LockedArtifact | None:
    """Download what nobody has recorded a digest of, and record it; None if it cannot be had."""
    store, label = workspace.store, f"{reference} for {platform}"
    try:
        blob = store.blobs.ensure(artifacts, platform, workspace.fetcher, workspace.reporter, label)
    except FetchError as error:
        workspace.reporter.warn(f"{label}: no digest is known: {error.message}")
        return None
    workspace.reporter.warn(f"{label}: no digest was recorded; trusting {blob.digest} on first use")
    artifact = blob.artifact
    return LockedArtifact(
        artifact.url,
        blob.digest.hex,
        blob.size,
        artifact.strip,
        artifact.mirrors,
        provenance=FIRST_USE,
    )


def _digested(locked: LockedPackage, platform: Platform, found: LockedArtifact) -> LockedPackage:
    return replace(
        locked,
        artifacts={**locked.artifacts, platform: (found,)},
        undigested=tuple(each for each in locked.undigested if each != platform),
    )
