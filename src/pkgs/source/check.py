"""Whether manifests are sound: that they load, and that all they offer can be resolved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from pkgs.errors import ManifestError, PkgsError, ResolveError, SourceError
from pkgs.package.model import Places
from pkgs.package.resolve import Resolver
from pkgs.package.selectors import ExactSelector
from pkgs.platforms import PLATFORMS
from pkgs.references import Reference
from pkgs.source.local import SUFFIX
from pkgs.source.model import Source

_PLACES = Places.symbolic()
# A package need not be for every platform.
_UNSUPPORTED = frozenset({"no-source", "no-binaries"})


@dataclass(frozen=True, slots=True)
class Checked:
    """A manifest that was looked at; ``faults`` is empty if it is sound."""

    name: str
    path: str
    faults: tuple[str, ...] = ()


def check_source(source: Source, *, today: dt.date) -> Iterator[Checked]:
    """Load every manifest of ``source`` and resolve every version and channel it names on every platform.

    Raises :class:`SourceError` if the source itself cannot be read.
    """
    from pkgs.manifest.load import load_manifest  # deferred: the parser and pydantic cost 150 ms

    for name in source.names():
        try:
            file = source.read(name)
        except SourceError as error:
            yield Checked(name, str(source.directory / f"{name}{SUFFIX}"), (error.message,))
            continue
        if file is None:
            continue
        try:
            resolver = Resolver(load_manifest(file.text, name=name, path=str(file.path)))
            faults = tuple(dict.fromkeys(_faults(resolver, today)))
        except ManifestError as error:
            faults = tuple(error.message.splitlines())
        yield Checked(name, str(file.path), faults)


def _faults(resolver: Resolver, today: dt.date) -> Iterator[str]:
    for reference in _references(resolver):
        errors = list(_errors(resolver, reference, today))
        yield from (error.message for error in errors if error.kind not in _UNSUPPORTED)
        if len(errors) == len(PLATFORMS) and all(error.kind in _UNSUPPORTED for error in errors):
            yield errors[0].message


def _references(resolver: Resolver) -> Iterator[Reference]:
    manifest = resolver.manifest
    yield from (Reference(manifest.name, text) for block in manifest.versions for text in block.versions)
    yield from (Reference(manifest.name, channel=channel.name) for channel in manifest.channels)


def _errors(resolver: Resolver, reference: Reference, today: dt.date) -> Iterator[ResolveError]:
    for platform in PLATFORMS:
        try:
            resolver.resolve(ExactSelector(reference), platform, _PLACES, today=today)
        except ResolveError as error:
            yield error
        except PkgsError as error:
            yield ResolveError("invalid", error.message)
