"""Roots: what each environment uses, so that gc keeps it.

A record says what it says until the environment writes another; an environment that is gone from the disk is
no root any more.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock

from pkgs.digests import Digest, digest_bytes
from pkgs.errors import StoreError
from pkgs.progress import Reporter
from pkgs.state import State
from pkgs.store.files import atomic_write
from pkgs.store.links import is_own
from pkgs.store.locks import Locks
from pkgs.store.root import Root, read_root

# Claims are written, and gc decides, under this one lock.
ROOTS_LOCK = "roots"
# What an environment is called in the state directory; see root_id.
ROOT_ID = re.compile(r"[0-9a-f]{32}")
_SUFFIX = ".json"


class Roots:
    """The roots of one state directory."""

    def __init__(self, state: State, locks: Locks) -> None:
        self._state = state
        self._locks = locks
        self._turn = Lock()  # threads queue up here: for a lock file they would wait in steps
        self._changing: dict[Path, set[Digest | Path]] = {}  # and what is claimed already

    @contextmanager
    def changing(self, bin_dir: Path, reporter: Reporter) -> Iterator[None]:
        """Let nobody else change an environment; if the body fails, what it claimed is claimed no longer."""
        what = f"the environment in {bin_dir}"
        with self._locks.hold(env_lock(bin_dir), what=what, waiting=reporter.info):
            self._settle(bin_dir, reporter, keep=False)  # of one that was killed
            self._changing[bin_dir] = set()
            try:
                yield
            except BaseException:
                with suppress(StoreError):  # the next one, or gc, does it
                    self._settle(bin_dir, reporter, keep=False)
                raise
            finally:
                del self._changing[bin_dir]
            self._keep(bin_dir, reporter)

    def add(
        self,
        bin_dir: Path,
        reporter: Reporter,
        *,
        trees: Iterable[Digest] = (),
        blobs: Iterable[Digest] = (),
        links: Iterable[Path] = (),
    ) -> None:
        """Claim entries for an environment, before looking whether they are there.

        Nothing is written if they are claimed already, or if the state directory is read-only (then gc cannot
        run there either).
        """
        wanted = Root(bin_dir, frozenset(trees), frozenset(blobs), frozenset(links))
        claimed = self._changing.get(bin_dir, set())
        if wanted.uses <= claimed:
            return
        if not self._covers(self.of(bin_dir), wanted) and self._writable():
            with self._alone(bin_dir, reporter):
                self._write(self._claimed(self.of(bin_dir), wanted))
        claimed |= wanted.uses

    def record(
        self,
        bin_dir: Path,
        reporter: Reporter,
        *,
        trees: Iterable[Digest],
        blobs: Iterable[Digest] = (),
        links: Iterable[Path] = (),
        watched: Iterable[Path] = (),
        more: bool = False,
    ) -> None:
        """Say that an environment uses exactly these entries now, or with ``more``, these and what it used.

        Links that no environment uses any more are removed.
        """
        new = Root(bin_dir, frozenset(trees), frozenset(blobs), frozenset(links), tuple(sorted(watched)))
        self._changing.get(bin_dir, set()).clear()
        before = self.of(bin_dir)
        if before == (before.joined(new) if more else new) or not self._writable():
            return
        with self._alone(bin_dir, reporter):
            before = self.of(bin_dir)
            self.turn(before, before.without_pending().joined(new) if more else new)

    def of(self, bin_dir: Path) -> Root:
        """Return the environment's record; an empty one if there is none."""
        return read_root(self.path(bin_dir)) or Root(bin_dir)

    def all(self) -> list[Root]:
        """Return all records that can be read, of environments there or gone."""
        try:
            files = sorted(self._state.roots.iterdir())
        except FileNotFoundError:
            return []
        found = (read_root(path) for path in files if path.suffix == _SUFFIX)
        return [root for root in found if root]

    def path(self, bin_dir: Path) -> Path:
        """Return where an environment's record is."""
        return self._state.roots / f"{root_id(bin_dir)}{_SUFFIX}"

    def sure(self, root: Root) -> Root:
        """Return a record without what a change claimed that was killed."""
        if not root.pending:
            return root
        with self._locks.attempt(env_lock(root.bin_dir)) as nobody_changes_it:
            return root.without_pending() if nobody_changes_it else root

    def unused_links(self, before: Root, after: Root | None) -> list[Path]:
        """Return which of pkgs' own links outside of the store nobody uses any more if one record changes."""
        links = {link for link in before.links if is_own(self._state, link)}
        links -= after.links if after else set()
        for other in self.all() if links else ():
            links -= other.links if other.bin_dir != before.bin_dir and other.exists() else set()
        return sorted(links)

    def turn(self, before: Root, after: Root | None) -> None:
        """Change a record, or remove it, and with it its unused links; for the holder of :data:`ROOTS_LOCK`.

        A link that cannot be removed stays.
        """
        for link in self.unused_links(before, after):
            with suppress(OSError):
                link.unlink()
        if after:
            self._write(after)
        else:
            self.path(before.bin_dir).unlink(missing_ok=True)

    def _settle(self, bin_dir: Path, reporter: Reporter, *, keep: bool) -> None:
        """Let what is pending be used, or go."""
        if not self.of(bin_dir).pending:
            return
        with self._alone(bin_dir, reporter):
            root = self.of(bin_dir)
            self.turn(root, replace(root, pending=frozenset()) if keep else root.without_pending())

    def _keep(self, bin_dir: Path, reporter: Reporter) -> None:
        """Let what is pending be used. The change is made: that it cannot be told is a warning."""
        try:
            self._settle(bin_dir, reporter, keep=True)
        except StoreError as error:
            try:
                self._shorten(bin_dir, reporter)
            except (StoreError, OSError):
                reporter.warn(
                    f"{error}: gc may remove what was installed now; it is had again when it is used"
                )

    def _shorten(self, bin_dir: Path, reporter: Reporter) -> None:
        """Drop what is pending in the record's own place, for a full disk: that needs no space.

        The length stays, and it is one small write, so that a reader sees the old record or the new.
        """
        with self._alone(bin_dir, reporter), self.path(bin_dir).open("r+b", buffering=0) as file:
            length = len(file.read())
            file.seek(0)
            file.write(replace(self.of(bin_dir), pending=frozenset()).text().encode().ljust(length))

    def _covers(self, root: Root, wanted: Root) -> bool:
        sure = root if root.bin_dir in self._changing else root.without_pending()
        return wanted.uses <= sure.uses

    def _claimed(self, root: Root, wanted: Root) -> Root:
        changing = root.bin_dir in self._changing
        pending = root.pending | wanted.uses - root.uses if changing else root.pending - wanted.uses
        return replace(root.joined(wanted), pending=pending)

    @contextmanager
    def _alone(self, bin_dir: Path, reporter: Reporter) -> Iterator[None]:
        held = self._locks.hold(ROOTS_LOCK, what=f"the record of {bin_dir}", waiting=reporter.info)
        with self._turn, held:
            yield

    def _write(self, root: Root) -> None:
        atomic_write(self.path(root.bin_dir), root.text().encode())

    def _writable(self) -> bool:
        """Say whether the nearest directory of the records that is there can be written."""
        nearest = next(path for path in (self._state.roots, *self._state.roots.parents) if path.exists())
        return os.access(nearest, os.W_OK)


def root_id(bin_dir: Path) -> str:
    """Return the name of an environment in the state directory: a digest of its path."""
    return digest_bytes(os.fsencode(bin_dir.absolute())).hex[:32]


def env_lock(bin_dir: Path) -> str:
    """Return the name of the lock of whoever changes an environment."""
    return f"env-{root_id(bin_dir)}"
