"""What a user asked for: selectors turned into exact references, and what these require besides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pkgs.environment.lock import Lock
from pkgs.environment.pins import Pin
from pkgs.errors import EnvError, ResolveError
from pkgs.install.lookup import lookup
from pkgs.install.wanted import known_packages, wanted
from pkgs.install.workspace import Workspace
from pkgs.names import did_you_mean
from pkgs.package.dependencies import close_requires
from pkgs.package.model import Package, Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import GlobSelector
from pkgs.references import Reference

_NOT_HERE = ("no-source", "no-binaries")


@dataclass(frozen=True, slots=True)
class Choice:
    """References to be present: ``named`` by the user, and ``required`` by these and not pinned yet."""

    named: tuple[Reference, ...]
    required: tuple[Reference, ...] = ()

    @property
    def references(self) -> tuple[Reference, ...]:
        """All of them."""
        return (*self.named, *self.required)


def choose(workspace: Workspace, selectors: Sequence[str], pins: Sequence[Pin], lock: Lock) -> Choice:
    """Return what ``selectors`` mean, with everything that they require; all names are resolved together.

    A bare name that is pinned already means its pin. Raises :class:`ResolveError` for what is unknown, and
    for a requirement that no package or more than one meets, unless one of them is pinned or selected.
    """
    pinned = {pin.reference.name: pin.reference for pin in pins}
    named = {
        package.reference: package
        for package in (_package(workspace, text, pinned, lock) for text in selectors)
    }
    _refuse_two_versions(named)
    return with_requirements(workspace, tuple(named.values()), pins, lock)


def with_requirements(
    workspace: Workspace, packages: Sequence[Package], pins: Sequence[Pin], lock: Lock
) -> Choice:
    """Return ``packages`` with what they require besides, and so on; raises :class:`ResolveError`."""
    named = tuple(package.reference for package in packages)
    others = [pin.reference for pin in pins if pin.reference not in named]
    closed = close_requires(packages, known_packages(workspace, others, lock), lookup(workspace, lock))
    return Choice(named, tuple(package.reference for package in closed[len(named) :]))


def choose_pinned(workspace: Workspace, pins: Sequence[Pin], lock: Lock) -> Choice:
    """Return all pins but those that have nothing for this platform: these are told of.

    A frozen workspace refuses them instead, with a :class:`ResolveError`.
    """
    references = []
    for pin in pins:
        try:
            wanted(workspace, pin.reference, lock)
        except ResolveError as error:
            if workspace.frozen or error.kind not in _NOT_HERE:
                raise
            workspace.reporter.warn(f"{pin.reference} is left out: {error.message}")
        else:
            references.append(pin.reference)
    return Choice(tuple(references))


def pinned_as(name: str, pins: Iterable[Pin]) -> Pin:
    """Return the pin that a user calls ``name``; raise :class:`EnvError` where there is none."""
    pins = tuple(pins)
    for pin in pins:
        if name in (pin.reference.name, str(pin.reference)):
            return pin
    known = [pin.reference.name for pin in pins]
    raise EnvError(f"{name} is not installed here{did_you_mean(name, known)}", "see: pkgs list")


def _package(workspace: Workspace, text: str, pinned: dict[str, Reference], lock: Lock) -> Package:
    if text in pinned:
        return wanted(workspace, pinned[text], lock).package
    selector = GlobSelector.parse(text)
    manifest = workspace.catalog.get(selector.name).manifest
    return resolve(manifest, selector, workspace.platform, Places.symbolic(), today=workspace.today)


def _refuse_two_versions(named: Iterable[Reference]) -> None:
    seen: dict[str, Reference] = {}
    for reference in named:
        other = seen.setdefault(reference.name, reference)
        if other != reference:
            raise EnvError(
                f"{other} and {reference} cannot both be pinned: an environment has one {reference.name}",
                "leave one out",
            )
