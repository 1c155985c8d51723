"""Collecting pkgs itself: set-ups that no environment's lock names, and what is remembered to save time."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pkgs.digests import Digest
from pkgs.store.processes import used_entries
from pkgs.store.root import Root
from pkgs.store.sweep import Item, Sweep, decided, entries, first, size
from pkgs.texts import read_bytes

_ID = re.compile(r"[0-9a-f]{32}")
_NAMED = re.compile(rf'^id = "({_ID.pattern})"', re.MULTILINE)
_WHEEL = re.compile(r'^sha256 = "([0-9a-f]{64})"', re.MULTILINE)
_DAY = 86400.0
# Parsed manifests and answers of servers are had again for little: they go when they are this old (seconds).
_REMEMBERED = 30 * _DAY


class ProgramSweep:
    """Decides on ``STATE/self``, ``STATE/index`` and ``STATE/memo``."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._state = sweep.state

    def run(self) -> Iterator[Item]:
        """Yield an item for each set-up, and for everything remembered that goes."""
        named = {name for root in self._sweep.live() for name in _found(_NAMED, root)}
        used = used_entries(self._state.programs) | {Path(sys.prefix).name}
        for path in entries(self._state.programs):
            found = _ID.search(path.name)
            if found:
                yield from self._program(path, found[0], found[0] in named, path.name in used)
        yield from self._remembered()

    def _program(self, path: Path, name: str, named: bool, used: bool) -> Iterator[Item]:
        whole = path.name == name
        # An environment that was only looked at has no record yet: a day's age keeps its set-up.
        with self._sweep.locks.attempt(f"self-{name}") as free:
            keep = first(
                (whole and named, "an environment uses it"),
                (used, "a running process uses it"),
                (not free, "it is being worked on"),
                (whole and self._sweep.age(path) < max(_DAY, self._sweep.older_than), "it is not old enough"),
            )
            why = "no environment uses it" if whole else "left by an interrupted run"
            kind = "program" if whole else "leftover"
            age = self._sweep.age(path)
            item = decided(kind, f"pkgs {name[:12]}", path, size(path), age, keep, why)
            if item.removed:
                self._sweep.delete([self._sweep.hide(path)])
            yield item

    def _remembered(self) -> Iterator[Item]:
        least = max(_REMEMBERED, self._sweep.older_than)
        for top in (self._state.index.parent, self._state.root / "memo"):
            # What another process removes meanwhile is passed over, which rglob does not before Python 3.13.
            for path in (Path(folder, name) for folder, _, names in os.walk(top) for name in sorted(names)):
                age = self._sweep.age(path)
                if age >= least:
                    yield Item("leftover", path.name[:12], path, size(path), age, "remembered long ago", True)
                    self._sweep.remove(path)


def wheels_named(roots: Iterable[Root]) -> set[Digest]:
    """Return the wheels of pkgs that the locks of environments name: they may not be had again."""
    return {Digest(sha256) for root in roots for sha256 in _found(_WHEEL, root)}


def _found(pattern: re.Pattern[str], root: Root) -> list[str]:
    """Return what the lock's table of pkgs says; without importing all that can read a lock."""
    with suppress(OSError, ValueError):
        text = read_bytes(root.bin_dir / "pkgs.lock").decode("utf-8", errors="replace")
        return pattern.findall(text.partition("\n[pkgs]\n")[2].partition("\n[")[0])[:1]
    return []
