"""``pkgs lock``: the lock for all pins and all platforms, from one machine, without installing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pkgs.artifact.select import artifacts_of
from pkgs.environment.lock import FIRST_USE, Lock, LockedArtifact, LockedPackage, LockedSource, read_lock
from pkgs.environment.pins import Pin, read_pins
from pkgs.errors import EnvError, FetchError
from pkgs.install.complete import automatic_names, size_of, with_automatic, with_runtime
from pkgs.install.freeze import frozen
from pkgs.install.locking import lock_package, symbolic
from pkgs.install.obtain import had
from pkgs.install.transaction import alone, frozen_error, write_lock
from pkgs.install.workspace import Workspace
from pkgs.names import did_you_mean
from pkgs.package.model import Package
from pkgs.platforms import Platform
from pkgs.references import Reference


def relock(workspace: Workspace, *, update: Sequence[str] | None = None, check: bool = False) -> bool:
    """Bring the lock up to date with pins and manifests; return whether that changes it.

    What the lock holds already is kept, but for the packages named in ``update`` (all, if it is empty):
    these follow their manifests, channels to their newest versions. ``check`` writes nothing and asks no
    network. Raises :class:`LockError` when frozen and not merely checking, and :class:`EnvError` where
    ``update`` names no package here.
    """
    if workspace.frozen and not check:
        raise frozen_error(workspace, "the lock cannot be written")
    with alone(workspace):
        old, pins = read_lock(workspace.environment.lock_file), read_pins(workspace.environment.bin_dir)
        new = _forgotten(old, pins, update)
        for pin in pins:
            known = new.packages.get(str(pin.reference))
            new = new.with_package(_locked(workspace, pin.reference, known, asking=not check))
        new = with_automatic(new, pins, automatic_names(old, pins))
        new = with_runtime(workspace, new, pins, asking=not check)
        if not check:
            new = _with_digests(workspace, new)
        sources = tuple(LockedSource(source.uri, source.commit) for source in workspace.catalog.sources)
        new = replace(new, program=new.program or workspace.program(), sources=sources)
        return new != old if check else write_lock(workspace.environment.lock_file, old, new)


def _forgotten(lock: Lock, pins: Sequence[Pin], update: Sequence[str] | None) -> Lock:
    """Return the lock without the packages named in ``update``: none if that is None, all if it is empty."""
    if update is None:
        return lock
    references = {*map(Reference.parse, lock.packages), *(pin.reference for pin in pins)}
    names = {text for reference in references for text in (reference.name, str(reference))}
    for text in update:
        if text not in names:
            likely = did_you_mean(text, names)
            raise EnvError(f"{text} is neither pinned nor needed here{likely}", "see: pkgs list")
    followed = {str(each) for each in references if not update or {each.name, str(each)} & {*update}}
    return lock.only(lock.packages.keys() - followed)


def _locked(
    workspace: Workspace, reference: Reference, known: LockedPackage | None, *, asking: bool
) -> LockedPackage:
    entry = workspace.catalog.get(reference.name)
    ask = size_of(workspace) if asking else lambda artifact, platform: None  # noqa: ARG005
    return lock_package(entry, reference, known, ask, workspace.today)


def _with_digests(workspace: Workspace, lock: Lock) -> Lock:
    """Return the lock with digests of what nobody has recorded one of, as far as it can be had."""
    for locked in list(lock.packages.values()):
        reference = Reference.parse(locked.reference)
        manifest = frozen(workspace.catalog.get(reference.name).manifest, reference, locked.version)
        for platform in locked.undigested:
            package = symbolic(manifest, reference, platform, workspace.today)
            found = _first_use(workspace, package, platform)
            if found:
                lock = lock.with_package(_digested(lock.packages[locked.reference], platform, found))
    return lock


def _first_use(workspace: Workspace, package: Package, platform: Platform) -> LockedArtifact | None:
    """Get what nobody has recorded a digest of, and record it; None if it cannot be had."""
    label = f"{package.reference} for {platform}"
    try:
        artifact = had(workspace, artifacts_of(package), platform, label)
    except FetchError as error:
        workspace.reporter.warn(f"{label}: no digest is known: {error.message}")
        return None
    sha256 = artifact.digest.hex if artifact.digest else ""
    return LockedArtifact(
        artifact.url,
        sha256,
        artifact.size,
        artifact.strip,
        artifact.mirrors,
        provenance=FIRST_USE,
        commit=artifact.commit,
    )


def _digested(locked: LockedPackage, platform: Platform, found: LockedArtifact) -> LockedPackage:
    return replace(
        locked,
        artifacts={**locked.artifacts, platform: (found,)},
        undigested=tuple(each for each in locked.undigested if each != platform),
    )
