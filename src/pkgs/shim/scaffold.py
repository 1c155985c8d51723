"""A new environment's own files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pkgs.environment.lock import print_lock, read_lock
from pkgs.environment.program import Program
from pkgs.environment.root import ACTIVATE, ACTIVATE_FISH, CONFIG, LOCK, WRAPPER, Environment
from pkgs.errors import EnvError
from pkgs.shim.activation import shim_file
from pkgs.shim.wrapper import wrapper_text
from pkgs.store.files import atomic_write

_EXECUTABLE = 0o755
_PLAIN = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffold:
    """What ``pkgs init`` makes. ``sources`` None leaves the configuration silent about them."""

    environment: Environment
    sources: Sequence[str] | None
    program: Program

    def write(self) -> tuple[Path, ...]:
        """Write the files and return those that changed.

        The scripts are renewed, configuration and pins kept; the lock then names ``program``. Raises
        :class:`EnvError` if the parent directory is missing or a foreign file is in the way.
        """
        root = self.environment.root
        if not root.is_dir():
            raise EnvError(f"there is no directory {root}", f"make it first: mkdir -p {root}")
        self._refuse_foreign()
        self.environment.bin_dir.mkdir(exist_ok=True)
        files = {**scripts(), **self._settings()}
        return tuple(path for name, (text, mode) in files.items() if (path := self._write(name, text, mode)))

    def _write(self, name: str, text: bytes, mode: int) -> Path | None:
        path = self.environment.bin_dir / name
        if path.is_file() and path.read_bytes() == text and path.stat().st_mode & 0o777 == mode:
            return None
        atomic_write(path, text, mode)
        return path

    def _settings(self) -> Mapping[str, tuple[bytes, int]]:
        lock = read_lock(self.environment.lock_file)
        settings = {LOCK: (print_lock(replace(lock, program=self.program)).encode(), _PLAIN)}
        if not self.environment.config_file.exists():
            settings[CONFIG] = (_config(self.sources).encode(), _PLAIN)
        return settings

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


def _config(sources: Sequence[str] | None) -> str:
    if sources is None:
        return ""
    quoted = ", ".join('"' + source.replace("\\", "\\\\").replace('"', '\\"') + '"' for source in sources)
    return f"sources = [{quoted}]\n"
