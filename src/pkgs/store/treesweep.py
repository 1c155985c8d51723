"""Collecting trees: everything that carries one key is decided on together, under that key's lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pkgs.digests import Digest
from pkgs.store.files import remove_tree
from pkgs.store.processes import used_entries
from pkgs.store.records import (
    MOVED,
    TREE,
    listing_path,
    moved_path,
    read_record,
    record_path,
    tree_lock,
)
from pkgs.store.sharing import Disk
from pkgs.store.sweep import KEY, Item, Sweep, batches, by_key, decided, entries, first, size


class TreeSweep:
    """Decides on each tree and on what interrupted runs left of one."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._state = sweep.state
        self._disk = Disk()
        self._made: Counter[Digest | None] = Counter()

    def run(self) -> Iterator[Item]:
        """Yield an item for each tree and leftover, removing what is to go."""
        found = by_key(entries(self._state.trees))
        self._made.update(record.blob for key in found if (record := read_record(self._state, key)))
        for batch in batches(found.items()):
            doomed: list[Path] = []
            with self._sweep.claims_wait(), ExitStack() as held:
                needed = frozenset().union(*(root.trees for root in self._sweep.live()))
                used = _keys(used_entries(self._state.trees))
                for key, paths in batch:
                    free = held.enter_context(self._sweep.locks.attempt(tree_lock(key)))
                    yield from self._tree(key, paths, free, key in needed, key in used, doomed)
                self._put_used_back(doomed)
            self._sweep.delete(doomed)

    def _tree(
        self, key: Digest, paths: list[Path], free: bool, needed: bool, used: bool, doomed: list[Path]
    ) -> Iterator[Item]:
        record = read_record(self._state, key)
        label = record.label if record else key.hex[:12]
        place = self._place(key)
        if free:
            yield from self._leftovers(label, key, paths, place, doomed)
        if place is None:
            return
        reason = first(
            (needed, "an environment uses it"),
            (used, "a running process uses it"),
            (not free, "it is being worked on"),
            (self._sweep.young(record_path(self._state, key)), "it was used not long ago"),
        )
        age = self._sweep.age(record_path(self._state, key))
        space = record.size if record else size(place)
        item = decided("tree", label, place, space, age, reason, "no environment uses it")
        if item.removed:
            if record and self._made[record.blob] > 1:
                item = replace(item, size=self._disk.freed(place))
            self._hide_tree(key, place, doomed)
        elif free and not self._sweep.dry_run and place == moved_path(self._state, key):
            place.rename(self._state.tree(key))
        yield item

    def _place(self, key: Digest) -> Path | None:
        """Return where the tree stands: in sight, or where a killed collection has put it."""
        places = (self._state.tree(key), moved_path(self._state, key))
        return next((place for place in places if place.is_dir()), None)

    def _leftovers(
        self, label: str, key: Digest, paths: list[Path], place: Path | None, doomed: list[Path]
    ) -> Iterator[Item]:
        own = {record_path(self._state, key), listing_path(self._state, key), place} if place else set()
        for path in paths:
            if path not in own:
                age = self._sweep.age(path)
                yield Item("leftover", label, path, size(path), age, "left by an interrupted run", True)
                doomed += [self._sweep.hide(path)]

    def _hide_tree(self, key: Digest, place: Path, doomed: list[Path]) -> None:
        if self._sweep.dry_run:
            return
        if place != moved_path(self._state, key):
            place.rename(moved_path(self._state, key))
        doomed.append(moved_path(self._state, key))

    def _put_used_back(self, doomed: list[Path]) -> None:
        """Put back what a process began to use before it was out of sight; then let go of the rest."""
        moved = [path for path in doomed if path.name.startswith(MOVED)]
        used = _keys(used_entries(self._state.trees)) if moved else frozenset()
        for path in moved:
            doomed.remove(path)
            key = Digest(path.name.removeprefix(MOVED))
            if key in used:
                path.rename(self._state.tree(key))
                continue
            doomed.append(self._sweep.hide(path))
            remove_tree(record_path(self._state, key))
            remove_tree(listing_path(self._state, key))
            self._sweep.locks.discard(tree_lock(key))


def _keys(names: Iterable[str]) -> frozenset[Digest]:
    """Return the keys of trees among ``names``, be they in sight or moved."""
    matches = (KEY.fullmatch(name.removeprefix(TREE).removeprefix(MOVED)) for name in names)
    return frozenset(Digest(match[0]) for match in matches if match)
