"""Which pins that came as requirements are needed still, and whose requirements are no longer met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pkgs.environment.lock import Lock
from pkgs.environment.pins import Pin
from pkgs.install.wanted import known_packages
from pkgs.install.workspace import Workspace
from pkgs.package.dependencies import find_met
from pkgs.package.model import Package
from pkgs.platforms import PLATFORMS
from pkgs.references import Reference


def needless(workspace: Workspace, pins: Sequence[Pin], lock: Lock, automatic: set[str]) -> set[Pin]:
    """Return those of ``pins`` that came as requirements (``automatic``, by name) and that nobody needs now.

    Needed on one platform is needed, since the pins are shared with those who work on others. Where a pinned
    package can be resolved for none, so that its requirements are unknown, everything is needed.
    """
    references = [pin.reference for pin in pins]
    known: set[Reference] = set()
    kept: set[Reference] = set()
    for platform in PLATFORMS:
        packages = known_packages(workspace, references, lock, platform)
        known.update(package.reference for package in packages)
        named = [package for package in packages if package.reference.name not in automatic]
        kept.update(package.reference for package in with_requirements(named, packages))
    return {pin for pin in pins if pin.reference not in kept} if known.issuperset(references) else set()


def with_requirements(needing: Iterable[Package], packages: Sequence[Package]) -> list[Package]:
    """Return ``needing`` and after it those of ``packages`` that meet its requirements, and so on."""
    needed = list(needing)
    for package in needed:  # grows while it is read
        needed.extend(met for met in _met(package, packages) if met not in needed)
    return needed


def unmet(workspace: Workspace, pins: Sequence[Pin], lock: Lock) -> Iterator[str]:
    """Yield a sentence for each requirement of a pinned package that no pinned package meets."""
    packages = known_packages(workspace, [pin.reference for pin in pins], lock)
    for package in packages:
        for entry in package.requires:
            if find_met(entry, packages) is None:
                yield f"{package.reference} requires {entry}, which is not here any more"


def _met(package: Package, packages: Sequence[Package]) -> Iterator[Package]:
    for entry in package.requires:
        met = find_met(entry, packages)
        if met:
            yield met
