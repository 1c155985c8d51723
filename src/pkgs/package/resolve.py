"""Resolving: one manifest, one selector and one platform make one :class:`Package`. Pure.

Source of the rules: hermit, manifest/resolver.go:330-770.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pkgs.envops import EnvOp
from pkgs.errors import ResolveError
from pkgs.manifest.model import Action, Layer, Manifest
from pkgs.names import nearest
from pkgs.package.actions import RelativePathError, expand_action
from pkgs.package.choice import Candidates, Choice
from pkgs.package.expand import EndlessVariablesError, UnknownVariableError, Variables, builtins, literal
from pkgs.package.layers import Merged, layers_of, merge
from pkgs.package.model import Origin, Package, Places
from pkgs.package.selectors import Selector
from pkgs.package.variables import is_variable_name, operation
from pkgs.platforms import CORE_PLATFORMS, PLATFORMS, Platform

_REMEMBERED = 1024
_GITHUB = "https://github.com/"
_HERMIT_BUILD = f"{_GITHUB}cashapp/hermit-build"


class Resolver:
    """Resolves many selectors of one manifest; what they have in common is worked out once."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.candidates = Candidates(manifest)
        self._choices: dict[Selector, Choice | ResolveError] = {}
        self._merged: dict[tuple[tuple[int, ...], Platform], Merged] = {}
        self._github = _github_repository(manifest)

    def resolve(
        self, selector: Selector, platform: Platform, places: Places, *, today: dt.date | None
    ) -> Package:
        """Return the package; see :func:`resolve`."""
        choice = self._choose(selector)
        merged = self._merge(choice.bodies, platform)
        self._check(choice, merged, platform)
        variables = Variables(_values(choice, merged, platform, places, today))
        filler = _Filler(variables, f"{self.manifest.path}: {choice.reference}")
        return self._package(choice, merged, platform, filler)

    def versions(self) -> tuple[str, ...]:
        """Return every listed version, oldest first."""
        return tuple(version.text for version in self.candidates.sorted_versions())

    def _choose(self, selector: Selector) -> Choice:
        choice = self._choices.get(selector)
        if choice is None:
            try:
                choice = self.candidates.choose(selector)
            except ResolveError as error:
                choice = error
            self._choices[selector] = choice
        if isinstance(choice, ResolveError):
            raise ResolveError(choice.kind, choice.message, choice.hint) from choice
        return choice

    def _merge(self, bodies: tuple[Layer, ...], platform: Platform) -> Merged:
        key = (tuple(map(id, bodies)), platform)
        merged = self._merged.get(key)
        if merged is None:
            layers = [layer for body in (self.manifest.layer, *bodies) for layer in layers_of(body, platform)]
            merged = self._merged[key] = merge(layers)
        return merged

    def _check(self, choice: Choice, merged: Merged, platform: Platform) -> None:
        where = f"{self.manifest.path}: {choice.reference}"
        if not merged.binaries and not merged.apps:
            message = f"{where}: provides no binaries and no apps on {platform}"
            raise ResolveError("no-binaries", message, "give the manifest a list of binaries")
        if not merged.source:
            others = ", ".join(map(str, self._supported(choice.bodies, PLATFORMS)))
            hint = f"it has sources for {others}" if others else "give the manifest a source"
            raise ResolveError("no-source", f"{where}: has no source for {platform}", hint)

    def _supported(self, bodies: tuple[Layer, ...], platforms: Iterable[Platform]) -> list[Platform]:
        return [platform for platform in platforms if self._merge(bodies, platform).source]

    def _package(self, choice: Choice, merged: Merged, platform: Platform, fill: _Filler) -> Package:
        env = fill.env(merged.env)
        dest = fill.text("dest", merged.dest)
        root = fill.text("root", merged.root or "${dest}")
        test = fill.text("test", merged.test)
        binaries = fill.texts("binaries", merged.binaries)
        requires = fill.texts("requires", merged.requires)
        provides = fill.texts("provides", merged.provides)
        origins = self._origins(merged, fill)
        supported = self._supported(choice.bodies, CORE_PLATFORMS)
        return Package(
            reference=choice.reference,
            platform=platform,
            version=choice.version,
            description=self.manifest.description,
            homepage=self.manifest.homepage,
            repository=self._repository(origins[0].source),
            arch=merged.arch,
            binaries=binaries,
            apps=merged.apps,
            requires=requires,
            provides=provides,
            runtime_dependencies=merged.runtime_dependencies,
            env=env,
            origins=origins,
            sha256_source=fill.text("sha256-source", merged.sha256_source),
            mirrors=fill.texts("mirrors", merged.mirrors),
            dont_extract=merged.dont_extract,
            root=root,
            dest=dest,
            mutable=merged.mutable,
            test=test,
            update_seconds=choice.update_seconds,
            triggers={event: fill.actions(event, actions) for event, actions in merged.triggers.items()},
            files={name: fill.lenient(f"files.{name}", to) for name, to in merged.files.items()},
            unsupported_platforms=tuple(each for each in CORE_PLATFORMS if each not in supported),
        )

    def _origins(self, merged: Merged, fill: _Filler) -> tuple[Origin, ...]:
        sums = self.manifest.sha256sums
        source = fill.text("source", merged.source)
        origins = [Origin(source, _digest(source, merged, sums), merged.strip)]
        for alternative in merged.alternatives:
            url = fill.text("alternative.source", alternative.source)
            strip = merged.strip if alternative.strip is None else alternative.strip
            origins.append(Origin(url, alternative.sha256 or sums.get(url, ""), strip))
        return tuple(origins)

    def _repository(self, source: str) -> str:
        """Return the declared repository, or the one versions come from, or the one the source is in."""
        if self.manifest.repository or self._github:
            return self.manifest.repository or self._github
        if not source.startswith(_GITHUB) or source.startswith(_HERMIT_BUILD):
            return ""
        parts = source.removeprefix(_GITHUB).split("/")
        return f"{_GITHUB}{parts[0]}/{parts[1]}" if len(parts) > 1 else ""


def resolve(
    manifest: Manifest,
    selector: Selector,
    platform: Platform,
    places: Places,
    *,
    today: dt.date | None,
) -> Package:
    """Return the package that ``selector`` means on ``platform``, with ``places`` for the variables of paths.

    ``today`` is what ``${YYYY}``, ``${MM}`` and ``${DD}`` come from; without it they are unknown.
    Raises :class:`ResolveError` with one of hermit's kinds, ``unknown-version``, ``unknown-channel``,
    ``channel-without-version``, ``no-source``, ``no-binaries`` and ``unknown-variable``, or with
    ``endless-variable``, ``invalid-env`` or ``relative-path``.
    """
    return _resolved(manifest, selector, platform, places, today)


@functools.lru_cache(maxsize=_REMEMBERED)
def _resolved(
    manifest: Manifest, selector: Selector, platform: Platform, places: Places, today: dt.date | None
) -> Package:
    """Resolve; an install asks for the same package a dozen times."""
    return _resolver(manifest).resolve(selector, platform, places, today=today)


def versions(manifest: Manifest) -> tuple[str, ...]:
    """Return every version that ``manifest`` lists, oldest first, in hermit's order."""
    return _resolver(manifest).versions()


@functools.lru_cache(maxsize=_REMEMBERED)
def _resolver(manifest: Manifest) -> Resolver:
    return Resolver(manifest)


@dataclass(frozen=True, slots=True)
class _Filler:
    """Replaces variables, and says where when one cannot be replaced."""

    variables: Variables
    where: str

    def text(self, attribute: str, text: str) -> str:
        if "$" not in text:
            return text
        try:
            return self.variables.expand(text)
        except UnknownVariableError as error:
            raise self._unknown(attribute, error.args[0]) from error
        except EndlessVariablesError as error:
            raise self._endless(attribute, error) from error

    def texts(self, attribute: str, texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple([self.text(attribute, text) for text in texts])

    def lenient(self, attribute: str, text: str) -> str:
        try:
            return self.variables.expand_lenient(text)
        except EndlessVariablesError as error:
            raise self._endless(attribute, error) from error

    def env(self, items: Iterable[tuple[str, str]]) -> tuple[EnvOp, ...]:
        return tuple(self._operation(name, value) for name, value in items)

    def _operation(self, name: str, value: str) -> EnvOp:
        if not is_variable_name(name):
            message = f"{self.where}: env: {name!r} is not the name of a variable"
            raise ResolveError("invalid-env", message, "use letters, digits and _, and no digit first")
        try:
            return operation(name, self.variables.expand_known(value))
        except EndlessVariablesError as error:
            raise self._endless(f"env.{name}", error) from error

    def actions(self, event: str, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        return tuple(self._action(event, action) for action in actions)

    def _action(self, event: str, action: Action) -> Action:
        attribute = f"on {event}: {type(action).__name__.lower()}"
        try:
            return expand_action(action, lambda text: self.text(attribute, text))
        except RelativePathError as error:
            message = f"{self.where}: {attribute}: {error.args[0]!r} must be an absolute path"
            hint = "start it with ${root}, ${dest} or ${env}"
            raise ResolveError("relative-path", message, hint) from error

    def _unknown(self, attribute: str, name: str) -> ResolveError:
        message = f"{self.where}: {attribute}: unknown variable ${name}"
        if name == "version":
            return ResolveError("channel-without-version", message, "give the channel a version range")
        near = nearest(name, self.variables.values)
        hint = f"did you mean ${{{near}}}?" if near else f'set it with vars = {{ {name}: "…" }}'
        return ResolveError("unknown-variable", message, hint)

    def _endless(self, attribute: str, error: EndlessVariablesError) -> ResolveError:
        message = f"{self.where}: {attribute}: {error.args[0]}"
        return ResolveError("endless-variable", message, "give one of its vars a plain value")


def _values(
    choice: Choice, merged: Merged, platform: Platform, places: Places, today: dt.date | None
) -> dict[str, str]:
    """Return every variable's value; the built-in ones win over ``vars``."""
    values = {**merged.vars, **builtins(platform, places, today)}
    values["name"] = choice.reference.name
    values["dest"] = merged.dest or literal(places.dest)
    values["root"] = merged.root or "${dest}"
    values.pop("version", None)
    if choice.version:
        values["version"] = choice.version
    return values


def _digest(source: str, merged: Merged, sums: Mapping[str, str]) -> str:
    """Return the digest expected of ``source``: of the last layer that has one, itself or in ``sha256sums``.

    So a layer's own digest wins over ``sha256sums`` only in the last layer (hermit, resolver.go:622-630).
    """
    listed = sums.get(source, "")
    digest = ""
    for own in merged.digests:
        digest = own or listed or digest
    return digest


def _github_repository(manifest: Manifest) -> str:
    for block in manifest.versions:
        if block.auto_version is not None and block.auto_version.github_release:
            return f"{_GITHUB}{block.auto_version.github_release}"
    return ""
