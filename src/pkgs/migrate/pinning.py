"""What the lock can say of pins without asking any network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pkgs.artifact.model import Artifact
from pkgs.environment.lock import Lock, LockedSource
from pkgs.environment.pins import Pin
from pkgs.errors import PkgsError, SourceError
from pkgs.install.complete import with_runtime
from pkgs.install.locking import lock_package
from pkgs.install.workspace import Workspace
from pkgs.names import nearest
from pkgs.platforms import Platform
from pkgs.source.catalog import Catalog
from pkgs.source.model import Source

LOCKED = "locked"
LATER = "later"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A pin that is carried over, and how it stands.

    ``LOCKED``: the lock says which bytes. ``LATER``: its source has not been fetched yet, so the lock will.
    ``UNKNOWN``: no manifest provides it, and ``problem`` says so.
    """

    pin: Pin
    state: str = LOCKED
    version: str = ""
    problem: str = ""

    def document(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {
            "reference": str(self.pin.reference),
            "tools": list(self.pin.tools),
            "state": self.state,
            "version": self.version,
            **({"problem": self.problem} if self.problem else {}),
        }


def lock_pins(workspace: Workspace, pins: Sequence[Pin], lock: Lock) -> tuple[Lock, tuple[Pinned, ...]]:
    """Return the lock with all that the manifests at hand say of ``pins``, and how each pin stands."""
    found = []
    for pin in pins:
        lock, pinned = _lock(workspace, pin, lock)
        found.append(pinned)
    lock = _with_runtime(workspace, lock, [each.pin for each in found if each.state == LOCKED])
    sources = tuple(LockedSource(source.uri, _commit(source)) for source in workspace.catalog.sources)
    return replace(lock, sources=lock.sources or sources), tuple(found)


def _with_runtime(workspace: Workspace, lock: Lock, pins: Sequence[Pin]) -> Lock:
    """Return the lock with what the pins need at run time; where that cannot be told, `pkgs lock` will."""
    try:
        return with_runtime(workspace, lock, pins, asking=False)
    except PkgsError:
        return lock


def _lock(workspace: Workspace, pin: Pin, lock: Lock) -> tuple[Lock, Pinned]:
    catalog, known = workspace.catalog, lock.packages.get(str(pin.reference))
    if known:
        return lock, Pinned(pin, version=known.version)
    try:
        entry = catalog.find(pin.reference.name)
        if entry is None:
            return lock, Pinned(pin, UNKNOWN, problem=no_manifest(catalog, pin.reference.name))
        locked = lock_package(entry, pin.reference, None, _no_size, workspace.today)
    except SourceError:
        return lock, Pinned(pin, LATER, problem="its manifest's source is not on this machine yet")
    except PkgsError as error:
        return lock, Pinned(pin, UNKNOWN, problem=error.message)
    return lock.with_package(locked), Pinned(pin, version=locked.version)


def no_manifest(catalog: Catalog, name: str) -> str:
    """Return the sentence that says that no source knows ``name``, with the nearest name if one is alike."""
    near = nearest(name, catalog.names())
    return f"no source has a manifest of {name}{f'; the nearest is {near}' if near else ''}"


def _no_size(artifact: Artifact, platform: Platform) -> None:
    """Know no size: asking for one would need the network."""


def _commit(source: Source) -> str:
    try:
        return source.commit
    except PkgsError:
        return ""
