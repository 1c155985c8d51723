"""The operations an environment makes on variables, in hermit's order (env.go:1180-1202, 1439-1487)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgs.environment.root import Environment
from pkgs.environment.transform import literal
from pkgs.envops import EnvOp, Force, Prepend
from pkgs.package.model import Package
from pkgs.package.variables import operation

# hermit's names for the same two directories; configurations written for hermit use them.
_ALIASES = {"HERMIT_ENV": "PKGS_ENV", "HERMIT_BIN": "PKGS_BIN"}


@dataclass(frozen=True, slots=True)
class Dependency:
    """A runtime dependency: its package, and the directory that holds links to its tools."""

    package: Package
    links: Path


def base_operations(environment: Environment) -> tuple[EnvOp, ...]:
    """Return what every environment does: its directory first on PATH, and its two names."""
    return (
        Prepend("PATH", literal(str(environment.bin_dir))),
        Force("PKGS_BIN", literal(str(environment.bin_dir))),
        Force("PKGS_ENV", literal(str(environment.root))),
    )


def config_operations(environment: Environment, env: Mapping[str, str]) -> tuple[EnvOp, ...]:
    """Return the operations of an ``env`` map in a configuration, sorted by name."""
    places = {"PKGS_ENV": str(environment.root), "PKGS_BIN": str(environment.bin_dir)}
    return tuple(operation(name, _with_places(env[name], places)) for name in sorted(env))


def last_operations(environ: Mapping[str, str]) -> tuple[EnvOp, ...]:
    """Return what comes after everything else: directories that the user wants first on PATH."""
    first = environ.get("PKGS_PREPEND_PATH")
    return (Prepend("PATH", literal(first)),) if first else ()


def _with_places(value: str, places: Mapping[str, str]) -> str:
    for name in (*places, *_ALIASES):
        path = literal(places[_ALIASES.get(name, name)])
        value = value.replace(f"${{{name}}}", path)
    return value


def activation_operations(
    environment: Environment, packages: Iterable[Package], env: Mapping[str, str]
) -> tuple[EnvOp, ...]:
    """Return the operations of activating an environment with ``packages`` installed."""
    return (
        *base_operations(environment),
        *(op for package in packages for op in package.env),
        *config_operations(environment, env),
    )


def call_operations(
    environment: Environment,
    package: Package,
    *,
    others: Iterable[Package],
    dependencies: Iterable[Dependency],
    env: Mapping[str, str],
    own: Path | None = None,
) -> tuple[EnvOp, ...]:
    """Return the operations of calling a tool of ``package`` (hermit, env.go:884-935).

    For a variable set twice, the configuration beats the package, the package its runtime dependencies,
    and those the other installed packages. ``own`` is the directory of links of a package that is an
    environment itself: its tools come first.
    """
    dependencies = tuple(dependencies)
    return (
        *base_operations(environment),
        *(op for other in others if other.reference != package.reference for op in other.env),
        *(op for dependency in dependencies for op in dependency.package.env),
        *(Prepend("PATH", literal(str(dependency.links))) for dependency in dependencies),
        *package.env,
        *config_operations(environment, env),
        *((Prepend("PATH", literal(str(own))),) if own else ()),
    )
