"""Writable copies of trees, for packages that change themselves: one for each environment and reference."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pkgs.digests import digest_bytes
from pkgs.references import Reference
from pkgs.state import State
from pkgs.store.copying import copy_tree
from pkgs.store.files import (
    atomic_write,
    clean_on_failure,
    make_directory,
    remove_tree,
    storing,
    temp_sibling,
)
from pkgs.store.locks import Locks
from pkgs.store.roots import root_id
from pkgs.store.trees import Tree

_NOTE = ".json"


class Copies:
    """The writable copies of one state directory, at ``mutable/ENVIRONMENT/REFERENCE``."""

    def __init__(self, state: State, locks: Locks) -> None:
        self._state = state
        self._locks = locks

    def path(self, bin_dir: Path, reference: Reference) -> Path:
        """Return where an environment's copy is or will be."""
        return copies_of(self._state, bin_dir) / str(reference)

    def ensure(
        self, tree: Tree, bin_dir: Path, reference: Reference, *, waiting: Callable[[str], None]
    ) -> Path:
        """Return the environment's own copy of ``tree``, made if need be; what was changed in it is kept.

        When the reference has come to mean another tree, as a channel does, a fresh copy replaces the old.
        """
        path = self.path(bin_dir, reference)
        if made_from(path) == tree.key.hex and path.is_dir():
            return path
        with self._locks.hold(lock_of(path), what=str(reference), waiting=waiting):
            if made_from(path) != tree.key.hex or not path.is_dir():
                self._copy(tree, path)
        return path

    def discard(self, bin_dir: Path, reference: Reference, *, waiting: Callable[[str], None]) -> None:
        """Remove an environment's copy."""
        path = self.path(bin_dir, reference)
        with self._locks.hold(lock_of(path), what=str(reference), waiting=waiting):
            self._forget(path)

    def _copy(self, tree: Tree, path: Path) -> None:
        fresh = temp_sibling(path)
        with storing(path), clean_on_failure(fresh):
            make_directory(fresh)
            copy_tree(tree.path, fresh, writable=True)
            self._forget(path)
            atomic_write(note_path(path), json.dumps({"tree": tree.key.hex}).encode())
            fresh.rename(path)

    def _forget(self, path: Path) -> None:
        doomed = temp_sibling(path)
        with suppress(FileNotFoundError):
            path.rename(doomed)
        note_path(path).unlink(missing_ok=True)
        remove_tree(doomed)


def copies_of(state: State, bin_dir: Path) -> Path:
    """Return the directory that an environment's copies are in."""
    return state.mutable / root_id(bin_dir)


def lock_of(copy: Path) -> str:
    """Return the name of the lock for an environment's copy."""
    return f"copy-{copy.parent.name}-{digest_bytes(os.fsencode(copy.name)).hex[:16]}"


def made_from(copy: Path) -> str:
    """Return the key of the tree that a copy was made from, in hex; "" if that is unknown."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads(note_path(copy).read_bytes())["tree"])
    return ""


def note_path(copy: Path) -> Path:
    """Return where it is noted what a copy was made from."""
    return copy.with_name(copy.name + _NOTE)
