"""Collecting revisions of manifest sources: clones and snapshots that no lock names any more.

Every refresh leaves the revision before it behind, for whoever's lock still names that one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pkgs.store.files import TEMP_PREFIX
from pkgs.store.sweep import KEY, Item, Sweep, decided, entries, first, size
from pkgs.texts import read_bytes

_LOCK_FILE = "pkgs.lock"
_CURRENT = "current"


class SourceSweep:
    """Decides on what is in ``STATE/sources``: see :mod:`pkgs.source.remote` for what that is."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    def run(self) -> Iterator[Item]:
        """Remove what no environment's lock names, and what interrupted runs have left."""
        locks = "".join(_text(root.bin_dir / _LOCK_FILE) for root in self._sweep.live())
        for shelf in (path for path in entries(self._sweep.state.sources) if KEY.fullmatch(path.name)):
            with self._sweep.locks.attempt(source_lock(shelf.name)) as free:
                yield from self._shelf(shelf, locks, free=free)

    def _shelf(self, shelf: Path, locks: str, *, free: bool) -> Iterator[Item]:
        current = _text(shelf / _CURRENT).strip().replace(":", "-")
        for path in (path for path in entries(shelf) if path.name != _CURRENT):
            left = path.name.startswith(TEMP_PREFIX)
            keep = first(
                (not left and path.name.replace("-", ":") in locks, "the lock of an environment names it"),
                (path.name == current, "it is the newest of its source"),
                (not free, "it is being worked on"),
                (not left and self._sweep.young(path), "it is not old enough"),
            )
            why = "left by an interrupted run" if left else "no environment's lock names it"
            label = f"{shelf.name[:12]}/{path.name.removeprefix('sha256-')[:12]}"
            kind, age = "leftover" if left else "source", self._sweep.age(path)
            item = decided(kind, label, path, size(path), age, keep, why)
            if item.removed:
                self._sweep.delete([self._sweep.hide(path)])
            yield item


def source_lock(shelf: str) -> str:
    """Return the name of the lock of a source, by the name of the directory that it is kept in."""
    return f"source-{shelf[:32]}"


def _text(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8", errors="replace")
    except (OSError, ValueError):
        return ""
