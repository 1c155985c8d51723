"""Where an environment is: a directory of links, beside whatever else lives there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgs.errors import EnvError

WRAPPER = "pkgs"
ACTIVATE = "activate-pkgs"
ACTIVATE_FISH = "activate-pkgs.fish"
CONFIG = "pkgs.hcl"
LOCK = "pkgs.lock"
# Own names of an environment's directory; everything else in it that is no pin belongs to the user.
OWN_FILES = (WRAPPER, ACTIVATE, ACTIVATE_FISH, CONFIG, LOCK)
_USUAL = ("bin", ".pkgs/bin", ".hermit/bin")


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment, by its directory of links, spelled as the caller reached it."""

    bin_dir: Path

    @property
    def root(self) -> Path:
        """The directory that manifests and configurations call ``${PKGS_ENV}``."""
        return self.bin_dir.parent

    @property
    def name(self) -> str:
        """What the prompt shows."""
        return self.root.name

    @property
    def config_file(self) -> Path:
        """The hand-written configuration; may be absent."""
        return self.bin_dir / CONFIG

    @property
    def lock_file(self) -> Path:
        """The lock; absent until the first package is pinned."""
        return self.bin_dir / LOCK


def working_directory(environ: Mapping[str, str]) -> Path:
    """Return the working directory, by the shell's name for it where it was removed meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/", environ.get("PWD", ""))  # some shells then say "."


def is_bin_dir(path: Path) -> bool:
    """Tell whether ``path`` is an environment's directory of links."""
    return (path / WRAPPER).is_file() and (path / ACTIVATE).is_file()


def find_environment(environ: Mapping[str, str], cwd: Path) -> Environment | None:
    """Return the environment that this process is to work on, or None.

    That is the one whose wrapper started it (``PKGS_BIN``), the active one (``PKGS_ENV``), or the
    nearest one at or above ``cwd``. Raises :class:`EnvError` when a variable names no environment.
    """
    named = _named(environ)
    if named:
        return named
    return next((Environment(found) for found in map(bin_dir_below, _upwards(cwd)) if found), None)


def _named(environ: Mapping[str, str]) -> Environment | None:
    if chosen := environ.get("PKGS_BIN"):
        return _required(Path(chosen), "PKGS_BIN")
    if chosen := environ.get("PKGS_ENV"):
        return _required(bin_dir_below(Path(chosen)) or Path(chosen) / "bin", "PKGS_ENV")
    return None


def _required(bin_dir: Path, variable: str) -> Environment:
    if not is_bin_dir(bin_dir):
        raise EnvError(
            f"{variable} names {bin_dir}, where there is no environment",
            f"unset {variable}, or make one with: pkgs init {bin_dir.parent}",
        )
    return Environment(bin_dir.absolute())


def _upwards(cwd: Path) -> Iterator[Path]:
    yield cwd
    yield from cwd.parents


def bin_dir_below(directory: Path) -> Path | None:
    """Return the environment's directory of links that is ``directory`` or lies just below it."""
    if is_bin_dir(directory):
        return directory
    return next((found for usual in _USUAL if is_bin_dir(found := directory / usual)), None)


def parent_environment(environment: Environment) -> Environment | None:
    """Return the closest environment above ``environment``, as ``inherit-parent`` means it."""
    for directory in environment.root.parents:
        found = bin_dir_below(directory)
        if found and found != environment.bin_dir:
            return Environment(found)
    return None
