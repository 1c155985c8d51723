"""A new environment's own files."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pkgs import __version__
from pkgs.environment.config import Config
from pkgs.environment.config_text import config_text
from pkgs.environment.lock import print_lock, read_lock
from pkgs.environment.program import Program
from pkgs.environment.root import ACTIVATE, ACTIVATE_FISH, CONFIG, LOCK, WRAPPER, Environment
from pkgs.errors import EnvError
from pkgs.shim.activation import shim_file
from pkgs.shim.wrapper import wrapper_text
from pkgs.store.files import atomic_write

_EXECUTABLE = 0o755
_PLAIN = 0o644
# The plugin's name is a fact of hermit's (files/externalDependencies.xml).
_IDEA = """\
<?xml version="1.0" encoding="UTF-8"?>
<project version="4">
  <component name="ExternalDependencies">
    <plugin id="org.squareup.cash.hermit.idea-plugin" />
  </component>
</project>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffold:
    """What ``pkgs init`` makes. ``config`` is for an environment that has no configuration yet.

    ``program`` returns the running pkgs; it is asked once there is a directory to claim it for.
    """

    environment: Environment
    config: Config
    program: Callable[[], Program]

    def write(self) -> tuple[Path, ...]:
        """Write the files and return those that changed.

        The scripts are renewed, configuration and pins kept; the lock then names the running pkgs. Raises
        :class:`EnvError` if the parent directory is missing or a foreign file is in the way.
        """
        root = self.environment.root
        if not root.is_dir():
            make = f"mkdir -p {shlex.quote(str(root))}"
            raise EnvError(f"there is no directory {root}", f"make it first: {make}")
        self._refuse_foreign()
        self.environment.bin_dir.mkdir(exist_ok=True)
        files = {**scripts(), **self._settings()}
        paths = {**{self.environment.bin_dir / name: each for name, each in files.items()}, **self._idea()}
        return tuple(path for path, (text, mode) in paths.items() if self._write(path, text, mode))

    def _write(self, path: Path, text: bytes, mode: int) -> bool:
        if path.is_file() and path.read_bytes() == text and path.stat().st_mode & 0o777 == mode:
            return False
        atomic_write(path, text, mode)
        return True

    def _settings(self) -> Mapping[str, tuple[bytes, int]]:
        lock = read_lock(self.environment.lock_file)
        program = self.program()
        if lock.program and replace(lock.program, url="") == program:
            program = lock.program  # the same pkgs: where others get it is still true
        settings = {LOCK: (print_lock(replace(lock, program=program)).encode(), _PLAIN)}
        if not self.environment.config_file.exists():
            settings[CONFIG] = (config_text(self.config).encode(), _PLAIN)
        return settings

    def _idea(self) -> Mapping[Path, tuple[bytes, int]]:
        """Return what tells JetBrains IDEs to ask for hermit's plugin, unless the project has that file."""
        path = self.environment.root / ".idea" / "externalDependencies.xml"
        return {path: (_IDEA.encode(), _PLAIN)} if self.config.idea and not path.exists() else {}

    def _refuse_foreign(self) -> None:
        wrapper = self.environment.bin_dir / WRAPPER
        if os.path.lexists(wrapper) and not wrapper.with_name(ACTIVATE).exists():
            raise EnvError(
                f"{wrapper} exists and is not the wrapper of an environment",
                "choose another directory, such as: pkgs init .pkgs",
            )


def scripts() -> Mapping[str, tuple[bytes, int]]:
    """Return the files that every environment made by this version has: name → text and mode."""
    return {
        WRAPPER: (wrapper_text(), _EXECUTABLE),
        ACTIVATE: (shim_file(ACTIVATE).encode(), _EXECUTABLE),
        ACTIVATE_FISH: (shim_file(ACTIVATE_FISH).encode(), _EXECUTABLE),
    }


def refuse_altered(environment: Environment) -> None:
    """Raise :class:`EnvError` unless the environment's scripts are what this version of pkgs writes.

    The one for fish may be missing (hermit, env.go:415-447).
    """
    for name, (text, _) in scripts().items():
        path = environment.bin_dir / name
        try:
            found = path.read_bytes()
        except FileNotFoundError:
            if name == ACTIVATE_FISH:
                continue
            raise EnvError(f"{path} is missing", f"make it: pkgs init {environment.root}") from None
        except OSError as error:
            raise EnvError(f"{path} cannot be read: {error.strerror}") from error
        if found != text:
            raise EnvError(
                f"{path} is not what pkgs {__version__} writes",
                f"see what it does before you run it; to renew it: pkgs init {environment.root}",
            )
