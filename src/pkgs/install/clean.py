"""Removing an environment's share of the store, for which it need not be the only one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pkgs.digests import Digest
from pkgs.environment.lock import read_lock
from pkgs.environment.root import LOCK
from pkgs.errors import PkgsError
from pkgs.install.contents import read_contents
from pkgs.install.place import discard_copy
from pkgs.install.transaction import alone
from pkgs.install.workspace import Workspace
from pkgs.store.blobs import blob_lock
from pkgs.store.copies import copies_of, note_path
from pkgs.store.files import storing
from pkgs.store.processes import used_entries
from pkgs.store.records import TREE, read_record, record_path
from pkgs.store.root import Root
from pkgs.store.sweep import Item, Sweep, by_key, decided, entries, first, size


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is to go: unpacked ``packages``, ``downloads``; of ``everyone`` or of this environment alone."""

    packages: bool
    downloads: bool
    everyone: bool = False
    dry_run: bool = False


def clean(workspace: Workspace, cleaning: Cleaning) -> list[Item]:
    """Remove what ``cleaning`` says and return what was looked at.

    Unless it is for everyone, what another environment uses stays; what a running process uses stays anyway,
    and so does the download of pkgs itself, which may not be had again. Raises :class:`StoreError`.
    """
    with nullcontext() if cleaning.dry_run else alone(workspace), storing(workspace.state.root):
        shares = _Shares(workspace, cleaning)
        # Downloads first: which ones are whose is written down beside the trees.
        downloads = list(shares.downloads()) if cleaning.downloads else []
        packages = [*shares.trees(), *shares.copies()] if cleaning.packages else []
        return [*packages, *downloads]


class _Shares:
    def __init__(self, workspace: Workspace, cleaning: Cleaning) -> None:
        self._workspace = workspace
        self._store, self._state = workspace.store, workspace.state
        self._cleaning = cleaning
        reporter, now = workspace.reporter, time.time()
        self._sweep = Sweep(self._state, self._store.locks, now, 0, cleaning.dry_run, reporter)
        contents = read_contents(workspace)
        self._pins = [pin.reference for pin in contents.pins]
        self._own = self._store.roots.of(workspace.owner)
        self._keys = self._own.trees | {each.key for each in contents.located.values()}
        self._blobs = self._own.blobs | {each.blob for each in contents.located.values() if each.blob}

    def _others(self) -> list[Root]:
        """Return the records of other environments; what they claim, they may have found already."""
        roots = (root for root in self._store.roots.all() if root.exists())
        return [root for root in roots if root.bin_dir != self._workspace.owner]

    def trees(self) -> Iterator[Item]:
        present = by_key(entries(self._state.trees)) if self._cleaning.everyone else self._keys
        doomed: list[Path] = []
        with self._sweep.claims_wait():
            used = used_entries(self._state.trees)
            taken = self._taken(root.trees for root in self._others())
            for key in sorted(present, key=str):
                if self._state.tree(key).is_dir():
                    yield self._tree(key, key in taken, f"{TREE}{key.hex}" in used, doomed)
        self._sweep.delete(doomed)

    def copies(self) -> Iterator[Item]:
        """Yield the environment's own writable copies, with which all goes that was changed in them."""
        home = copies_of(self._state, self._workspace.owner)
        used = used_entries(home)
        for reference in self._pins:
            copy = home / str(reference)
            if copy.is_dir():
                reason = first((copy.name in used, "a running process uses it"))
                old, why = self._sweep.age(note_path(copy)), "its environment is cleaned"
                item = decided("copy", copy.name, copy, size(copy), old, reason, why)
                if item.removed and not self._cleaning.dry_run:
                    discard_copy(self._workspace, reference)
                yield item

    def _tree(self, key: Digest, taken: bool, used: bool, doomed: list[Path]) -> Item:
        path, record = self._state.tree(key), read_record(self._state, key)
        reason = first((taken, "another environment uses it"), (used, "a running process uses it"))
        label, bytes_ = (record.label, record.size) if record else (key.hex[:12], size(path))
        old = self._sweep.age(record_path(self._state, key))
        item = decided("tree", label, path, bytes_, old, reason, "its environment is cleaned")
        if item.removed and not self._cleaning.dry_run:
            hidden = self._store.trees.hide(key)
            if hidden is None:
                return replace(item, reason="it is being worked on", removed=False)
            doomed.append(hidden)
        return item

    def downloads(self) -> Iterator[Item]:
        shelves = (path for shelf in entries(self._state.blobs) for path in entries(shelf))
        found = (*shelves, *entries(self._state.packs))
        present = by_key(found) if self._cleaning.everyone else self._blobs | self._archives(self._own)
        with self._sweep.claims_wait():
            others = self._others()
            taken = self._taken(root.blobs | self._archives(root) for root in others)
            itself = self._programs(others)
            for digest in sorted(present, key=str):
                places = (self._state.blob(digest), self._state.pack(digest))
                path = next((place for place in places if place.is_file()), None)
                if path:
                    yield self._download(digest, path, digest in taken, digest in itself)

    def _download(self, digest: Digest, path: Path, taken: bool, itself: bool) -> Item:
        with self._store.locks.attempt(blob_lock(digest.hex)) as free:
            reason = first(
                (itself, "it is pkgs itself"),
                (taken, "another environment uses it"),
                (not free, "it is being worked on"),
            )
            why, old = "its environment is cleaned", self._sweep.age(path)
            item = decided("download", digest.hex[:12], path, size(path), old, reason, why)
            if item.removed:
                self._sweep.remove(path)
            return item

    def _taken(self, uses: Iterable[frozenset[Digest]]) -> frozenset[Digest]:
        return frozenset() if self._cleaning.everyone else frozenset().union(*uses)

    def _archives(self, root: Root) -> frozenset[Digest]:
        """Return the downloads that a root's trees were made from."""
        records = (read_record(self._state, key) for key in (self._keys if root is self._own else root.trees))
        return frozenset(record.blob for record in records if record and record.blob)

    def _programs(self, others: Iterable[Root]) -> frozenset[Digest]:
        """Return the wheels that environments are pinned to."""
        locks = {self._workspace.environment.lock_file}
        locks |= {path for root in others for path in root.watched if path.name == LOCK}
        found: set[Digest] = set()
        for path in locks:
            with suppress(PkgsError):
                program = read_lock(path).program
                found |= {Digest(program.sha256)} if program and program.sha256 else set()
        return frozenset(found)
