"""Dependencies: what else has to be there, to install (``requires``) and to run (``runtime-dependencies``).

Source of the rules: hermit, env.go:694-751 and 1551-1639, with these differences: a real package goes before
those that provide its name, a single provider is taken instead of refused, and cycles of runtime dependencies
are refused instead of followed for ever.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pkgs.errors import ResolveError
from pkgs.manifest.model import Manifest
from pkgs.package.model import Package
from pkgs.package.selectors import ExactSelector, GlobSelector, NameSelector, Selector
from pkgs.references import Reference
from pkgs.versions import Version


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where dependencies are looked up.

    ``resolve`` returns the package that a selector means on the platform at hand, or raises
    :class:`ResolveError`; ``exists`` says whether there is a manifest of that name; ``providers`` returns
    the names of the packages that provide a virtual one (see :func:`providers_of`).
    """

    resolve: Callable[[Selector], Package]
    exists: Callable[[str], bool]
    providers: Callable[[str], Sequence[str]]


def providers_of(name: str, manifests: Iterable[Manifest]) -> tuple[str, ...]:
    """Return the names of the manifests that provide ``name`` whatever the platform, sorted."""
    return tuple(sorted(manifest.name for manifest in manifests if name in manifest.layer.provides))


def close_requires(
    selection: Sequence[Package], installed: Sequence[Package], lookup: Lookup
) -> tuple[Package, ...]:
    """Return ``selection`` and after it what its packages require, and so on, if not installed.

    A requirement is met, in this order, by a package of that name or providing it that is selected or
    installed; by the package it names; by the only package that provides it. Raises :class:`ResolveError`
    with ``ambiguous-provider``, ``dependency-conflict`` or what resolving raises.
    """
    selected = {package.reference.name for package in selection}
    kept = [package for package in installed if package.reference.name not in selected]
    chosen = list(selection)
    for package in chosen:  # grows while it is read
        for entry in package.requires:
            if find_met(entry, chosen) is None and find_met(entry, kept) is None:
                chosen.append(_required(entry, package, [*chosen, *kept], lookup))
    return tuple(chosen)


def close_runtime(package: Package, installed: Sequence[Package], lookup: Lookup) -> tuple[Package, ...]:
    """Return what ``package`` needs at run time, directly or through others, each after what needs it.

    An entry names a version or channel exactly; a bare name means an installed package of that name or
    providing it. Raises :class:`ResolveError` with ``dependency-cycle``, ``dependency-conflict``,
    ``missing-dependency`` or what resolving raises.
    """
    found: dict[str, Package] = {}
    _collect(package, (), found, installed, lookup)
    _refuse_shared_binaries(found.values())
    return tuple(found.values())


def find_met(entry: str, packages: Iterable[Package]) -> Package | None:
    """Return the package that meets a requirement, the first by reference if there are several."""
    selector = GlobSelector.parse(entry)
    meeting = [package for package in packages if _meets(package, entry, selector)]
    return min(meeting, key=lambda package: str(package.reference), default=None)


def _meets(package: Package, entry: str, selector: GlobSelector) -> bool:
    reference = package.reference
    if entry in (reference.name, *package.provides):
        return True
    if not selector.qualified or selector.name != reference.name:
        return False
    if reference.channel:
        return selector.channel == reference.channel
    return selector.takes_version(Version.parse(reference.version))


def _required(entry: str, needing: Package, present: Sequence[Package], lookup: Lookup) -> Package:
    selector = GlobSelector.parse(entry)
    for other in present:
        if other.reference.name == selector.name:
            raise _conflict(f"{needing.reference} requires {entry}, but {other.reference} is there", other)
    if lookup.exists(selector.name):
        return lookup.resolve(selector)
    return lookup.resolve(NameSelector(_only_provider(entry, needing, lookup)))


def _only_provider(entry: str, needing: Package, lookup: Lookup) -> str:
    providers = sorted(lookup.providers(entry))
    if not providers:
        message = f"{needing.reference} requires {entry}, which no package is or provides"
        raise ResolveError("unknown-package", message, "refresh the manifests with pkgs update")
    if len(providers) > 1:
        message = (
            f"multiple packages satisfy {entry}, which {needing.reference} requires: {', '.join(providers)}"
        )
        raise ResolveError(
            "ambiguous-provider", message, f"install one of them, such as pkgs install {providers[0]}"
        )
    return providers[0]


def _collect(
    package: Package,
    trail: tuple[str, ...],
    found: dict[str, Package],
    installed: Sequence[Package],
    lookup: Lookup,
) -> None:
    """Add the dependencies of ``package`` to ``found``, by name; ``trail`` leads from the first to it."""
    here = (*trail, str(package.reference))
    for entry in package.runtime_dependencies:
        dependency = _runtime(entry, package, installed, lookup)
        reference = str(dependency.reference)
        if reference in here:
            path = " → ".join((*here[here.index(reference) :], reference))
            message = f"runtime dependencies go round: {path}"
            raise ResolveError("dependency-cycle", message, "remove one of them from its manifest")
        known = found.setdefault(dependency.reference.name, dependency)
        if known.reference != dependency.reference:
            message = f"{here[0]} needs two versions at run time: {known.reference} and {reference}"
            raise _conflict(message, known)
        if known is dependency:
            _collect(dependency, here, found, installed, lookup)


def _runtime(entry: str, needing: Package, installed: Sequence[Package], lookup: Lookup) -> Package:
    reference = Reference.parse(entry)
    if reference.version or reference.channel:
        return lookup.resolve(ExactSelector(reference))
    met = find_met(entry, installed)
    if met is None:
        offers = ", ".join(lookup.providers(entry)) or entry
        message = f"{needing.reference} needs {entry} at run time, and nothing installed is or provides it"
        raise ResolveError("missing-dependency", message, f"install one of: {offers}")
    return met


def _refuse_shared_binaries(packages: Iterable[Package]) -> None:
    """Raise if two packages expose a binary of the same name, globs compared as they are written."""
    owners: dict[str, Package] = {}
    for package in packages:
        for name in dict.fromkeys(map(posixpath.basename, package.binaries)):
            owner = owners.setdefault(name, package)
            if owner is not package:
                both = f"{owner.reference} and {package.reference}"
                raise _conflict(f"conflicting binary {name} in two runtime dependencies: {both}", owner)


def _conflict(message: str, other: Package) -> ResolveError:
    return ResolveError("dependency-conflict", message, f"give up or change {other.reference}")
