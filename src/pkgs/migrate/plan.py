"""What migrating changes: worked out without changing anything, told, and then done."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pkgs.environment.lock import Lock, print_lock, read_lock
from pkgs.environment.pins import Pin, read_pins, reference_of
from pkgs.environment.root import WRAPPER, Environment, is_bin_dir
from pkgs.errors import EnvError
from pkgs.install.workspace import Workspace
from pkgs.migrate.hints import Hint
from pkgs.migrate.pinning import LATER, UNKNOWN, Pinned, lock_pins
from pkgs.migrate.steps import Step
from pkgs.shim.scaffold import scripts

_MARK = b"# pkgs:"


@dataclass(frozen=True, slots=True)
class Left:
    """A tool of another manager that could not be pinned, and why."""

    name: str
    wanted: str
    reason: str

    def document(self) -> dict[str, str]:
        """Return it as plain values for JSON."""
        return {"name": self.name, "wanted": self.wanted, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A migration from ``origin`` to ``environment``: ``steps`` are what is still to be done.

    ``kept`` are files of the former manager that stay, ``foreign`` files of the user's in the same directory;
    ``notes`` is what else there is to know.
    """

    origin: Path
    environment: Environment
    pinned: tuple[Pinned, ...]
    steps: tuple[Step, ...]
    left: tuple[Left, ...] = ()
    kept: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of what is not provided by any manifest."""
        names = [str(each.pin.reference) for each in self.pinned if each.state == UNKNOWN]
        return (*names, *(each.name for each in self.left))

    @property
    def waiting(self) -> bool:
        """Whether pins are left for the lock to learn of once their sources are fetched."""
        return any(each.state == LATER for each in self.pinned)

    def document(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {
            "origin": str(self.origin),
            "environment": str(self.environment.bin_dir),
            "packages": [each.document() for each in self.pinned],
            "left": [each.document() for each in self.left],
            "changes": [step.document() for step in self.steps],
            "kept": list(self.kept),
            "foreign": list(self.foreign),
            "hints": [hint.document() for hint in self.hints],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The environment that is migrated to, and what its files are made from."""

    workspace: Workspace
    before: tuple[Pin, ...] = ()

    @classmethod
    def at(cls, workspace: Workspace) -> Target:
        """Look at the place; raise :class:`EnvError` where something of the user's is in the way."""
        bin_dir = workspace.environment.bin_dir
        _refuse_stranger(bin_dir)
        return cls(workspace=workspace, before=read_pins(bin_dir) if bin_dir.is_dir() else ())

    @property
    def environment(self) -> Environment:
        """The environment to be."""
        return self.workspace.environment

    def steps(self, pins: Sequence[Pin], config: str) -> tuple[tuple[Step, ...], tuple[Pinned, ...]]:
        """Return what makes the environment hold ``pins``, and how each stands. What is there is kept."""
        lock, pinned = lock_pins(self.workspace, pins, read_lock(self.environment.lock_file))
        steps = [*self._own_files(config, lock), *self._links(pins)]
        return tuple(step for step in steps if step.needed), pinned

    def _own_files(self, config: str, lock: Lock) -> Iterator[Step]:
        bin_dir = self.environment.bin_dir
        if not is_bin_dir(bin_dir):
            yield from (Step(bin_dir / name, text, mode) for name, (text, mode) in scripts().items())
        if not self.environment.config_file.exists():
            yield Step(self.environment.config_file, config.encode())
        lock = lock if lock.program else replace(lock, program=self.workspace.program())
        yield Step(self.environment.lock_file, print_lock(lock).encode())

    def _links(self, pins: Sequence[Pin]) -> Iterator[Step]:
        bin_dir = self.environment.bin_dir
        for pin in pins:
            yield Step(bin_dir / pin.link, link=WRAPPER)
            for tool in pin.tools:
                self._refuse_foreign(bin_dir / tool, pin)
                yield Step(bin_dir / tool, link=pin.link)

    def _refuse_foreign(self, path: Path, pin: Pin) -> None:
        if not os.path.lexists(path) or (path.is_symlink() and str(path.readlink()) == pin.link):
            return
        owner = reference_of(str(path.readlink())) if path.is_symlink() else None
        raise EnvError(
            f"{path} {f'belongs to {owner}' if owner else 'exists'}, so {pin.reference} cannot provide it",
            "move it away, or migrate elsewhere with: pkgs migrate --beside DIR",
        )


def _refuse_stranger(bin_dir: Path) -> None:
    wrapper = bin_dir / WRAPPER
    if not os.path.lexists(wrapper):
        return
    if wrapper.is_symlink() or not wrapper.is_file() or _MARK not in wrapper.read_bytes()[:200]:
        raise EnvError(
            f"{wrapper} exists and is not pkgs' wrapper",
            "move it away, or migrate elsewhere with: pkgs migrate --beside DIR",
        )
