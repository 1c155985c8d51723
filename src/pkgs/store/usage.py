"""What the store's disk space is spent on, by package."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgs.digests import Digest
from pkgs.state import State
from pkgs.store.records import Record, read_record, recorded
from pkgs.store.root import Root
from pkgs.store.sharing import Disk
from pkgs.store.sweep import entries, size

_HEX = re.compile(r"[0-9a-f]{64}")
# What the directories of the state directory hold that are not of packages; others go by their names.
_OTHERS = {
    "mutable": "writable copies",
    "sources": "manifest sources",
    "partial": "unfinished downloads",
    "self": "pkgs itself",
    "index": "remembered",
    "memo": "remembered",
}


@dataclass(frozen=True, slots=True)
class Usage:
    """What one package takes, in bytes; ``label`` is "" for downloads that no tree was made from.

    ``other`` is what is no package's: its ``label`` is then in parentheses, and the rest is 0.
    ``environments`` is how many environments use one of its trees.
    """

    label: str
    trees: int
    blobs: int
    environments: int
    other: int = 0

    @property
    def size(self) -> int:
        """Everything together."""
        return self.trees + self.blobs + self.other


def usage(state: State, roots: list[Root]) -> list[Usage]:
    """Return the space taken by each package, and by all else in the state directory, the largest first.

    What packages share counts for one that an environment uses, if there is such a one.
    """
    blobs = dict(_blob_sizes(state))
    used = frozenset[Digest]().union(*(root.trees for root in roots))
    ordered = sorted(_records(state), key=lambda record: record.key not in used)
    by_label: dict[str, list[Record]] = defaultdict(list)
    for record in ordered:
        by_label[record.label].append(record)
    sizes = _tree_sizes(state, ordered)
    found = [_usage(label, records, sizes, blobs, roots) for label, records in by_label.items()]
    if blobs:
        found.append(Usage("", 0, sum(blobs.values()), 0))
    found += [
        Usage(f"({what})", 0, 0, 0, taken) for what, taken in _others(state, set(sizes)).items() if taken
    ]
    return sorted(found, key=lambda entry: (-entry.size, entry.label))


def _tree_sizes(state: State, records: list[Record]) -> dict[Digest, int]:
    """Return what each tree takes, by key; what trees of the same archive share is the first one's."""
    made, disk = Counter(record.blob for record in records), Disk()
    return {
        each.key: disk.taken(state.tree(each.key)) if each.blob and made[each.blob] > 1 else each.size
        for each in records
    }


def _others(state: State, keys: set[Digest]) -> Mapping[str, int]:
    """Return what all but packages takes, by what it is; ``keys`` are those of the packages' trees."""
    disk, found = Disk(), Counter[str]()
    trees, packages = {state.tree(key) for key in keys}, {state.blobs.parent, state.packs}
    for path in entries(state.root):
        if path != state.trees and path not in packages:
            found[_OTHERS.get(path.name, path.name)] += _taken(disk, path)
    for path in entries(state.trees):
        if path not in trees:
            found["lists of files, leftovers"] += _taken(disk, path)
    return found


def _taken(disk: Disk, path: Path) -> int:
    return disk.taken(path) if path.is_dir() else size(path)


def _usage(
    label: str,
    records: list[Record],
    sizes: Mapping[Digest, int],
    blobs: dict[Digest, int],
    roots: list[Root],
) -> Usage:
    keys = {record.key for record in records}
    archives = {record.blob for record in records if record.blob}
    return Usage(
        label,
        sum(sizes[record.key] for record in records),
        sum(blobs.pop(blob, 0) for blob in archives),
        sum(1 for root in roots if keys & root.trees),
    )


def _records(state: State) -> Iterator[Record]:
    for key in sorted(recorded(state)):
        record = read_record(state, key)
        if record and state.tree(key).is_dir():
            yield record


def _blob_sizes(state: State) -> Iterator[tuple[Digest, int]]:
    for path in (*state.blobs.glob("??/*"), *state.packs.glob("*.pack")):
        if _HEX.fullmatch(path.stem):
            yield Digest(path.stem), size(path)
