"""Snapshots as manifest sources: an archive of manifests, whose digest is its revision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pkgs.artifact.fetch import Fetcher
from pkgs.artifact.model import Artifact
from pkgs.digests import Digest
from pkgs.errors import DigestMismatchError, SourceError
from pkgs.platforms import Platform
from pkgs.progress import SilentTask
from pkgs.source.access import Access
from pkgs.source.remote import RemoteSource
from pkgs.store.files import clean_on_failure, remove_tree, storing, temp_sibling
from pkgs.store.unpack import Limits, unpack

# A public repository of 655 manifests is 13 MB in 700 files.
_LIMITS = Limits(members=100_000, size=1 << 30)


@dataclass(frozen=True, slots=True)
class SnapshotOrigin:
    """An archive at ``url``: its manifests are at the top, or in the only directory there."""

    url: str
    shown: str
    fetcher: Callable[[], Fetcher]

    @property
    def local(self) -> bool:
        """Whether the archive is on this machine."""
        return self.url.startswith("file:")

    def newest(self) -> str:
        """Return "": an archive's digest is known when it is there."""
        return ""

    def ask(self) -> str:
        """Ask for the archive without fetching it; return ""."""
        answer = self.fetcher().probe(self.url)
        if not answer.reachable:
            raise SourceError(answer.reason, f"check the URL {self.shown}")
        return ""

    def obtain(self, revision: str, into: Path) -> str:
        """Fetch and unpack the archive; raise :class:`SourceError` if it is not the one of ``revision``."""
        work = temp_sibling(into.with_name("archive"))
        artifact = Artifact(self.url, Digest.parse(revision) if revision else None)
        with clean_on_failure(work):
            with storing(into):
                work.mkdir()
                into.mkdir()
            with clean_on_failure(into):
                digest = self._fetch(artifact, work / "archive")
                unpack(work / "archive", into, name=self.url.rpartition("/")[2], limits=_LIMITS)
                _lift(into)
            remove_tree(work)
        return str(digest)

    def _fetch(self, artifact: Artifact, archive: Path) -> Digest:
        try:
            return self.fetcher().fetch(artifact, Platform.current(), archive, SilentTask()).digest
        except DigestMismatchError as error:
            raise SourceError(
                f"the manifest source {self.shown} has changed since the lock recorded it: {error.message}",
                "to follow it, run: pkgs update",
            ) from error


def _lift(directory: Path) -> None:
    """Make the content of the only directory in ``directory`` its own, if nothing is beside it."""
    entries = [entry for entry in directory.iterdir() if entry.name != "pax_global_header"]
    if len(entries) != 1 or not entries[0].is_dir() or entries[0].is_symlink():
        return
    outer = entries[0].rename(temp_sibling(directory / "lifted"))
    for entry in outer.iterdir():
        entry.rename(directory / entry.name)
    outer.rmdir()


def snapshot_source(uri: str, url: str, access: Access) -> RemoteSource:
    """Return the source of the archive at ``url``, which is called ``uri``; nothing is fetched yet."""
    return RemoteSource(uri, SnapshotOrigin(url, uri, access.fetcher), access)
