"""Answers: packages, versions and failures as one line of JSON each.

The lines are those of hermit's own answers: keys sorted, no spaces, and nothing that is empty, false or zero.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pkgs.envops import Append, EnvOp, Force, Prefix, Prepend, Set, Unset
from pkgs.errors import ManifestError, ResolveError, UsageError
from pkgs.manifest.model import Action, Chmod, Copy, Delete, Manifest, Message, Mkdir, Rename, Run, Symlink
from pkgs.package.model import Package, Places
from pkgs.package.resolve import Resolver
from pkgs.package.selectors import GlobSelector
from pkgs.platforms import Platform

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None

_PLACES = Places.symbolic()
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def answers(
    requests: Iterable[tuple[str, Platform]],
    lookup: Callable[[str], Manifest | None],
    *,
    today: dt.date | None,
    complain: Callable[[ManifestError | ResolveError | UsageError], None],
) -> Iterator[str]:
    """Yield a line for each selector and platform: ``{"name", "selector", "platform", "package"|"error"}``.

    ``lookup`` returns the manifest of a package name, None for an unknown one, and may raise
    :class:`ManifestError`. ``error`` is the kind of a :class:`ResolveError`, or ``unknown-package``,
    ``invalid-manifest`` or ``invalid-selector``; the error itself is passed to ``complain``.
    """
    answerer = _Answerer(lookup, today)
    for text, platform in requests:
        about, outcome, error = answerer.answer(text, platform)
        if error is not None:
            complain(error)
        yield _ENCODE({"name": about, "selector": text, "platform": str(platform), **outcome})


def version_answers(
    names: Iterable[str],
    lookup: Callable[[str], Manifest | None],
    *,
    complain: Callable[[ManifestError | ResolveError], None],
) -> Iterator[str]:
    """Yield a line for each package name: ``{"name", "sorted_versions"}``; see :func:`answers`."""
    for name in names:
        outcome: Mapping[str, Json]
        try:
            manifest = lookup(name)
            if manifest is None:
                raise _unknown_package(name)
            outcome = {"sorted_versions": Resolver(manifest).versions()}
        except (ManifestError, ResolveError) as error:
            complain(error)
            outcome = {"error": _kind(error)}
        yield _ENCODE({"name": name, **outcome})


def package_object(package: Package) -> dict[str, Json]:
    """Return a package as JSON, without what is empty, false or zero."""
    whole: dict[str, Json] = {
        "reference": str(package.reference),
        "repository": package.repository,
        "arch": package.arch,
        "binaries": package.binaries,
        "apps": package.apps,
        "requires": package.requires,
        "provides": package.provides,
        "runtime_dependencies": package.runtime_dependencies,
        "env": [_operation(each) for each in package.env],
        "source": package.source,
        "alternatives": _alternatives(package),
        "sha256": package.sha256,
        "sha256_source": package.sha256_source,
        "mirrors": package.mirrors,
        "dont_extract": package.dont_extract,
        "strip": package.strip,
        "root": package.root,
        "dest": package.dest,
        "mutable": package.mutable,
        "test": package.test,
        "update_seconds": _whole(package.update_seconds),
        "triggers": {event: list(map(_action, actions)) for event, actions in package.triggers.items()},
        "files": package.files,
        "warnings": package.warnings,
        "unsupported_platforms": [str(platform) for platform in package.unsupported_platforms],
    }
    return _filled(whole)


class _Answerer:
    """Keeps a resolver for each manifest that was asked for."""

    def __init__(self, lookup: Callable[[str], Manifest | None], today: dt.date | None) -> None:
        self._lookup = lookup
        self._today = today
        self._resolvers: dict[str, Resolver | ManifestError | None] = {}

    def answer(
        self, text: str, platform: Platform
    ) -> tuple[str, Mapping[str, Json], ManifestError | ResolveError | UsageError | None]:
        """Return the name the answer is about, the answer, and the error if it is one."""
        about = re.split(r"-(?=[0-9*\[\]{}])|@", text, maxsplit=1)[0]
        try:
            selector = GlobSelector.parse(text)
            resolver = self._resolver(selector.name)
            if resolver is None:
                about, unknown = self._unknown(selector)
                return about, {"error": unknown.kind}, unknown
            package = resolver.resolve(selector, platform, _PLACES, today=self._today)
        except (ManifestError, ResolveError, UsageError) as error:
            return about, {"error": _kind(error)}, error
        return about, {"package": package_object(package)}, None

    def _resolver(self, name: str) -> Resolver | None:
        if name not in self._resolvers:
            self._resolvers[name] = self._made(name)
        resolver = self._resolvers[name]
        if isinstance(resolver, ManifestError):
            raise ManifestError(resolver.message, resolver.hint) from resolver
        return resolver

    def _made(self, name: str) -> Resolver | ManifestError | None:
        try:
            manifest = self._lookup(name)
        except ManifestError as error:
            return error
        return Resolver(manifest) if manifest else None

    def _unknown(self, selector: GlobSelector) -> tuple[str, ResolveError]:
        """Return the error for an unknown package, about a known one if its name is how the text begins."""
        name = selector.name
        while "-" in name:
            name = name.rpartition("-")[0]
            resolver = self._resolver(name)
            if resolver is not None:
                return name, _unreachable(selector.text, name)
        return selector.name, _unknown_package(selector.name)


def _unreachable(text: str, name: str) -> ResolveError:
    message = f"there is no package {text}, and a version of {name} is only found if it starts with a digit"
    return ResolveError("unknown-version", message, f"write {name}-* or a channel of {name}")


def _unknown_package(name: str) -> ResolveError:
    return ResolveError("unknown-package", f"there is no package {name}", f"pkgs search {name}")


def _kind(error: ManifestError | ResolveError | UsageError) -> str:
    if isinstance(error, ResolveError):
        return error.kind
    return "invalid-manifest" if isinstance(error, ManifestError) else "invalid-selector"


def _filled(whole: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in whole.items() if value}


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _alternatives(package: Package) -> list[Json]:
    return [
        _filled({"source": origin.source, "sha256": origin.sha256, "strip": origin.strip})
        for origin in package.origins[1:]
    ]


def _operation(operation: EnvOp) -> Json:
    match operation:
        case Unset(name):
            value = ""
        case (
            Set(name, value)
            | Prepend(name, value)
            | Append(name, value)
            | Prefix(name, value)
            | Force(name, value)
        ):
            pass
    return _filled({"op": type(operation).__name__.lower(), "name": name, "value": value})


def _action(action: Action) -> Json:
    return {"action": type(action).__name__.lower(), **_filled(_fields(action))}


def _fields(action: Action) -> dict[str, Json]:
    match action:
        case Message(text):
            return {"text": text}
        case Rename(from_, to) | Symlink(from_, to):
            return {"from": from_, "to": to}
        case Delete(files, recursive):
            return {"files": files, "recursive": recursive}
        case Chmod(mode, file):
            return {"mode": mode, "file": file}
        case Run(cmd, args, directory, env, stdin):
            return {"command": cmd, "args": args, "dir": directory, "env": env, "stdin": stdin}
        case Copy(from_, to, mode):
            return {"from": from_, "to": to, "mode": mode}
        case Mkdir(directory, mode):
            return {"dir": directory, "mode": mode}
