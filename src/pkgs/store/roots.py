"""Roots: what each environment uses, so that gc keeps it.

A record says what it says until the environment writes another; an environment that is gone from the disk is
no root any more.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from pkgs.digests import Digest, digest_bytes
from pkgs.errors import PkgsError
from pkgs.progress import Reporter
from pkgs.state import State
from pkgs.store.files import atomic_write
from pkgs.store.locks import Locks

FORMAT = 1
# Claims are written, and gc decides, under this one lock.
ROOTS_LOCK = "roots"
_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Root:
    """An environment's record: the trees (by key) and blobs (by digest) it uses.

    ``watched`` are paths of which at least one is there as long as the environment is, such as its lock;
    without any, its directory alone tells.
    """

    bin_dir: Path
    trees: frozenset[Digest] = frozenset()
    blobs: frozenset[Digest] = frozenset()
    watched: tuple[Path, ...] = ()

    def exists(self) -> bool:
        """Say whether the environment is still there; one that must not be looked at counts as there."""
        if not _may_exist(self.bin_dir):
            return False
        return not self.watched or any(_may_exist(path) for path in self.watched)


class Roots:
    """The roots of one state directory."""

    def __init__(self, state: State, locks: Locks) -> None:
        self._state = state
        self._locks = locks
        self._turn = Lock()  # threads queue up here: for a lock file they would wait in steps

    def add(
        self,
        bin_dir: Path,
        reporter: Reporter,
        *,
        trees: Iterable[Digest] = (),
        blobs: Iterable[Digest] = (),
        watched: Iterable[Path] = (),
    ) -> None:
        """Claim entries for an environment, before looking whether they are there.

        Nothing is written if they are claimed already, or if the state directory is read-only (then gc cannot
        run there either).
        """
        wanted = Root(bin_dir, frozenset(trees), frozenset(blobs), tuple(watched))
        if not wanted.trees and not wanted.blobs:
            return
        if _covers(self.of(bin_dir), wanted) or not self._writable():
            return
        held = self._locks.hold(ROOTS_LOCK, what=f"the record of {bin_dir}", waiting=reporter.info)
        with self._turn, held:
            self._write(_union(self.of(bin_dir), wanted))

    def record(
        self,
        bin_dir: Path,
        reporter: Reporter,
        *,
        trees: Iterable[Digest],
        blobs: Iterable[Digest] = (),
        watched: Iterable[Path] = (),
    ) -> None:
        """Say that an environment uses exactly these entries now."""
        root = Root(bin_dir, frozenset(trees), frozenset(blobs), tuple(sorted(watched)))
        if root == self.of(bin_dir) or not self._writable():
            return
        held = self._locks.hold(ROOTS_LOCK, what=f"the record of {bin_dir}", waiting=reporter.info)
        with self._turn, held:
            self._write(root)

    def of(self, bin_dir: Path) -> Root:
        """Return the environment's record; an empty one if there is none."""
        return _read(self.path(bin_dir)) or Root(bin_dir)

    def all(self) -> list[Root]:
        """Return all records that can be read, of environments there or gone."""
        try:
            files = sorted(self._state.roots.iterdir())
        except FileNotFoundError:
            return []
        found = (_read(path) for path in files if path.suffix == _SUFFIX)
        return [root for root in found if root]

    def path(self, bin_dir: Path) -> Path:
        """Return where an environment's record is."""
        return self._state.roots / f"{root_id(bin_dir)}{_SUFFIX}"

    def _write(self, root: Root) -> None:
        document = {
            "format": FORMAT,
            "bin": str(root.bin_dir),
            "trees": sorted(key.hex for key in root.trees),
            "blobs": sorted(digest.hex for digest in root.blobs),
            "watched": [str(path) for path in root.watched],
        }
        atomic_write(self.path(root.bin_dir), f"{json.dumps(document, indent=1)}\n".encode())

    def _writable(self) -> bool:
        """Say whether the nearest directory of the records that is there can be written."""
        nearest = next(path for path in (self._state.roots, *self._state.roots.parents) if path.exists())
        return os.access(nearest, os.W_OK)


def root_id(bin_dir: Path) -> str:
    """Return the name of an environment in the state directory: a digest of its path."""
    return digest_bytes(os.fsencode(bin_dir.absolute())).hex[:32]


def _read(path: Path) -> Root | None:
    with suppress(OSError, ValueError, KeyError, TypeError, PkgsError):
        found = json.loads(path.read_bytes())
        if found["format"] == FORMAT:
            return Root(
                Path(found["bin"]),
                frozenset(map(Digest, found["trees"])),
                frozenset(map(Digest, found["blobs"])),
                tuple(map(Path, found["watched"])),
            )
    return None


def _may_exist(path: Path) -> bool:
    try:
        path.lstat()
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENOTDIR)
    return True


def _covers(root: Root, wanted: Root) -> bool:
    return wanted.trees <= root.trees and wanted.blobs <= root.blobs and {*wanted.watched} <= {*root.watched}


def _union(root: Root, wanted: Root) -> Root:
    return replace(
        root,
        trees=root.trees | wanted.trees,
        blobs=root.blobs | wanted.blobs,
        watched=tuple(sorted({*root.watched, *wanted.watched})),
    )
