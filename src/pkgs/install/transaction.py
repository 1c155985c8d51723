"""Changing an environment: its lock and links together, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pkgs.digests import Digest
from pkgs.environment.commits import locked_commits
from pkgs.environment.journal import announce, read_bytes, retract
from pkgs.environment.lock import Lock, print_lock, read_lock
from pkgs.environment.pins import Pin, finish_change, link_changes, write_pins
from pkgs.environment.root import WRAPPER, Environment
from pkgs.errors import LockError, PkgsError, StoreError
from pkgs.install.changes import Changes, Move
from pkgs.install.materialise import Installed, locate
from pkgs.install.place import links_of
from pkgs.install.triggers import tell_trigger
from pkgs.install.workspace import Workspace
from pkgs.references import Reference
from pkgs.store.files import atomic_write


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a transaction did: the packages it made sure of, the pins it changed, and all changed paths."""

    installed: tuple[Installed, ...] = ()
    changes: Changes = field(default_factory=Changes)
    changed: tuple[Path, ...] = ()


@contextmanager
def alone(workspace: Workspace) -> Iterator[None]:
    """Let no other process change the same environment; what a killed one left undone is done first.

    Manifests are read as the lock has them now, though another process may have updated it since it was read.
    If the body fails, what it claimed is claimed no longer. A frozen workspace changes nothing, so it takes
    no lock: its state directory may be read-only.
    """
    if workspace.frozen:
        yield
        return
    environment = workspace.environment
    with workspace.store.roots.changing(workspace.owner, workspace.reporter):
        finish_change(environment.bin_dir)
        workspace.catalog.follow(locked_commits(environment.lock_file))
        yield


def frozen_error(workspace: Workspace, what: str) -> LockError:
    """Return the error of a change that a frozen workspace does not allow."""
    return LockError(
        f"{what}: pins and {workspace.environment.lock_file.name} are frozen (--frozen, or CI is set)",
        "run it without CI=true, or with --no-frozen, and commit the result",
    )


def commit(
    workspace: Workspace,
    pins: tuple[Sequence[Pin], Sequence[Pin]],
    locks: tuple[Lock, Lock],
    installed: tuple[Installed, ...],
    moved: Iterable[Move] = (),
) -> Outcome:
    """Turn the first pins and lock into the second; then let new packages act on being installed.

    If a link cannot be made, or such an action fails, everything is put back. If only gc cannot be told, all
    is done, so that is a warning: gc keeps what was claimed before. For whoever is alone.
    """
    environment = workspace.environment
    _refuse_changed(environment.lock_file, locks[0])
    changes = Changes.between(*pins, moved)
    wrote = locks[0] != locks[1]
    links = _turn(environment, pins, locks)
    try:
        fresh = [each.package for each in installed if each.package.reference in changes.added]
        tell_trigger(workspace, fresh, "install")
    except PkgsError:
        _turn(environment, (pins[1], pins[0]), (locks[1], locks[0]))
        raise
    try:
        record_roots(workspace, pins[1], locks[1], installed)
    except StoreError as error:
        workspace.reporter.warn(
            f"{error}: gc keeps what is not used any more, too, until the next change here"
        )
    return Outcome(installed, changes, (*links, *([environment.lock_file] if wrote else [])))


def _turn(
    environment: Environment, pins: tuple[Sequence[Pin], Sequence[Pin]], locks: tuple[Lock, Lock]
) -> list[Path]:
    """Replace the lock, then the links, and return the links that changed; both are put back on an error.

    Where the lock cannot be put back, or we are interrupted, the journal stays: it goes with the lock that is
    there, and whoever comes next carries it out.
    """
    bin_dir, lock_file = environment.bin_dir, environment.lock_file
    changes = link_changes(*pins)
    moves = locks[0] != locks[1]
    text = _text(locks[1]) if moves else read_bytes(lock_file)
    if changes:
        announce(bin_dir, changes, text)
    try:
        _put_lock(lock_file, *locks)
        links = _write_pins(environment, pins, locks)
    except PkgsError:
        if not moves or read_bytes(lock_file) != text:
            retract(bin_dir)
        raise
    retract(bin_dir)
    return links


def _write_pins(
    environment: Environment, pins: tuple[Sequence[Pin], Sequence[Pin]], locks: tuple[Lock, Lock]
) -> list[Path]:
    try:
        return write_pins(environment.bin_dir, *pins)
    except PkgsError:
        _put_lock(environment.lock_file, locks[1], locks[0])
        raise


def write_lock(path: Path, old: Lock, new: Lock) -> bool:
    """Write ``new`` where ``old`` was, if they differ; a lock that says nothing is no file.

    Raises :class:`LockError` where it is not ``old`` that is there, and :class:`StoreError`.
    """
    if new != old:
        _refuse_changed(path, old)
    return _put_lock(path, old, new)


def _refuse_changed(path: Path, old: Lock) -> None:
    """Raise :class:`LockError` unless the lock is as it was read: git and editors do not wait for us."""
    if read_lock(path) != old:
        raise LockError(
            f"{path} was changed by another program meanwhile, so nothing is written", "run the command again"
        )


def _put_lock(path: Path, old: Lock, new: Lock) -> bool:
    if new == old:
        return False
    text = _text(new)
    if text is None:
        path.unlink(missing_ok=True)
    else:
        atomic_write(path, text, durable=True)
    return True


def _text(lock: Lock) -> bytes | None:
    """Return what a lock's file holds; None where it says nothing and is no file."""
    return None if lock == Lock() else print_lock(lock).encode()


def record_roots(
    workspace: Workspace, pins: Iterable[Pin], lock: Lock, installed: Iterable[Installed] = ()
) -> None:
    """Tell gc exactly what the environment uses: all pins, and what these need at run time.

    Where a package cannot be resolved, so that its tree is unknown, whatever was claimed stays claimed too.
    """
    references = {pin.reference for pin in pins}
    needed = {
        Reference.parse(text)
        for reference in references
        if (package := lock.packages.get(str(reference)))
        for text in package.runtime
    }
    present = {each.package.reference: each for one in installed for each in (one, *one.dependencies)}
    found = [_uses(workspace, reference, lock, present.get(reference)) for reference in references | needed]
    known = [use for use in found if use]
    program = lock.program.sha256 if lock.program else ""
    environment = workspace.environment
    workspace.store.roots.record(
        workspace.owner,
        workspace.reporter,
        trees=[use.tree for use in known],
        blobs=[use.blob for use in known if use.blob] + ([Digest(program)] if program else []),
        links=[link for use in known for link in use.links],
        watched=[environment.lock_file.absolute(), environment.bin_dir.absolute() / WRAPPER],
        more=len(known) < len(found),
    )


@dataclass(frozen=True, slots=True)
class _Uses:
    """A package's tree (by key) and its download, as far as it is known, and its links outside the store."""

    tree: Digest
    blob: Digest | None
    links: tuple[Path, ...]


def _uses(
    workspace: Workspace, reference: Reference, lock: Lock, installed: Installed | None
) -> _Uses | None:
    if installed:
        links = links_of(workspace, installed.package)
        return _Uses(installed.tree.key, installed.artifact.digest, links)
    try:
        located = locate(workspace, reference, lock)
    except PkgsError:
        return None
    return _Uses(located.key, located.blob, links_of(workspace, located.package)) if located else None
