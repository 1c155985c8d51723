"""Installing and uninstalling: one transaction over lock, links and store.

Everything that can fail for a reason of the outside world (resolving, fetching, unpacking) happens before
the environment changes. Then the lock is written, then the links; if a link cannot be made, both are put
back. A kill in between leaves a lock that says more than the links need, which the next command prunes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pkgs.environment.expose import tools
from pkgs.environment.lock import Lock, LockedPackage, read_lock
from pkgs.environment.pinned import read_pins_and_lock
from pkgs.environment.pins import Pin, read_pins
from pkgs.errors import EnvError, PkgsError
from pkgs.install.changes import Changes
from pkgs.install.choose import Choice, choose, choose_pinned, pinned_as
from pkgs.install.complete import automatic_names, completed, with_automatic, with_runtime
from pkgs.install.materialise import Installed, locate, materialise
from pkgs.install.needed import needless, unmet, with_requirements
from pkgs.install.place import discard_copy
from pkgs.install.transaction import Outcome, alone, commit, frozen_error, write_lock
from pkgs.install.triggers import tell_trigger
from pkgs.install.wanted import known_packages
from pkgs.install.workspace import Workspace
from pkgs.package.model import Package
from pkgs.references import Reference


def install(workspace: Workspace, selectors: Sequence[str], *, dry_run: bool = False) -> Outcome:
    """Pin what ``selectors`` name and what that requires; without any, make everything pinned present.

    All or nothing: on any error environment and lock are as they were. ``dry_run`` only tells what pins
    would change. Raises :class:`PkgsError`.
    """
    with alone(workspace):
        pins, lock = read_pins(workspace.environment.bin_dir), read_lock(workspace.environment.lock_file)
        choice = (
            choose(workspace, selectors, pins, lock) if selectors else choose_pinned(workspace, pins, lock)
        )
        _refuse_new(workspace, choice, pins)
        if dry_run:
            return Outcome(changes=Changes.between(pins, planned(pins, choice)))
        return carry_out(workspace, choice, pins, lock, wished=bool(selectors))


def carry_out(
    workspace: Workspace,
    choice: Choice,
    pins: tuple[Pin, ...],
    lock: Lock,
    *,
    wished: bool,
    old: Lock | None = None,
) -> Outcome:
    """Make a choice present and pin it; for whoever is alone.

    ``wished`` says that the named packages are the user's own wish, no requirement of others any more.
    ``old`` is the lock on disk where that is not ``lock``.
    """
    references = [pin.reference for pin in planned(pins, choice)]
    installed = materialise(
        workspace, choice.references, lock, lambda: known_packages(workspace, references, lock)
    )
    if workspace.frozen:
        return Outcome(installed)
    after = _with(pins, installed)
    automatic = automatic_names(lock, pins) | {each.name for each in choice.required}
    if wished:
        automatic -= {each.name for each in choice.named}
    if pins != after:
        dropped = needless(workspace, after, lock, automatic)
        after = tuple(pin for pin in after if pin not in dropped)
    new = with_automatic(completed(workspace, lock, installed, after), after, automatic)
    outcome = commit(workspace, (pins, after), (old or lock, new), installed)
    for reference in outcome.changes.removed:
        discard_copy(workspace, reference)
    return outcome


def uninstall(workspace: Workspace, names: Sequence[str], *, dry_run: bool = False) -> Outcome:
    """Remove the pins of the named packages and the requirements that only these had.

    What was unpacked stays in the store until gc. Raises :class:`EnvError` for a name that is not pinned,
    before anything changes.
    """
    with alone(workspace):
        pins, lock = read_pins(workspace.environment.bin_dir), read_lock(workspace.environment.lock_file)
        doomed = {pinned_as(name, pins) for name in names}
        if workspace.frozen:
            raise frozen_error(workspace, f"{', '.join(names)} cannot be removed")
        after = tuple(pin for pin in pins if pin not in doomed)
        dropped = needless(workspace, after, lock, automatic_names(lock, pins))
        after = tuple(pin for pin in after if pin not in dropped)
        if dry_run:
            return Outcome(changes=Changes.between(pins, after))
        return _remove(workspace, pins, after, lock)


def _remove(workspace: Workspace, pins: tuple[Pin, ...], after: tuple[Pin, ...], lock: Lock) -> Outcome:
    gone = [pin.reference for pin in pins if pin not in after]
    leaving = _present(workspace, gone, lock)
    outcome = commit(workspace, (pins, after), (lock, with_runtime(workspace, lock, after, asking=False)), ())
    try:
        tell_trigger(workspace, leaving, "uninstall")
    except PkgsError as error:
        workspace.reporter.warn(f"the packages are removed, but {error.message}")
    for reference in gone:
        discard_copy(workspace, reference)
    for sentence in unmet(workspace, after, lock):
        workspace.reporter.warn(sentence)
    return outcome


def make_present(workspace: Workspace, reference: Reference) -> Installed:
    """Make one pinned package present for a call, and the pinned ones that it requires.

    What was learnt is recorded in the lock, unless the workspace is frozen.
    """
    environment = workspace.environment
    pins, lock = read_pins_and_lock(environment)
    references = [pin.reference for pin in pins]
    wanted = _with_required(workspace, reference, references, lock)
    present = materialise(workspace, wanted, lock, lambda: known_packages(workspace, references, lock))
    if workspace.frozen or all(_recorded(workspace, each, lock) for each in present):
        return present[0]
    with alone(workspace):
        pins, lock = read_pins(environment.bin_dir), read_lock(environment.lock_file)
        write_lock(environment.lock_file, lock, completed(workspace, lock, present, pins))
    return present[0]


def _with_required(
    workspace: Workspace, reference: Reference, pinned: Sequence[Reference], lock: Lock
) -> list[Reference]:
    """Return a pinned reference and the pinned ones that meet its requirements, and so on."""
    package = known_packages(workspace, [reference], lock)
    if not any(each.requires for each in package):
        return [reference]
    closed = with_requirements(package, known_packages(workspace, pinned, lock))
    return [each.reference for each in closed]


def install_on_activate(workspace: Workspace) -> None:
    """Make present the pinned packages that the configuration wants there at every activation.

    Names that are not pinned are passed over (hermit, env.go:451-472). What cannot be had is warned of: its
    first call will try again.
    """
    wanted = workspace.config.install_on_activate
    pins = read_pins(workspace.environment.bin_dir) if wanted else ()
    for reference in (pin.reference for pin in pins if pin.reference.name in wanted):
        try:
            make_present(workspace, reference)
        except PkgsError as error:
            workspace.reporter.warn(f"{reference} is not present: {error.message}")


def _recorded(workspace: Workspace, installed: Installed, lock: Lock) -> bool:
    """Tell whether the lock covers a package and what it needs, as they came."""
    return all(
        _covers(lock.packages.get(str(each.package.reference)), each, workspace)
        for each in (installed, *installed.dependencies)
    )


def _covers(locked: LockedPackage | None, installed: Installed, workspace: Workspace) -> bool:
    held = locked.artifacts.get(workspace.platform, ()) if locked else ()
    return any(each.url == installed.artifact.url for each in held)


def _present(workspace: Workspace, references: Sequence[Reference], lock: Lock) -> list[Package]:
    """Return those packages that are there, to act on their going."""
    found = []
    for reference in references:
        try:
            located = locate(workspace, reference, lock)
        except PkgsError:
            continue  # without its manifest nobody knows what it would do
        if located and Path(located.package.root).exists():
            found.append(located.package)
    return found


def _refuse_new(workspace: Workspace, choice: Choice, pins: Sequence[Pin]) -> None:
    pinned = {pin.reference for pin in pins}
    new = [str(reference) for reference in choice.references if reference not in pinned]
    if new and workspace.frozen:
        raise frozen_error(workspace, f"{', '.join(new)} cannot be pinned")


def planned(pins: Sequence[Pin], choice: Choice) -> tuple[Pin, ...]:
    """Return the pins as they will be, without tools where these are not known before unpacking."""
    fresh = {each.name for each in choice.references}
    kept = [pin for pin in pins if pin.reference in choice.references or pin.reference.name not in fresh]
    there = {pin.reference for pin in kept}
    return (*kept, *(Pin(each, ()) for each in choice.references if each not in there))


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
