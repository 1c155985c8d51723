"""Upgrading: versions within their major one, channels to where they stand (hermit, env.go:796-804)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pkgs.environment.lock import FIRST_USE, Lock, LockedPackage, read_lock
from pkgs.environment.pins import Pin, read_pins
from pkgs.errors import PkgsError
from pkgs.install.changes import Changes, Move
from pkgs.install.checks import Checks
from pkgs.install.choose import pinned_as, with_requirements
from pkgs.install.install import carry_out, planned
from pkgs.install.locking import to_artifact
from pkgs.install.transaction import Outcome, alone, frozen_error
from pkgs.install.workspace import Workspace
from pkgs.package.model import Package, Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import ExactSelector, PrefixSelector, Selector
from pkgs.references import Reference
from pkgs.versions import Version


def upgrade(
    workspace: Workspace, names: Sequence[str], *, now: Callable[[], float], dry_run: bool = False
) -> Outcome:
    """Pin the newest version of the same major one, and let channels move; of all packages without ``names``.

    A channel without a version is asked for by its ETag; without ``names`` only when its update interval is
    over. A package that cannot be resolved any more is told of and left as it is, unless it is named.
    ``now`` is the time in seconds since the epoch. Raises :class:`PkgsError`; then nothing has changed.
    """
    with alone(workspace):
        pins, lock = read_pins(workspace.environment.bin_dir), read_lock(workspace.environment.lock_file)
        chosen = [pinned_as(name, pins) for name in names] or pins
        checks = Checks(workspace, now, always=bool(names))
        found = {pin.reference: _newest(workspace, pin, must=bool(names)) for pin in chosen}
        newest = {reference: package for reference, package in found.items() if package}
        moves = [move for package in newest.values() if (move := _move(workspace, package, lock, checks))]
        moving = {move.reference for move in moves}
        changing = [each for old, each in newest.items() if each.reference != old or old in moving]
        choice = with_requirements(workspace, changing, pins, lock)
        changes = Changes.between(pins, planned(pins, choice), moves)
        if dry_run:
            return Outcome(changes=changes)
        checks.remember(newest)
        if changes == Changes():
            return Outcome()
        if workspace.frozen:
            raise frozen_error(workspace, "nothing can be upgraded")
        outcome = carry_out(workspace, choice, pins, _carried(lock, newest, moves), wished=False, old=lock)
        return replace(outcome, changes=changes)


def _newest(workspace: Workspace, pin: Pin, *, must: bool) -> Package | None:
    """Return what a pin is to become; None, with a word, for one that cannot be resolved."""
    reference = pin.reference
    try:
        manifest = workspace.catalog.get(reference.name).manifest
        return resolve(
            manifest, _follows(reference), workspace.platform, Places.symbolic(), today=workspace.today
        )
    except PkgsError as error:
        if must:
            raise
        workspace.reporter.warn(f"{reference} stays as it is: {error.message}")
        return None


def _follows(reference: Reference) -> Selector:
    if reference.channel:
        return ExactSelector(reference)
    major = Version.parse(reference.version).major().text
    return PrefixSelector(Reference(reference.name, version=major))


def _move(workspace: Workspace, package: Package, lock: Lock, checks: Checks) -> Move | None:
    """Return how a channel moves, if it does."""
    reference = package.reference
    if not reference.channel:
        return None
    locked = lock.packages.get(str(reference))
    if package.version:
        before = locked.version if locked else ""
        return Move(reference, before, package.version) if before != package.version else None
    held = locked.artifacts.get(workspace.platform, ()) if locked else ()
    first = held[0] if held else None
    if first is None or first.provenance != FIRST_USE or not checks.due(package):
        return None
    after = checks.changed(to_artifact(first), first)
    return Move(reference, first.etag or first.commit, after) if after else None


def _carried(lock: Lock, newest: dict[Reference, Package], moves: Sequence[Move]) -> Lock:
    """Return the lock to upgrade from: automatic pins stay so, and what moves is not held any more."""
    for before, package in newest.items():
        held = lock.packages.get(str(before))
        if held and package.reference != before:
            fresh = LockedPackage(str(package.reference), package.version, automatic=held.automatic)
            lock = lock.with_package(fresh)
    for move in moves:
        held = lock.packages.get(str(move.reference))
        fresh = LockedPackage(str(move.reference), "", automatic=held.automatic if held else False)
        lock = lock.with_package(fresh)
    return lock
