"""Collecting what no environment uses.

An entry goes if no root names it, no process uses it, nobody holds its lock and it is older than asked for.
Roots are read, and entries taken out of sight, under the one lock that claims are written under: an install
claims first and looks second, so it either keeps an entry or finds it gone and makes it again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from pkgs.digests import Digest
from pkgs.errors import StoreError
from pkgs.progress import Reporter
from pkgs.state import ENV_FORMAT, State
from pkgs.store.blobs import blob_lock
from pkgs.store.copysweep import CopySweep
from pkgs.store.farmsweep import FarmSweep
from pkgs.store.files import TEMP_PREFIX, storing
from pkgs.store.locks import Locks
from pkgs.store.programsweep import ProgramSweep, wheels_named
from pkgs.store.records import read_record
from pkgs.store.root import Root
from pkgs.store.roots import ROOTS_LOCK, env_lock
from pkgs.store.sourcesweep import SourceSweep
from pkgs.store.sweep import KEY, YOUNG, Item, Sweep, batches, by_key, decided, entries, first, size
from pkgs.store.treesweep import TreeSweep


def collect(
    state: State, locks: Locks, *, now: float, older_than: float, dry_run: bool, reporter: Reporter
) -> list[Item]:
    """Remove what no environment uses and is at least ``older_than`` seconds old; return what was looked at.

    ``now`` is the time since the epoch. Kept entries are returned too, with the reason. Safe beside installs
    and other collections. Raises :class:`StoreError` if the state directory cannot be written.
    """
    collector = _Collector(Sweep(state, locks, now, older_than, dry_run, reporter))
    if dry_run:
        return list(collector.run())
    with locks.hold("gc", what="collecting garbage", waiting=reporter.info), storing(state.root):
        return list(collector.run())


class _Collector:
    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._state = sweep.state

    def run(self) -> Iterator[Item]:
        yield from self._environments()
        yield from CopySweep(self._sweep).run()
        yield from FarmSweep(self._sweep).run()
        yield from TreeSweep(self._sweep).run()
        yield from self._downloads()
        yield from SourceSweep(self._sweep).run()
        yield from ProgramSweep(self._sweep).run()
        yield from self._unlocked_leftovers()
        if not self._sweep.dry_run:
            self._old_locks()

    def _environments(self) -> Iterator[Item]:
        with self._sweep.claims_wait():
            roots = self._sweep.roots
            for root in roots.all():
                after = roots.sure(root) if root.exists() else None
                path, age = roots.path(root.bin_dir), self._sweep.age(roots.path(root.bin_dir))
                for link in roots.unused_links(root, after):
                    yield Item("links", str(link), link, 0, age, "no environment uses it", True)
                if after != root and not self._sweep.dry_run:
                    with suppress(StoreError):  # the disk is full: what is pending is ignored all the same
                        roots.turn(root, after)
                if after is None:
                    self._sweep.remove(self._state.env(root.bin_dir))
                reason = "the environment is there" if after else "the environment is gone"
                yield Item("environment", str(root.bin_dir), path, 0, age, reason, after is None)

    def _downloads(self) -> Iterator[Item]:
        shelves = (path for shelf in entries(self._state.blobs) for path in entries(shelf))
        found = by_key((*shelves, *entries(self._state.packs), *entries(self._state.partial)))
        for batch in batches(found.items()):
            with self._sweep.claims_wait():
                live = self._sweep.live()
                needed = wheels_named(live).union(*(self._blobs_of(root) for root in live))
                for key, paths in batch:
                    yield from self._download(key, paths, key in needed)

    def _download(self, key: Digest, paths: list[Path], needed: bool) -> Iterator[Item]:
        with ExitStack() as stack:
            free = stack.enter_context(self._sweep.locks.attempt(blob_lock(key.hex)))
            for path in paths:
                whole = path in (self._state.blob(key), self._state.pack(key))
                reason = first(
                    (needed and whole, "an environment uses it"),
                    (not free, "it is being worked on"),
                    (self._sweep.young(path), "it is not old enough"),
                )
                why = "no environment uses it" if whole else "a download that was not finished"
                kind = "download" if whole else "leftover"
                age = self._sweep.age(path)
                item = decided(kind, path.name[:12], path, size(path), age, reason, why)
                if item.removed:
                    self._sweep.remove(path)
                yield item

    def _blobs_of(self, root: Root) -> set[Digest]:
        """Return the blobs a root names and those its trees were made from, which repair needs."""
        records = (read_record(self._state, key) for key in root.trees)
        return {*root.blobs, *(record.blob for record in records if record and record.blob)}

    def _unlocked_leftovers(self) -> Iterator[Item]:
        """Find temp siblings that no entry's lock guards: only their age tells that nobody writes them."""
        state = self._state
        directories = [state.locks, state.roots]
        # What is partial and bears a key was looked at with that key; the rest is bundles being taken in.
        keyless = [path for path in entries(self._state.partial) if not KEY.search(path.name)]
        found = (*keyless, *(path for directory in directories for path in entries(directory)))
        for path in (*found, *self._in_environments()):
            age = self._sweep.age(path)
            if path.name.startswith(TEMP_PREFIX) and age > YOUNG and not self._at_work(path):
                yield Item("leftover", path.name, path, size(path), age, "left by an interrupted run", True)
                self._sweep.remove(path)

    def _at_work(self, path: Path) -> bool:
        """Say whether a command works apart under this name still, be the clock wrong or it slow."""
        if path.parent != self._state.roots or not path.is_dir():
            return False
        with self._sweep.locks.attempt(env_lock(path)) as free:
            return not free

    def _in_environments(self) -> Iterator[Path]:
        """Yield what is in the directories of plans, activation scripts and link farms."""
        for folder, folders, files in os.walk(self._state.envs):
            if ENV_FORMAT in Path(folder).parts:
                yield from (Path(folder, name) for name in (*folders, *files))

    def _old_locks(self) -> None:
        for name in self._sweep.locks.names():
            path = self._sweep.locks.path(name)
            if self._sweep.age(path) > max(YOUNG, self._sweep.older_than) and name not in ("gc", ROOTS_LOCK):
                with self._sweep.locks.attempt(name) as held:
                    if held:
                        self._sweep.locks.discard(name)
