"""What the lock says of a package: made from its manifest, and held against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from pkgs.artifact.model import NOTHING, Artifact
from pkgs.artifact.select import artifacts_of
from pkgs.digests import Digest
from pkgs.environment.lock import LockedArtifact, LockedPackage
from pkgs.errors import LockError, ResolveError
from pkgs.install.freeze import frozen
from pkgs.manifest.model import Manifest
from pkgs.package.model import Package, Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import ExactSelector
from pkgs.platforms import PLATFORMS, Platform
from pkgs.references import Reference
from pkgs.source.catalog import Entry

SizeOf = Callable[[Artifact, Platform], int | None]


def symbolic(manifest: Manifest, reference: Reference, platform: Platform, today: date) -> Package:
    """Resolve exactly ``reference``, with symbols where places would stand."""
    return resolve(manifest, ExactSelector(reference), platform, Places.symbolic(), today=today)


def lock_package(
    entry: Entry, reference: Reference, known: LockedPackage | None, size_of: SizeOf, today: date
) -> LockedPackage:
    """Return the lock's entry of ``reference`` for all platforms.

    ``known`` is what the lock holds already: a channel stays at its version, and sizes, trees and digests
    recorded on first use are kept. ``size_of`` is asked for the sizes that are not known.
    """
    manifest = frozen(entry.manifest, reference, known.version if known else "")
    packages = dict(_by_platform(manifest, reference, today))
    if not packages:
        raise ResolveError("no-source", f"{reference} has no source for any platform")
    artifacts = {
        platform: _locked(package, platform, known, size_of) for platform, package in packages.items()
    }
    return LockedPackage(
        reference=str(reference),
        version=next(iter(packages.values())).version,
        source=entry.source.uri,
        artifacts={platform: locked for platform, locked in artifacts.items() if locked},
        undigested=tuple(sorted(platform for platform, locked in artifacts.items() if not locked)),
        automatic=known.automatic if known else False,
        runtime=known.runtime if known else (),
    )


def _by_platform(manifest: Manifest, reference: Reference, today: date) -> list[tuple[Platform, Package]]:
    packages = []
    for platform in PLATFORMS:
        try:
            packages.append((platform, symbolic(manifest, reference, platform, today)))
        except ResolveError as error:
            if error.kind not in ("no-source", "no-binaries"):
                raise
    return packages


def _locked(
    package: Package, platform: Platform, known: LockedPackage | None, size_of: SizeOf
) -> tuple[LockedArtifact, ...]:
    kept = dict(_kept(platform, known)) if known else {}
    sizes = _sizes(known) if known else {}
    merged = (_merged(artifact, kept.get(artifact.url)) for artifact in artifacts_of(package))
    return tuple(_sized(artifact, platform, sizes, size_of) for artifact in merged if artifact)


def _sizes(known: LockedPackage) -> dict[str, int | None]:
    """Return the size of each digest: many a package has one archive for several platforms."""
    every = (artifact for artifacts in known.artifacts.values() for artifact in artifacts)
    return {artifact.sha256: artifact.size for artifact in every if artifact.size is not None}


def _kept(platform: Platform, known: LockedPackage) -> Iterator[tuple[str, LockedArtifact]]:
    """Yield what is known of each URL; a commit that is known for one platform is for all."""
    for artifacts in known.artifacts.values():
        yield from ((artifact.url, replace(artifact, tree="")) for artifact in artifacts if artifact.commit)
    yield from ((artifact.url, artifact) for artifact in known.artifacts.get(platform, ()))


def _merged(artifact: Artifact, kept: LockedArtifact | None) -> LockedArtifact | None:
    if artifact.url == NOTHING:
        return LockedArtifact(NOTHING)
    if artifact.digest is None:
        return replace(kept, mirrors=artifact.mirrors, strip=artifact.strip) if kept else None
    fresh = LockedArtifact(artifact.url, artifact.digest.hex, artifact.size, artifact.strip, artifact.mirrors)
    if kept and kept.sha256 == fresh.sha256:
        tree = kept.tree if kept.strip == fresh.strip else ""
        return replace(fresh, size=kept.size, tree=tree, provenance=kept.provenance, etag=kept.etag)
    return fresh


def _sized(
    artifact: LockedArtifact, platform: Platform, sizes: Mapping[str, int | None], size_of: SizeOf
) -> LockedArtifact:
    if artifact.size is not None or not artifact.sha256:
        return artifact
    size = sizes.get(artifact.sha256)
    return replace(artifact, size=size_of(to_artifact(artifact), platform) if size is None else size)


def to_artifact(locked: LockedArtifact) -> Artifact:
    """Return what to fetch for a lock's entry."""
    digest = Digest(locked.sha256) if locked.sha256 else None
    return Artifact(locked.url, digest, locked.size, locked.strip, locked.mirrors, locked.commit)


def refuse_contradiction(package: Package, locked: LockedPackage) -> None:
    """Raise :class:`LockError` naming both digests when manifest and lock disagree about one URL."""
    in_lock = {artifact.url: artifact.sha256 for artifact in locked.artifacts.get(package.platform, ())}
    for origin in package.origins:
        held = in_lock.get(origin.source)
        if held and origin.sha256 and held != origin.sha256.lower():
            raise LockError(
                f"{package.reference} on {package.platform}: the manifest says sha256 {origin.sha256}, "
                f"the lock says {held} ({origin.source})",
                "find out which is right; to follow the manifest, run: pkgs lock --update "
                + str(package.reference),
            )


def covered(locked: LockedPackage | None, reference: Reference, platform: Platform) -> LockedPackage:
    """Return ``locked`` if it covers ``platform``; otherwise raise :class:`LockError` with what to run."""
    if locked and locked.artifacts.get(platform):
        return locked
    if locked and platform in locked.undigested:
        raise LockError(
            f"the lock has no digest of {reference} for {platform}: nobody has recorded one",
            f"on {platform}, run: pkgs install --no-frozen; then commit pkgs.lock",
        )
    raise LockError(
        f"the lock does not cover {reference} on {platform}",
        "run: pkgs lock; then commit pkgs.lock",
    )
