"""Sources from elsewhere: kept in the state directory, one directory a revision.

    STATE/sources/<digest of the URI>/<revision>/   the files, never changed once they are there
    STATE/sources/<digest of the URI>/current       the revision of whoever has none in a lock

A revision is a git commit, or the digest of a snapshot. Environments at different revisions do not disturb
each other, and what a lock names is what is read. A revision is made beside its place and renamed into it, by
the holder of the source's lock; so a kill leaves only what the next holder removes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock as ThreadLock
from typing import Protocol, TypeVar

from pkgs.errors import LockError, PkgsError, SourceError
from pkgs.source.access import Access
from pkgs.source.local import LocalSource
from pkgs.source.model import ManifestFile, Refreshed
from pkgs.store.files import TEMP_PREFIX, atomic_write, clean_on_failure, remove_tree, storing, temp_sibling
from pkgs.store.locks import Locks
from pkgs.store.sourcesweep import source_lock

_REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?|sha256:[0-9a-f]{64}")
_CURRENT = "current"
_T = TypeVar("_T")


class Origin(Protocol):
    """Where a source is had from. Its methods raise :class:`PkgsError`."""

    @property
    def local(self) -> bool:
        """Whether asking it takes no network."""

    def newest(self) -> str:
        """Return the revision that is newest now, or "" where only obtaining it tells."""

    def ask(self) -> str:
        """Ask whether it can be reached; return the newest revision, or "" if that takes more."""

    def obtain(self, revision: str, into: Path) -> str:
        """Put the files of ``revision`` ("" for the newest) into the new directory; return the revision."""


class RemoteSource:
    """A source kept in the state directory, obtained when it is first read; used by several threads at once.

    The lock says which revision, if it says anything; raises :class:`LockError` for what cannot be one.
    """

    def __init__(self, uri: str, origin: Origin, access: Access) -> None:
        self.uri = uri
        self._origin = origin
        self._access = access
        self._pinned = self._named(access.commits.get(uri, ""))
        self._local: LocalSource | None = None
        self._mutex = ThreadLock()
        self._id = hashlib.sha256(uri.encode()).hexdigest()
        self._shelf = access.state.sources / self._id

    @property
    def commit(self) -> str:
        """The revision that is read."""
        return self._pinned or self._obtained().commit

    @property
    def here(self) -> bool:
        """Whether the revision that is read is in the state directory."""
        revision = self._pinned or self._current()
        return bool(revision) and self._place(revision).is_dir()

    @property
    def directory(self) -> Path:
        """The directory of the revision."""
        return self._obtained().directory

    def names(self) -> Sequence[str]:
        """See :class:`~pkgs.source.model.Source`."""
        return self._asked(LocalSource.names)

    def read(self, name: str) -> ManifestFile | None:
        """See :class:`~pkgs.source.model.Source`."""
        return self._asked(lambda local: local.read(name))

    def path(self, name: str) -> Path | None:  # noqa: ARG002
        """Return None: the files of a revision never change, and the lock says which revision it is."""
        return None

    def file(self, relative: str) -> bytes:
        """See :class:`~pkgs.source.model.Source`."""
        return self._asked(lambda local: local.file(relative))

    def follow(self, commit: str) -> bool:
        """See :class:`~pkgs.source.model.Source`."""
        with self._mutex:
            moved = commit != self._pinned
            if moved:
                self._pinned, self._local = self._named(commit), None
            return moved

    def refresh(self) -> Refreshed:
        """Obtain the newest revision and read that from now on."""
        before = self._pinned or self._current()
        if self._access.offline and not self._origin.local:
            return Refreshed(self.uri, before, before, "pkgs is offline", self.here)
        try:
            after = self._renew()
        except PkgsError as error:
            return Refreshed(self.uri, before, before, error.message, self.here)
        self._pinned, self._local = after, self._at(after)
        return Refreshed(self.uri, before, after)

    def ask(self) -> str:
        """Ask the origin, fetching nothing; return the newest revision if that tells it.

        Raises :class:`PkgsError` when it cannot be reached.
        """
        self._refuse_offline()
        return self._origin.ask()

    def _named(self, commit: str) -> str:
        if commit and not _REVISION.fullmatch(commit):
            raise LockError(
                f"the lock names {commit!r} as the commit of {self.uri}",
                "take it out of pkgs.lock, then run: pkgs update",
            )
        return commit

    def _asked(self, ask: Callable[[LocalSource], _T]) -> _T:
        """Ask the revision; once more if gc, which may know no lock that names it, removed it meanwhile."""
        local = self._obtained()
        try:
            answer = ask(local)
        except SourceError:
            if local.directory.is_dir():
                raise
        else:
            if local.directory.is_dir():
                return answer
        return ask(self._obtained())

    def _obtained(self) -> LocalSource:
        with self._mutex:
            if self._local and not self._local.directory.is_dir():
                self._pinned, self._local = self._local.commit, None
            if self._local is None:
                self._refuse_frozen()
                self._local = self._at(self._pinned or self._current()) if self.here else self._first_use()
            return self._local

    def _refuse_frozen(self) -> None:
        if self._access.frozen and not self._pinned:
            raise LockError(
                f"the lock names no commit of the manifest source {self.uri}",
                "run: pkgs lock; then commit pkgs.lock",
            )

    def _first_use(self) -> LocalSource:
        self._refuse_offline()
        with self._alone():
            if not self.here:
                self._make(self._pinned)
            return self._at(self._pinned or self._current())

    def _refuse_offline(self) -> None:
        if self._access.offline and not self._origin.local:
            at = f" at {self._pinned[:19]}" if self._pinned else ""
            raise SourceError(
                f"the manifest source {self.uri}{at} is not on this machine, and pkgs is offline",
                "run the command once without --offline",
            )

    def _renew(self) -> str:
        with self._alone():
            newest = self._origin.newest()
            if newest and self._place(newest).is_dir():
                self._set_current(newest)
                return newest
            return self._make(newest, current=True)

    def _make(self, revision: str, *, current: bool = False) -> str:
        """Obtain a revision; the caller holds the lock. The newest one becomes the current one."""
        temp = temp_sibling(self._shelf / "files")
        with self._access.reporter.task(f"fetching manifests from {self.uri}"), clean_on_failure(temp):
            found = self._obtain(revision, temp)
            place = self._place(found)
            with storing(place):
                if place.is_dir():
                    remove_tree(temp)
                else:
                    temp.replace(place)
        if current or not revision:
            self._set_current(found)
        return found

    def _obtain(self, revision: str, into: Path) -> str:
        found = self._origin.obtain(revision, into)
        if not _REVISION.fullmatch(found) or (revision and found != revision):
            raise SourceError(
                f"{self.uri} gave {found or 'nothing'} when asked for {revision or 'its newest'}"
            )
        return found

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the source's lock, and remove what a killed holder left."""
        locks = Locks(self._access.state.locks, timeout=self._access.lock_timeout)
        what = f"the manifest source {self.uri}"
        with locks.hold(source_lock(self._id), what=what, waiting=self._access.reporter.info):
            with storing(self._shelf):
                self._shelf.mkdir(parents=True, exist_ok=True)
                for left in self._shelf.glob(f"{TEMP_PREFIX}*"):
                    remove_tree(left)
            yield

    def _at(self, revision: str) -> LocalSource:
        return LocalSource(self.uri, self._place(revision), revision, sealed=True)

    def _place(self, revision: str) -> Path:
        return self._shelf / revision.replace(":", "-")

    def _current(self) -> str:
        try:
            text = (self._shelf / _CURRENT).read_text("ascii").strip()
        except (OSError, ValueError):
            return ""
        return text if _REVISION.fullmatch(text) else ""

    def _set_current(self, revision: str) -> None:
        atomic_write(self._shelf / _CURRENT, f"{revision}\n".encode())
