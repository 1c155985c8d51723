"""Trees: unpacked archives, read-only, one for each recipe.

A tree is made out of sight by the holder of its lock, digested and made read-only, written down, and then
made visible by one rename. Two recipes never share a tree, not even if the trees come out equal: what a
tree is called is known before anything is unpacked. They may share the files in it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pkgs.digests import Digest
from pkgs.progress import Reporter
from pkgs.state import State
from pkgs.store.ahead import Ahead, UnpackStream
from pkgs.store.copying import copy_tree
from pkgs.store.files import clean_on_failure, remove_tree, storing, temp_sibling
from pkgs.store.locks import Locks
from pkgs.store.recipe import Recipe
from pkgs.store.records import (
    Record,
    listing_path,
    moved_path,
    new_build,
    read_record,
    record_path,
    tree_lock,
    writing_listing,
)
from pkgs.store.relocation import relocate
from pkgs.store.sharing import Twins
from pkgs.store.treedigest import digest_tree
from pkgs.store.written import Written

_TOUCH_SECONDS = 86400


class Unpack(Protocol):
    """Fills the empty directory ``dest`` from an archive; see :func:`pkgs.store.unpack.unpack`."""

    def __call__(
        self,
        archive: Path,
        dest: Path,
        *,
        strip: int,
        name: str,
        dont_extract: bool,
        apps: Sequence[str] = (),
        written: Written | None = None,
    ) -> None:
        """Unpack, or raise :class:`ArchiveError`."""


# Carries out a recipe's actions and puts its files, given where the tree is while it is made. Whatever names
# that directory afterwards, a link or a text, is made to name the final one. Returns which files it has
# written or made executable, but for actions; None if those may be any.
Finish = Callable[[Path], Iterable[Path] | None]


@dataclass(frozen=True, slots=True)
class Tree:
    """An unpacked tree: where it is, the recipe's key, and the digest of its content."""

    path: Path
    key: Digest
    digest: Digest


class Trees:
    """The trees of one state directory.

    ``unpack`` is how archives are opened, ``stream`` how while they arrive; without it, they are not.
    """

    def __init__(
        self, state: State, locks: Locks, unpack: Unpack, stream: UnpackStream | None = None
    ) -> None:
        self._state = state
        self._locks = locks
        self._unpack = unpack
        self._stream = stream
        self._twins = Twins(state)

    def find(self, key: Digest) -> Tree | None:
        """Return the tree with this key if it is there; no lock, nothing is written but its time of use."""
        path = self._state.tree(key)
        if not path.is_dir():
            return None
        record = read_record(self._state, key)
        if record is None:
            return None
        _touch(record_path(self._state, key))
        return Tree(path, key, record.tree)

    def ensure(
        self,
        recipe: Recipe,
        source: Path | None,
        *,
        label: str,
        reporter: Reporter,
        finish: Finish | None = None,
        anew: bool = False,
        good: Callable[[Tree], bool] = lambda _: True,
        ahead: Ahead | None = None,
    ) -> Tree:
        """Return the tree of ``recipe``, made from ``source`` (an archive or a directory) if need be.

        ``label`` is what the user calls it. One that is there is made again if that is to be done ``anew``,
        or if it is not ``good``. ``ahead`` is what :meth:`ahead` returned for the same recipe, if still held.
        Callers record the key in :class:`pkgs.store.roots.Roots` *before*, so that gc keeps it.
        Raises :class:`ArchiveError`, :class:`StoreError`, and what ``finish`` raises; then all is as before.
        """
        key = recipe.key()
        found = None if anew else self.find(key)
        if found and good(found):
            return found
        if ahead and ahead.key == key:
            return self._make(key, recipe, source, label, finish, ahead)
        with self._locks.hold(tree_lock(key), what=label, waiting=reporter.info):
            found = None if anew else self._put_back(key) or self.find(key)
            return found if found and good(found) else self._make(key, recipe, source, label, finish)

    @contextmanager
    def ahead(self, recipe: Recipe, *, label: str) -> Iterator[Ahead | None]:
        """Unpack what is downloaded in the body while it arrives, where nobody else makes the same tree.

        The tree's lock is held meanwhile. What is not used by :meth:`ensure` in the body is thrown away.
        """
        key = recipe.key()
        with self._locks.attempt(tree_lock(key), what=label) as free:
            if not free or not self._stream or self._put_back(key) or self.find(key):
                yield None
                return
            ahead = Ahead(recipe, lambda: new_build(self._state, key), self._stream)
            try:
                yield ahead
            finally:
                ahead.give_up()

    def hide(self, key: Digest) -> Path | None:
        """Take a tree out of sight, and what is written down of it; return where it waits to be removed.

        None if somebody is at work on it.
        """
        with self._locks.attempt(tree_lock(key)) as free, storing(self._state.tree(key)):
            return hide_tree(self._state, key) if free else None

    def _put_back(self, key: Digest) -> Tree | None:
        """Undo a removal that was killed while it was only a rename."""
        moved = moved_path(self._state, key)
        if moved.is_dir() and not self._state.tree(key).exists():
            moved.rename(self._state.tree(key))
            return self.find(key)
        return None

    def _make(
        self,
        key: Digest,
        recipe: Recipe,
        source: Path | None,
        label: str,
        finish: Finish | None,
        ahead: Ahead | None = None,
    ) -> Tree:
        """Make a tree, of what ``ahead`` has unpacked already if that is of use."""
        with storing(self._state.tree(key)):
            unpacked = ahead.finish() if ahead else None
            building, written = unpacked or (new_build(self._state, key), Written())
            with clean_on_failure(building):
                if unpacked is None:
                    self._fill(building, recipe, source, written)
                if finish:
                    written = _untouched(written, building, finish(building))
                relocated = self._relocate(key, building, recipe)
                return self._publish(key, building, recipe, label, relocated, written)

    def _fill(self, building: Path, recipe: Recipe, source: Path | None, written: Written) -> None:
        if source is None:
            return
        if source.is_dir():
            copy_tree(source, building)
        else:
            self._unpack(
                source,
                building,
                strip=recipe.strip,
                name=recipe.name,
                dont_extract=recipe.dont_extract,
                apps=recipe.apps,
                # Actions may write to any file: what they leave is looked at and read.
                written=None if recipe.actions else written,
            )

    def _relocate(self, key: Digest, building: Path, recipe: Recipe) -> int:
        """Only programs can have written the path where they ran; links may come from any action."""
        if not recipe.actions:
            return 0
        return relocate(building, self._state.tree(key), contents=recipe.programs)

    def _publish(
        self,
        key: Digest,
        building: Path,
        recipe: Recipe,
        label: str,
        relocated: int,
        written: Written,
    ) -> Tree:
        final = self._state.tree(key)
        listing = temp_sibling(listing_path(self._state, key))
        with clean_on_failure(listing):
            with writing_listing(listing) as visit:
                total = digest_tree(building, seal=True, visit=visit, known=written)
            self._twins.share(key, recipe.blob, building, listing)
            remove_tree(hide_tree(self._state, key))  # damaged, or not written down: it was not trusted
            listing.replace(listing_path(self._state, key))
        Record(
            key=key,
            tree=total.digest,
            blob=recipe.blob,
            label=label,
            files=total.files,
            size=total.size,
            relocated=relocated,
            recipe=recipe.document(),
        ).write(self._state)
        building.rename(final)
        return Tree(final, key, total.digest)


def hide_tree(state: State, key: Digest) -> Path:
    """Take a tree out of sight, and remove its record and listing; for the holder of its lock."""
    doomed = temp_sibling(state.tree(key))
    with suppress(FileNotFoundError):
        state.tree(key).rename(doomed)
    remove_tree(record_path(state, key))
    remove_tree(listing_path(state, key))
    return doomed


def _untouched(written: Written, building: Path, changed: Iterable[Path] | None) -> Written:
    """Return what still holds of ``written`` when ``changed``, or anything if None, was changed since."""
    if changed is None:
        return Written()
    root = os.path.realpath(building)
    for path in changed:
        written.forget(os.fsencode(os.path.relpath(os.path.realpath(path), root)))
    return written


def _touch(record: Path) -> None:
    """Note that the tree is in use: at most once a day, and not at all in a read-only state directory."""
    with suppress(OSError):
        if abs(time.time() - record.stat().st_mtime) > _TOUCH_SECONDS:
            os.utime(record)
