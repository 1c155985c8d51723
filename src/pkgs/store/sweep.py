"""What all of gc shares: what it looks at and decides, how old things are, and how they go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pkgs.digests import Digest
from pkgs.progress import Reporter
from pkgs.state import State
from pkgs.store.files import TEMP_PREFIX, look_anew, remove_tree, temp_sibling
from pkgs.store.locks import Locks
from pkgs.store.root import Root
from pkgs.store.roots import ROOTS_LOCK, Roots

KEY = re.compile(r"[0-9a-f]{64}")
# Leftovers that no entry's lock protects may belong to a running process while they are this young (seconds).
YOUNG = 86400.0
# How many entries are decided on while claims wait.
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Item:
    """One thing gc looked at. ``removed`` also in a dry run, for what would be; ``size`` is in bytes.

    ``age`` is how long ago it was last used, in seconds; of what nobody notes the use of, last changed.
    ``kind`` is ``tree``, ``download``, ``source``, ``program``, ``leftover``, ``copy``, ``links`` or
    ``environment``.
    """

    kind: str
    label: str
    path: Path
    size: int
    age: float
    reason: str
    removed: bool


@dataclass(frozen=True, slots=True)
class Sweep:
    """One collection: ``now`` since the epoch, and the age from which entries may go, both in seconds."""

    state: State
    locks: Locks
    now: float
    older_than: float
    dry_run: bool
    reporter: Reporter

    @property
    def roots(self) -> Roots:
        """The records of environments."""
        return Roots(self.state, self.locks)

    def claims_wait(self) -> ExitStack:
        """Return a context in which no environment can claim anything; a dry run disturbs nobody."""
        stack = ExitStack()
        if not self.dry_run:
            hold = self.locks.hold(ROOTS_LOCK, what="collecting garbage", waiting=self.reporter.info)
            stack.enter_context(hold)
            look_anew(self.state.roots)
        return stack

    def live(self) -> list[Root]:
        """Return the records of environments that are there, without what killed changes of them claimed."""
        roots = self.roots
        return [roots.sure(root) for root in roots.all() if root.exists()]

    def young(self, path: Path) -> bool:
        """Say whether ``path`` was used too lately to go."""
        return self.age(path) < self.older_than

    def age(self, path: Path) -> float:
        """Return seconds since ``path`` was last used; 0 for a time to come (the clock was set back)."""
        return age(path, self.now, missing=self.older_than)

    def hide(self, path: Path) -> Path:
        """Take ``path`` out of sight; return where it waits to be deleted."""
        if self.dry_run or path.name.startswith(TEMP_PREFIX):
            return path
        hidden = temp_sibling(path)
        with suppress(FileNotFoundError):
            path.rename(hidden)
        return hidden

    def remove(self, path: Path) -> None:
        """Remove a file or tree, unless this is a dry run."""
        if not self.dry_run:
            remove_tree(path)

    def delete(self, doomed: Iterable[Path]) -> None:
        """Remove all that was hidden."""
        for path in doomed:
            self.remove(path)


def age(path: Path, now: float, *, missing: float = 0.0) -> float:
    """Return how many seconds before ``now`` something was last used; ``missing`` if it is not there."""
    try:
        return max(0.0, now - path.lstat().st_mtime)
    except FileNotFoundError:
        return missing


def decided(kind: str, label: str, path: Path, size: int, age: float, keep: str, why: str) -> Item:
    """Return an item that is kept for the reason ``keep``, or without one removed for the reason ``why``."""
    return Item(kind, label, path, size, age, keep or why, not keep)


def first(*reasons: tuple[bool, str]) -> str:
    """Return the first reason that holds, or ""."""
    return next((reason for holds, reason in reasons if holds), "")


def entries(directory: Path) -> list[Path]:
    """Return what is in a directory, sorted; nothing if there is none."""
    try:
        return sorted(directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def by_key(paths: Iterable[Path]) -> dict[Digest, list[Path]]:
    """Return the paths whose names hold a digest, by that digest."""
    found: dict[Digest, list[Path]] = {}
    for path in paths:
        key = KEY.search(path.name)
        if key:
            found.setdefault(Digest(key[0]), []).append(path)
    return found


def batches(
    items: Iterable[tuple[Digest, list[Path]]],
) -> Iterator[list[tuple[Digest, list[Path]]]]:
    """Yield ``items`` in lists of no more than are decided on at once."""
    remaining = iter(items)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files in a tree that a path can name."""
    total, pending = 0, [path]
    while pending:
        each = pending.pop()
        with suppress(OSError):
            if each.is_dir() and not each.is_symlink():
                pending += entries(each)
            else:
                total += each.lstat().st_size
    return total
