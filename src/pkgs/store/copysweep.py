"""Collecting writable copies: of environments that are gone, or of trees that these do not use any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pkgs.store.copies import lock_of, made_from, note_path
from pkgs.store.files import TEMP_PREFIX
from pkgs.store.processes import used_entries
from pkgs.store.root import Root
from pkgs.store.roots import ROOT_ID, root_id
from pkgs.store.sweep import YOUNG, Item, Sweep, decided, entries, first, size


class CopySweep:
    """Decides on what is in ``STATE/mutable``."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    def run(self) -> Iterator[Item]:
        """Yield an item for each copy, and for what interrupted runs left, removing what is to go."""
        doomed: list[Path] = []
        with self._sweep.claims_wait():
            live = {root_id(root.bin_dir): root for root in self._sweep.live()}
            homes = [home for home in entries(self._sweep.state.mutable) if ROOT_ID.fullmatch(home.name)]
            for home in homes:
                yield from self._home(home, live.get(home.name), doomed)
        self._sweep.delete(doomed)
        for home in homes if not self._sweep.dry_run else ():
            with suppress(OSError):  # something is left in it
                home.rmdir()

    def _home(self, home: Path, root: Root | None, doomed: list[Path]) -> Iterator[Item]:
        used = used_entries(home)
        for path in entries(home):
            if path.name.startswith(TEMP_PREFIX):
                yield from self._left(path, doomed)
            elif path.is_dir():
                with self._sweep.locks.attempt(lock_of(path)) as free:
                    item = self._decided(path, root, used=path.name in used, free=free)
                    if item.removed:
                        doomed += [self._sweep.hide(path), self._sweep.hide(note_path(path))]
                    yield item

    def _decided(self, copy: Path, root: Root | None, *, used: bool, free: bool) -> Item:
        keys = {key.hex for key in root.trees} if root else set()
        keep = first(
            (made_from(copy) in keys, "its environment uses it"),
            (used, "a running process uses it"),
            (not free, "it is being worked on"),
        )
        why = "its environment does not use it any more" if root else "its environment is gone"
        return decided("copy", copy.name, copy, size(copy), self._sweep.age(note_path(copy)), keep, why)

    def _left(self, path: Path, doomed: list[Path]) -> Iterator[Item]:
        """Doom what was to become a copy, unless somebody is still at it, be the clock wrong or he slow."""
        age = self._sweep.age(path)
        becoming = path.with_name(path.name.removeprefix(TEMP_PREFIX).rsplit("-", 2)[0])
        with self._sweep.locks.attempt(lock_of(becoming)) as free:
            if free and age > YOUNG:
                yield Item("leftover", path.name, path, size(path), age, "left by an interrupted run", True)
                doomed.append(path)
