"""Collecting writable copies: of environments that are gone, or of trees that these do not use any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pkgs.store.copies import made_from, note_path
from pkgs.store.files import TEMP_PREFIX
from pkgs.store.processes import used_entries
from pkgs.store.root import Root
from pkgs.store.roots import root_id
from pkgs.store.sweep import Item, Sweep, decided, entries, first, size


class CopySweep:
    """Decides on what is in ``STATE/mutable``."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    def run(self) -> Iterator[Item]:
        """Yield an item for each copy, removing those that are to go."""
        doomed: list[Path] = []
        with self._sweep.claims_wait():
            live = {root_id(root.bin_dir): root for root in self._sweep.live()}
            homes = entries(self._sweep.state.mutable)
            for home in homes:
                for item in self._items(home, live.get(home.name)):
                    doomed += self._gone(item.path) if item.removed else []
                    yield item
        self._sweep.delete(doomed)
        for home in homes if not self._sweep.dry_run else ():
            with suppress(OSError):  # something is left in it
                home.rmdir()

    def _items(self, home: Path, root: Root | None) -> Iterator[Item]:
        used = used_entries(home)
        keys = {key.hex for key in root.trees} if root else set()
        for copy in entries(home):
            if copy.name.startswith(TEMP_PREFIX) or not copy.is_dir():
                continue
            keep = first(
                (made_from(copy) in keys, "its environment uses it"),
                (copy.name in used, "a running process uses it"),
            )
            why = "its environment does not use it any more" if root else "its environment is gone"
            age = self._sweep.age(note_path(copy))
            yield decided("copy", copy.name, copy, size(copy), age, keep, why)

    def _gone(self, copy: Path) -> list[Path]:
        return [self._sweep.hide(copy), self._sweep.hide(note_path(copy))]
