"""What an environment holds: its pins, its lock, and the packages where they are or will be unpacked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgs.environment.files import files_beside
from pkgs.environment.lock import Lock
from pkgs.environment.pinned import read_pins_and_lock
from pkgs.environment.pins import Pin
from pkgs.errors import PkgsError
from pkgs.install.materialise import Located, locate
from pkgs.install.wanted import known_packages
from pkgs.install.workspace import Workspace
from pkgs.package.model import Package
from pkgs.references import Reference


@dataclass(frozen=True, slots=True)
class Contents:
    """One look at an environment. ``problems`` says why a pinned package is not among ``located``.

    A package that nobody has recorded a digest of is in neither: where it will be unpacked is unknown.
    """

    pins: tuple[Pin, ...]
    lock: Lock
    located: Mapping[Reference, Located]
    problems: Mapping[Reference, PkgsError]

    @property
    def packages(self) -> Mapping[Reference, Package]:
        """The packages that could be located, in the order of their links."""
        return {reference: located.package for reference, located in self.located.items()}


def read_contents(workspace: Workspace) -> Contents:
    """Look at the environment; nothing is fetched."""
    pins, lock = read_pins_and_lock(workspace.environment)
    found: dict[Reference, Located] = {}
    problems: dict[Reference, PkgsError] = {}
    for pin in pins:
        try:
            located = locate(workspace, pin.reference, lock)
        except PkgsError as error:
            problems[pin.reference] = error
            continue
        if located:
            found[pin.reference] = located
    return Contents(pins, lock, found, problems)


def _references(pins: Iterable[Pin], lock: Lock) -> Iterator[Reference]:
    """Yield what is pinned, and what the lock says that this needs at run time."""
    yield from (pin.reference for pin in pins)
    for package in lock.packages.values():
        yield from map(Reference.parse, package.runtime)


def watched_files(workspace: Workspace) -> tuple[Path, ...]:
    """Return the files that decide what an environment holds: to be looked at *before* its contents."""
    environment = workspace.environment
    pins, lock = read_pins_and_lock(environment)
    references = tuple(_references(pins, lock))
    names = sorted({reference.name for reference in references})
    manifests = [path for name in names for path in workspace.catalog.paths(name)]
    beside = _beside_manifests(workspace, references, lock)
    return (environment.bin_dir, environment.config_file, environment.lock_file, *manifests, *beside)


def _beside_manifests(workspace: Workspace, references: Iterable[Reference], lock: Lock) -> Iterator[Path]:
    """Yield the files beside manifests that become parts of packages, where they can change."""
    for package in known_packages(workspace, references, lock):
        source = workspace.catalog.get(package.reference.name).source
        if source.path(package.reference.name):
            yield from (source.directory / name for name in sorted(files_beside(package)))
