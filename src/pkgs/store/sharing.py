"""Equal files in trees of the same bytes: two recipes for one archive cost the disk once.

A file of a new tree becomes another name (a hard link) of the same file in an older tree of the same archive,
if content, permissions and time agree. Both are read and compared, so that damage never spreads. Nothing
writes to a tree: repairing makes another one, collecting takes names away, and writable copies are copies.
"""

# ruff: noqa: PTH101, PTH105, PTH120, PTH123, S103
# Strings, because a Path for each of 100,000 files would cost more than the work itself.
from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

from pkgs.digests import Digest
from pkgs.errors import StoreError
from pkgs.state import State
from pkgs.store.files import clean_on_failure, temp_sibling
from pkgs.store.records import listing_path, read_listing, read_record, recorded
from pkgs.store.treedigest import SEALED, Entry

# About 300 bytes of memory each; what is beyond is not shared.
_MOST = 100_000
_CHUNK = 1 << 18
_File = tuple[str, int, int, int]


class Twins:
    """Which trees were made of which bytes; each record is read once, however many trees are made."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._read: set[Digest] = set()
        self._of: dict[Digest, list[Digest]] = {}
        self._turn = Lock()

    def share(self, key: Digest, blob: Digest | None, building: Path, listing: Path) -> None:
        """Let files of the sealed tree in ``building`` be those of another tree of ``blob``, if there is one.

        ``listing`` is the listing of ``building``, ``key`` its key. What cannot be shared stays as it is.
        """
        twin = self._twin(key, blob) if blob else None
        if twin is None:
            return
        with suppress(OSError, StoreError):  # the twin is going, or its listing is damaged
            there = dict(_files(listing_path(self._state, twin)))
            with _Unsealed(building) as opened:
                for file, name in _files(listing):
                    if file in there:
                        opened.link(f"{self._state.tree(twin)}/{there[file]}", name)

    def _twin(self, key: Digest, blob: Digest) -> Digest | None:
        """Return the key of a tree, other than ``key``, that was made from ``blob`` and is there."""
        with self._turn:
            self._look()
            alike = list(self._of.get(blob, ()))
        return next((each for each in alike if each != key and self._state.tree(each).is_dir()), None)

    def _look(self) -> None:
        """Read the records that were written since the last look; a key stands for its bytes for ever."""
        for key in sorted(recorded(self._state) - self._read):
            record = read_record(self._state, key)
            if record and record.blob:
                self._of.setdefault(record.blob, []).append(key)
            self._read.add(key)


def _files(listing: Path) -> Iterator[tuple[_File, str]]:
    """Yield what has to agree in two files, and the name, for each file that holds something."""
    count = 0
    for entry in read_listing(listing):
        if entry.kind == "f" and entry.size and count < _MOST:
            count += 1
            yield _what(entry), entry.path


def _what(entry: Entry) -> _File:
    return entry.content, entry.mode, entry.size, entry.mtime


class _Unsealed:
    """A sealed tree in which links are made: its directories can be written to meanwhile."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._opened: dict[str, None] = {}

    def __enter__(self) -> _Unsealed:
        return self

    def __exit__(self, *_: object) -> None:
        for directory in self._opened:
            os.chmod(directory, SEALED)

    def link(self, source: str, name: str) -> None:
        """Put a link to ``source`` in the place of the equal file ``name``, if the filesystem can."""
        target = f"{self._root}/{name}"
        with suppress(OSError):
            if not _equal(source, target):
                return
            self._open(os.path.dirname(target))
            temp = temp_sibling(Path(target))
            with clean_on_failure(temp):
                os.link(source, temp)
                os.replace(temp, target)

    def _open(self, directory: str) -> None:
        if directory not in self._opened:
            os.chmod(directory, 0o755)
            self._opened[directory] = None


def _equal(one: str, two: str) -> bool:
    """Tell whether two files are alike in everything, and not yet one; neither is a link."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(one, flags), "rb") as left, open(os.open(two, flags), "rb") as right:
        statuses = os.fstat(left.fileno()), os.fstat(right.fileno())
        if statuses[0].st_ino == statuses[1].st_ino or len(set(map(_status, statuses))) > 1:
            return False
        while chunk := left.read(_CHUNK):
            if chunk != right.read(_CHUNK):
                return False
        return True


def _status(status: os.stat_result) -> tuple[int, int, int, int, int]:
    return status.st_mode, status.st_uid, status.st_gid, status.st_size, status.st_mtime_ns


class Disk:
    """Adds up what trees take on the disk where they share files."""

    def __init__(self) -> None:
        self._names: dict[tuple[int, int], int] = {}

    def taken(self, tree: Path) -> int:
        """Return the bytes of those files in ``tree`` that were in no tree before."""
        return sum(status.st_size for status, names in self._counted(tree) if names == 1)

    def freed(self, tree: Path) -> int:
        """Return the bytes of those files in ``tree`` that had all their names there and in trees before."""
        return sum(status.st_size for status, names in self._counted(tree) if names == status.st_nlink)

    def _counted(self, tree: Path) -> Iterator[tuple[os.stat_result, int]]:
        """Yield each file's status, and how many of its names there were so far."""
        pending = [str(tree)]
        for directory in pending:  # grows while it is walked
            with suppress(OSError), os.scandir(directory) as found:
                for entry in found:
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        pending.append(entry.path)
                    elif stat.S_ISREG(status.st_mode):
                        inode = status.st_dev, status.st_ino
                        self._names[inode] = self._names.get(inode, 0) + 1
                        yield status, self._names[inode]
