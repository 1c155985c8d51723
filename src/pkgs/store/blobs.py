"""Blobs: downloads, verified, each once, under the name of its digest.

A blob that is there is trusted by its name (and its size, where that is known); ``pkgs verify`` hashes again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pkgs.artifact.failures import shown, summary
from pkgs.artifact.model import PYPI, Artifact
from pkgs.digests import Digest, digest_bytes
from pkgs.errors import DigestMismatchError, FetchError
from pkgs.platforms import Platform
from pkgs.progress import Reporter
from pkgs.state import State
from pkgs.store.ahead import Ahead
from pkgs.store.files import atomic_write, refusal, storing
from pkgs.store.locks import Locks
from pkgs.store.processes import own_start, running_kernel, since_boot

if TYPE_CHECKING:
    from pkgs.artifact.fetch import Fetcher, Received

RESUME = ".resume"
FIRST_USE = ".first"
_MODE = 0o444


@dataclass(frozen=True, slots=True)
class Blob:
    """Verified bytes on disk (``size`` in bytes), and the artifact they came as."""

    path: Path
    digest: Digest
    size: int
    artifact: Artifact


@dataclass(frozen=True, slots=True)
class _FirstUse:
    """What a URL without a digest turned out to be; ``at`` is when, in seconds since ``kernel`` booted."""

    digest: str
    size: int
    etag: str
    kernel: str
    at: float

    @classmethod
    def now(cls, digest: str, size: int, etag: str) -> _FirstUse:
        """Return the note of what was fetched at this moment."""
        return cls(digest, size, etag, running_kernel(), since_boot())

    def is_since(self, began: float) -> bool:
        """Say whether it was written after ``began``, in seconds since boot."""
        return self.kernel == running_kernel() and began <= self.at <= since_boot()


class Blobs:
    """The blobs of one state directory; ``began`` is when this command did, in seconds since boot."""

    def __init__(self, state: State, locks: Locks, *, began: float | None = None) -> None:
        self._state = state
        self._locks = locks
        self._began = own_start() if began is None else began

    def find(self, artifacts: Iterable[Artifact]) -> Blob | None:
        """Return the first artifact's blob that is present; no lock, no network."""
        return next((blob for blob in map(self._present, artifacts) if blob), None)

    def ensure(
        self,
        artifacts: Sequence[Artifact],
        platform: Platform,
        fetcher: Fetcher,
        reporter: Reporter,
        label: str,
        *,
        claim: Callable[[Digest], None] | None = None,
        ahead: Ahead | None = None,
    ) -> Blob:
        """Return the blob of the first artifact that can be had, downloading it unless one is present.

        ``artifacts`` are alternatives, tried in order: the failure of one stops nobody. ``claim`` is told a
        digest that nobody knew before, before its blob becomes visible to gc. ``ahead`` is shown the bytes as
        they arrive. Raises :class:`FetchError`
        naming each origin and its reason, :class:`StoreError` for the disk.
        """
        found = self.find(artifacts)
        if found:
            return found
        failures: dict[str, FetchError] = {}
        for artifact in artifacts:
            download = _Download(artifact, platform, fetcher, reporter, label, claim, ahead)
            try:
                return self._obtain(download)
            except FetchError as error:
                failures[artifact.url] = error
                if len(failures) < len(artifacts):
                    _tell(reporter, label, error)
        raise _all_failed(label, platform, failures)

    def path(self, digest: Digest) -> Path:
        """Return where the blob of this digest is, if it is."""
        return self._state.blob(digest)

    def _present(self, artifact: Artifact) -> Blob | None:
        if artifact.digest is None:
            return None
        path = self._state.blob(artifact.digest)
        try:
            with path.open("rb") as file:  # asks a file server, while a cache might know of it what was
                size = os.fstat(file.fileno()).st_size
        except OSError:
            return None
        if artifact.size not in (None, size):
            return None  # cut short by a power failure, or the lock is wrong: the download will tell
        return Blob(path, artifact.digest, size, artifact)

    def _obtain(self, download: _Download) -> Blob:
        key = partial_key(download.artifact, download.platform)
        name = blob_lock(key)
        with self._locks.hold(name, what=download.label, waiting=download.reporter.info):
            found = self._present(download.artifact) or self._seen(download, key)
            return found or self._keep(download, key, self._receive(download, key))

    def _receive(self, download: _Download, key: str) -> Received:
        into = self._state.partial / key
        try:
            into.parent.mkdir(parents=True, exist_ok=True)
            return download.run(into)
        except DigestMismatchError:
            _forget(into)  # a resumed download would only be wrong again
            raise
        except OSError as error:
            raise refusal(into, error) from error

    def _keep(self, download: _Download, key: str, received: Received) -> Blob:
        into = self._state.partial / key
        wanted = download.artifact.digest
        with storing(into):
            size = into.stat().st_size
        if size != received.size or wanted not in (None, received.digest):
            _forget(into)
            raise DigestMismatchError(
                f"{download.label}: {shown(received.url)} gave {received.digest}, {size} bytes; "
                f"it should have been {wanted or received.digest}",
                "do not use it before you know why; if upstream replaced the file, correct the manifest",
            )
        if wanted is None and download.claim:
            download.claim(received.digest)
        path = self._place(into, received.digest)
        if wanted is None:
            self._note(key, received, download.artifact)
        return Blob(path, received.digest, size, download.artifact)

    def _place(self, into: Path, digest: Digest) -> Path:
        path = self._state.blob(digest)
        with storing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            into.chmod(_MODE)
            into.replace(path)
            _resume_file(into).unlink(missing_ok=True)
        return path

    # Without a digest there is no name to look under: a note tells what the URL was last. It holds for every
    # command that was under way when it was written, and for as long as the server says that nothing changed.

    def _note(self, key: str, received: Received, artifact: Artifact) -> None:
        etag = received.etag if received.url == artifact.url else ""
        note = _FirstUse.now(received.digest.hex, received.size, etag)
        atomic_write(self._state.partial / f"{key}{FIRST_USE}", json.dumps(asdict(note)).encode())

    def _seen(self, download: _Download, key: str) -> Blob | None:
        note = None if download.artifact.digest else self._first_use(key)
        if note is None or not (note.is_since(self._began) or download.unchanged(note.etag)):
            return None
        if download.claim:
            download.claim(Digest(note.digest))
        found = self._present(replace(download.artifact, digest=Digest(note.digest), size=note.size))
        return replace(found, artifact=download.artifact) if found else None

    def _first_use(self, key: str) -> _FirstUse | None:
        try:
            return _FirstUse(**json.loads((self._state.partial / f"{key}{FIRST_USE}").read_bytes()))
        except (OSError, ValueError, TypeError):
            return None


@dataclass(frozen=True, slots=True)
class _Download:
    artifact: Artifact
    platform: Platform
    fetcher: Fetcher
    reporter: Reporter
    label: str
    claim: Callable[[Digest], None] | None
    ahead: Ahead | None

    def run(self, into: Path) -> Received:
        with self.reporter.task(self.label, self.artifact.size) as shown_task:
            watched = self.ahead.watch(into, self.artifact, shown_task) if self.ahead else shown_task
            return self.fetcher.fetch(self.artifact, self.platform, into, watched)

    def unchanged(self, etag: str) -> bool:
        """Ask whether the URL still has the bytes that were called ``etag``."""
        return bool(etag) and self.fetcher.probe(self.artifact.url, self.platform).etag == etag


def partial_key(artifact: Artifact, platform: Platform) -> str:
    """Return the name of an artifact's download while it is partial: its digest, else its URL's.

    The same ``pypi:`` URL stands for another file on each platform.
    """
    if artifact.digest:
        return artifact.digest.hex
    which = f"{platform} " if artifact.url.startswith(PYPI) else ""
    return digest_bytes(f"url:{which}{artifact.url}".encode()).hex


def blob_lock(key: str) -> str:
    """Return the name of the lock for a blob, or for a partial download, of this name."""
    return f"blob-{key}"


def _resume_file(into: Path) -> Path:
    return into.with_name(into.name + RESUME)


def _forget(into: Path) -> None:
    for path in (into, _resume_file(into)):
        path.unlink(missing_ok=True)


def _tell(reporter: Reporter, label: str, error: FetchError) -> None:
    if isinstance(error, DigestMismatchError):
        reporter.warn(f"{label}: WRONG DIGEST, trying the next origin: {error.message}")
    else:
        reporter.info(f"{label}: trying the next origin: {error.message}")


def _all_failed(label: str, platform: Platform, failures: Mapping[str, FetchError]) -> FetchError:
    if failures:
        return summary(failures)
    return FetchError(f"{label} has no origin for {platform}", "the manifest names no source for it")
