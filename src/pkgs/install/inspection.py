"""Whether what an environment pins is present, whole and runnable; and mending it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pkgs.environment.expose import tools
from pkgs.environment.lock import Lock
from pkgs.environment.pinned import read_pins_and_lock
from pkgs.environment.pins import Pin, read_pins
from pkgs.errors import PkgsError
from pkgs.install.choose import pinned_as
from pkgs.install.materialise import Located, locate, materialise
from pkgs.install.obtain import obtain
from pkgs.install.place import at, discard_copy
from pkgs.install.place import located as placed
from pkgs.install.recorded import recorded_tree
from pkgs.install.wanted import Wanted, known_packages, wanted
from pkgs.install.workspace import Workspace
from pkgs.package.model import Package
from pkgs.platforms import Platform
from pkgs.references import Reference
from pkgs.store.blobs import blob_lock
from pkgs.store.records import read_record
from pkgs.store.verify import Condition, Expectation, drop_bad_blob, examine

UNKNOWN = "unknown"
BROKEN = "broken"
_ELF_MACHINES = {62: "amd64", 183: "arm64"}
_LONGEST_FIRST_LINE = 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """How a package was found.

    ``condition`` is ``whole``, ``damaged`` (other bytes than were unpacked), ``broken`` (its tools cannot run
    here), ``missing`` or ``unknown`` (no manifest fits). ``faults`` name files and what is wrong with each.
    """

    reference: Reference
    condition: str
    faults: tuple[str, ...] = ()
    repaired: bool = False

    @property
    def good(self) -> bool:
        """Whether there is nothing to do."""
        return self.condition == Condition.WHOLE.value

    def document(self) -> Mapping[str, object]:
        """Return it as plain values for JSON."""
        return {
            "reference": str(self.reference),
            "condition": self.condition,
            "faults": list(self.faults),
            "repaired": self.repaired,
        }


def inspect(
    workspace: Workspace, names: Sequence[str], *, deep: bool, repair: bool = False
) -> Iterator[Finding]:
    """Yield how each of the packages that ``names`` pin, or all, and what they need at run time is.

    ``deep`` reads every byte. ``repair`` makes again what is not whole, from the download in the store or
    from its origin. Raises :class:`EnvError` for a name that is not pinned.
    """
    pins, lock = read_pins_and_lock(workspace.environment)
    for reference in _references(pins, names, lock):
        finding = _finding(workspace, reference, lock, deep)
        if repair and not finding.good and finding.condition != UNKNOWN:
            finding = _repaired(workspace, finding, lock, deep)
        yield finding


def _references(pins: Sequence[Pin], names: Sequence[str], lock: Lock) -> list[Reference]:
    chosen = [pinned_as(name, pins).reference for name in names] or [pin.reference for pin in pins]
    locked = (lock.packages.get(str(reference)) for reference in chosen)
    needed = (Reference.parse(text) for package in locked if package for text in package.runtime)
    return list(dict.fromkeys((*chosen, *needed)))


def _finding(workspace: Workspace, reference: Reference, lock: Lock, deep: bool) -> Finding:
    try:
        located = locate(workspace, reference, lock)
    except PkgsError as error:
        return Finding(reference, UNKNOWN, (error.message,))
    if located is None:
        return Finding(reference, Condition.MISSING.value, ("nobody has recorded a digest of it",))
    expectation = _expectation(workspace, reference, located, lock)
    verdict = examine(workspace.state, expectation, deep=deep)
    if verdict.condition is not Condition.WHOLE:
        return Finding(reference, verdict.condition.value, verdict.faults)
    faults = tuple(_cannot_run(located.package))
    return Finding(reference, BROKEN if faults else verdict.condition.value, faults)


def _expectation(workspace: Workspace, reference: Reference, located: Located, lock: Lock) -> Expectation:
    """Return what should be there; the tree's digest only where it contradicts what the lock records."""
    record, expected = read_record(workspace.state, located.key), None
    if record:
        request = wanted(workspace, reference, lock)
        recorded = recorded_tree(workspace.state, request, located.key, record.tree)
        expected = None if recorded.stands else recorded.digest
    return Expectation(str(reference), located.key, expected, located.blob)


def _repaired(workspace: Workspace, found: Finding, lock: Lock, deep: bool) -> Finding:
    try:
        _make_again(workspace, found, lock)
    except PkgsError as error:
        why = "; ".join(filter(None, (error.message, error.hint)))
        return replace(found, faults=(*found.faults, f"it cannot be repaired: {why}"))
    return replace(_finding(workspace, found.reference, lock, deep), repaired=True)


def _make_again(workspace: Workspace, found: Finding, lock: Lock) -> None:
    located = locate(workspace, found.reference, lock)
    if located and located.blob:
        what, waiting = str(found.reference), workspace.reporter.info
        with workspace.store.locks.hold(blob_lock(located.blob.hex), what=what, waiting=waiting):
            drop_bad_blob(workspace.state, located.blob)
    if found.condition != Condition.MISSING.value:
        request = wanted(workspace, found.reference, lock)
        _, tree = obtain(workspace, request, anew=True)
        _give_up_copy(workspace, request, tree.path)
    pins = [pin.reference for pin in read_pins(workspace.environment.bin_dir)]
    materialise(workspace, [found.reference], lock, lambda: known_packages(workspace, pins, lock))


def _give_up_copy(workspace: Workspace, request: Wanted, tree: Path) -> None:
    """Remove a package's writable copy if it has lost what makes its tools run, and the tree has it."""
    package = placed(workspace, request.entry.manifest, request.reference, tree)
    if not package.mutable or not Path(package.root).exists() or not any(_cannot_run(package)):
        return
    if not any(_cannot_run(at(workspace, request.unplaced, request.reference, tree))):
        what = f"what was changed in {package.root} is lost, since it is made afresh"
        workspace.reporter.warn(f"{request.reference}: {what}")
        discard_copy(workspace, request.reference)


def _cannot_run(package: Package) -> Iterator[str]:
    """Yield what keeps a package's tools from running."""
    if not Path(package.root).is_dir():
        yield f"{package.root}: missing"
        return
    try:
        found = tools(package)
    except PkgsError as error:
        yield f"{package.root}: {error.message}"
        return
    for path in found.values():
        what = _obstacle(path, package.platform)
        if what:
            yield f"{path}: {what}"


def _obstacle(path: Path, platform: Platform) -> str:
    if not os.access(path, os.X_OK):
        return "not executable"
    try:
        with path.open("rb") as file:
            head = file.read(_LONGEST_FIRST_LINE)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if head.startswith(b"#!"):
        words = head[2:].splitlines()[0].split() if head[2:] else []
        interpreter = Path(os.fsdecode(words[0])) if words else Path()
        return "" if interpreter.is_absolute() and interpreter.exists() else f"there is no {interpreter}"
    machine = int.from_bytes(head[18:20], "little") if head.startswith(b"\x7fELF") else 0
    built_for = _ELF_MACHINES.get(machine, platform.arch)
    return "" if built_for == platform.arch else f"built for {built_for}, not for {platform.arch}"


def good(findings: Iterable[Finding]) -> bool:
    """Tell whether everything is as it should be."""
    return all(each.good for each in findings)
