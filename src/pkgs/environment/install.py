"""Installing and uninstalling: one transaction over lock, links and store.

Everything that can fail for a reason of the outside world (resolving, fetching, unpacking) happens before
the environment changes. Then the lock is written, then the links; if a link cannot be made, both are put
back. A kill in between leaves a lock that says more than the links need, which the next command prunes.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from pkgs.digests import digest_bytes
from pkgs.environment.choose import choose
from pkgs.environment.complete import completed, pruned
from pkgs.environment.expose import tools
from pkgs.environment.lock import Lock, print_lock, read_lock
from pkgs.environment.materialise import Installed, materialise, materialise_all
from pkgs.environment.pins import Pin, read_pins, write_pins
from pkgs.environment.workspace import Workspace
from pkgs.errors import EnvError, LockError, PkgsError
from pkgs.names import did_you_mean
from pkgs.references import Reference
from pkgs.store.files import atomic_write


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a transaction did: packages that it made sure of, references that came and went, paths it changed."""

    installed: tuple[Installed, ...] = ()
    added: tuple[Reference, ...] = ()
    removed: tuple[Reference, ...] = ()
    changed: tuple[Path, ...] = ()


def install(workspace: Workspace, selectors: Sequence[str]) -> Outcome:
    """Pin what ``selectors`` name and make it present; without any, make everything pinned present.

    All or nothing: on any error environment and lock are as they were. Raises :class:`PkgsError`.
    """
    with alone(workspace):
        pins, lock = read_pins(workspace.environment.bin_dir), read_lock(workspace.environment.lock_file)
        wanted = choose(workspace, selectors, pins)
        if workspace.frozen:
            _refuse_new(workspace, wanted, pins)
        installed = materialise_all(workspace, wanted, lock)
        after = _with(pins, installed)
        if workspace.frozen:
            return Outcome(installed)
        return _commit(workspace, pins, after, lock, completed(workspace, lock, installed, after), installed)


def make_present(workspace: Workspace, reference: Reference) -> Installed:
    """Make one pinned package present for a call, recording in the lock what was learnt."""
    lock = read_lock(workspace.environment.lock_file)
    installed = materialise(workspace, reference, lock.packages.get(str(reference)))
    if workspace.frozen or _recorded(installed, lock, workspace):
        return installed
    with alone(workspace):
        pins, lock = read_pins(workspace.environment.bin_dir), read_lock(workspace.environment.lock_file)
        write_lock(workspace.environment.lock_file, lock, completed(workspace, lock, [installed], pins))
    return installed


def _recorded(installed: Installed, lock: Lock, workspace: Workspace) -> bool:
    package = lock.packages.get(str(installed.package.reference))
    held = package.artifacts.get(workspace.platform, ()) if package else ()
    return any(each.url == installed.artifact.url for each in held)


def uninstall(workspace: Workspace, names: Sequence[str]) -> Outcome:
    """Remove the pins of the named packages; what was unpacked stays in the store until gc.

    Raises :class:`EnvError` for a name that is not pinned, before anything changes.
    """
    with alone(workspace):
        pins, lock = read_pins(workspace.environment.bin_dir), read_lock(workspace.environment.lock_file)
        doomed = {_pinned(name, pins) for name in names}
        if workspace.frozen:
            raise frozen_error(workspace, f"{', '.join(names)} cannot be removed")
        after = tuple(pin for pin in pins if pin not in doomed)
        return _commit(workspace, pins, after, lock, pruned(lock, after), ())


def alone(workspace: Workspace) -> AbstractContextManager[None]:
    """Return a context in which no other process changes the same environment."""
    bin_dir = workspace.environment.bin_dir.resolve()
    return workspace.store.locks.hold(
        f"env-{digest_bytes(bytes(bin_dir)).hex[:32]}",
        what=f"the environment in {bin_dir}",
        waiting=workspace.reporter.info,
    )


def frozen_error(workspace: Workspace, what: str) -> LockError:
    """Return the error of a change that a frozen workspace does not allow."""
    return LockError(
        f"{what}: pins and {workspace.environment.lock_file.name} are frozen (--frozen, or CI is set)",
        "run it without CI=true, or with --no-frozen, and commit the result",
    )


def _refuse_new(workspace: Workspace, wanted: Sequence[Reference], pins: Sequence[Pin]) -> None:
    new = [str(reference) for reference in wanted if reference not in {pin.reference for pin in pins}]
    if new:
        raise frozen_error(workspace, f"{', '.join(new)} cannot be pinned")


def _pinned(name: str, pins: Sequence[Pin]) -> Pin:
    for pin in pins:
        if name in (pin.reference.name, str(pin.reference)):
            return pin
    known = [pin.reference.name for pin in pins]
    raise EnvError(f"{name} is not installed here{did_you_mean(name, known)}", "see: pkgs list")


def _with(pins: Sequence[Pin], installed: Sequence[Installed]) -> tuple[Pin, ...]:
    """Return the pins with those of ``installed`` in the place of any of the same name."""
    fresh = {
        each.package.reference.name: Pin(each.package.reference, tuple(tools(each.package)))
        for each in installed
    }
    kept = [pin for pin in pins if pin.reference.name not in fresh]
    after = sorted((*kept, *fresh.values()), key=lambda pin: pin.link)
    _refuse_conflicts(after)
    return tuple(after)


def _refuse_conflicts(pins: Sequence[Pin]) -> None:
    owners: dict[str, Reference] = {}
    for pin in pins:
        for tool in pin.tools:
            owner = owners.setdefault(tool, pin.reference)
            if owner != pin.reference:
                raise EnvError(
                    f"both {owner} and {pin.reference} provide the tool {tool!r}",
                    f"leave one out, or first: pkgs uninstall {owner.name}",
                )


def _commit(
    workspace: Workspace,
    before: tuple[Pin, ...],
    after: tuple[Pin, ...],
    old: Lock,
    new: Lock,
    installed: tuple[Installed, ...],
) -> Outcome:
    environment = workspace.environment
    wrote = write_lock(environment.lock_file, old, new)
    try:
        links = write_pins(environment.bin_dir, before, after)
    except PkgsError:
        write_lock(environment.lock_file, new, old)
        raise
    were, are = {pin.reference for pin in before}, {pin.reference for pin in after}
    changed = (*links, *([environment.lock_file] if wrote else []))
    return Outcome(installed, tuple(sorted(are - were, key=str)), tuple(sorted(were - are, key=str)), changed)


def write_lock(path: Path, old: Lock, new: Lock) -> bool:
    """Write ``new`` where ``old`` was, if they differ; a lock that says nothing is no file."""
    if new == old:
        return False
    if new == Lock():
        path.unlink(missing_ok=True)
    else:
        atomic_write(path, print_lock(new).encode())
    return True
