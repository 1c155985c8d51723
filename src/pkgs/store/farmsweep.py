"""Collecting link farms: directories of links to the runtime dependencies that an environment once had.

A farm is needed as long as one of its links leads into a tree that its environment uses, or to what is there
in another place: a writable copy, or where a manifest's ``dest`` is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pkgs.digests import Digest
from pkgs.store.files import TEMP_PREFIX
from pkgs.store.root import Root
from pkgs.store.sweep import KEY, Item, Sweep, decided, entries, first


class FarmSweep:
    """Decides on the link farms of all environments that are there."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._state = sweep.state

    def run(self) -> Iterator[Item]:
        """Yield an item for each farm, removing those that are to go."""
        doomed: list[Path] = []
        with self._sweep.claims_wait():
            for root in self._sweep.live():
                for farm in entries(self._state.farms(root.bin_dir)):
                    if farm.name.startswith(TEMP_PREFIX):
                        continue
                    item = self._decided(farm, root)
                    doomed += [self._sweep.hide(farm)] if item.removed else []
                    yield item
        self._sweep.delete(doomed)

    def _decided(self, farm: Path, root: Root) -> Item:
        keep = first(
            (any(self._leads_on(link, root) for link in entries(farm)), "its environment uses it"),
            (self._sweep.young(farm), "it is not old enough"),
        )
        label = farm.name.rpartition("-")[0]
        why = "its environment does not use it any more"
        return decided("links", label, farm, 0, self._sweep.age(farm), keep, why)

    def _leads_on(self, link: Path, root: Root) -> bool:
        try:
            target = link.readlink()
        except OSError:  # no link, or another collection has removed it
            return False
        if not target.is_relative_to(self._state.trees):
            return target.exists()
        key = KEY.search(target.relative_to(self._state.trees).parts[0])
        return key is not None and Digest(key[0]) in root.trees
