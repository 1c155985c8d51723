"""Fetching: from an artifact to verified bytes in a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial as bind
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from pkgs.artifact.download import Download, Got, Hashers, Wanted
from pkgs.artifact.failures import AttemptError, refused, shown
from pkgs.artifact.local import checked_file, local_path, pieces
from pkgs.artifact.locations import Client, Location, origin
from pkgs.artifact.model import Artifact
from pkgs.artifact.partial import Partial, Progress
from pkgs.artifact.patience import Patience
from pkgs.artifact.transport import Answer, Transport
from pkgs.artifact.web import Ask, Web
from pkgs.digests import Digest
from pkgs.errors import DigestMismatchError, FetchError
from pkgs.platforms import Platform
from pkgs.progress import Task

_SPACE = re.compile(r"[\s\x00-\x1f]")
LARGEST = 16 << 30
"""No artifact is larger than this, in bytes."""


@dataclass(frozen=True, slots=True)
class Received:
    """What was fetched. ``url`` is the origin that served it, as the artifact names it (``npm:…`` stays)."""

    digest: Digest
    size: int
    url: str
    etag: str


@dataclass(frozen=True, slots=True)
class Probe:
    """What a server tells of a file without sending it; ``reason`` says why it is not ``reachable``."""

    reachable: bool
    etag: str = ""
    size: int | None = None
    reason: str = ""


class Fetcher(Protocol):
    """Gets artifacts. Used by several threads at once."""

    def fetch(self, artifact: Artifact, platform: Platform, into: Path, task: Task) -> Received:
        """Write the artifact's bytes to the file ``into``, verified as far as digest and size are known.

        ``into`` and its companion ``….resume`` may hold what a cut run left, which is then gone on with.
        The caller sees that no one else writes there. Tries the URL and then the mirrors, in up to three
        rounds. Raises :class:`FetchError`, :class:`DigestMismatchError`, and on a full disk
        :class:`pkgs.errors.StoreError`.
        """

    def text(self, url: str, limit: int = 1 << 20) -> str:
        """Return a small text document of at most ``limit`` bytes; raise :class:`FetchError`."""

    def probe(self, url: str, platform: Platform | None = None) -> Probe:
        """Ask once whether the URL is there; never raises :class:`FetchError`.

        ``platform`` (default: this one) decides what ``pypi:`` stands for.
        """


class HttpFetcher:
    """Fetches over a transport; ``clients`` know what ``npm:``, ``pypi:`` and the like stand for."""

    def __init__(
        self,
        transport: Transport,
        clients: Sequence[Client] = (),
        patience: Patience = Patience(),  # noqa: B008 - frozen
        largest: int = LARGEST,
    ) -> None:
        self._web = Web(transport)
        self._clients = clients
        self._patience = patience
        self._largest = largest

    def fetch(self, artifact: Artifact, platform: Platform, into: Path, task: Task) -> Received:
        """See :class:`Fetcher`."""
        attempt = bind(self._attempt, artifact, platform, into, task)
        return self._patience.first_success((artifact.url, *artifact.mirrors), attempt)

    def text(self, url: str, limit: int = 1 << 20) -> str:
        """See :class:`Fetcher`."""
        return self._patience.first_success((url,), bind(self._text, limit))

    def probe(self, url: str, platform: Platform | None = None) -> Probe:
        """See :class:`Fetcher`."""
        try:
            path = local_path(url)
            if path:
                return Probe(True, size=checked_file(path).stat().st_size)
            return self._probe(self._locate(url, platform or Platform.current(), None)[0])
        except FetchError as error:
            return Probe(False, reason=error.message)

    def _attempt(self, artifact: Artifact, platform: Platform, into: Path, task: Task, url: str) -> Received:
        wanted = Wanted(artifact.digest, artifact.size, self._largest)
        path = local_path(url)
        if path:
            got = _copy(path, wanted, into, task)
        else:
            got = self._download(self._locate(url, platform, artifact.digest), wanted, into, task)
        return Received(got.digest, got.size, url, got.etag)

    def _download(self, locations: Sequence[Location], wanted: Wanted, into: Path, task: Task) -> Got:
        """Try each of the places that one URL stands for."""
        failures: list[FetchError] = []
        for location in locations:
            try:
                return Download(self._web, location, wanted, into, task).run()
            except FetchError as error:
                failures.append(error)
        raise max(failures, key=_weight)

    def _locate(self, url: str, platform: Platform, digest: Digest | None) -> Sequence[Location]:
        for client in self._clients:
            found = client.locate(url, platform, digest)
            if found is not None:
                return found
        return (plain_location(url),)

    def _text(self, limit: int, url: str) -> str:
        path = local_path(url)
        if path is None:
            return self._web.text(self._locate(url, Platform.current(), None)[0], limit)
        if checked_file(path).stat().st_size > limit:
            raise refused(url, f"it is larger than {limit} bytes, far more than expected")
        return b"".join(pieces(path)).decode(errors="replace")

    def _probe(self, location: Location) -> Probe:
        with self._web.open(location, Ask("HEAD", understood=(403, 405, 501))) as answer:
            if answer.status < 400:
                return _probed(answer)
        with self._web.open(location) as answer:  # signed URLs and some servers answer no HEAD
            return _probed(answer)


def _weight(error: FetchError) -> tuple[bool, bool]:
    """Rank failures of one URL: wrong bytes tell most, then what may yet go well."""
    return isinstance(error, DigestMismatchError), isinstance(error, AttemptError) and error.again


def plain_location(url: str) -> Location:
    """Return where an http(s) URL is; raise :class:`FetchError` for what is none."""
    try:
        parts = urlsplit(url)
        proper = parts.port != 0 and parts.hostname is not None and not _SPACE.search(url)
        location = Location.of(url)
        origin(location.url)  # what is left without user and password may be malformed
    except ValueError as error:
        raise FetchError(f"{shown(url)!r} is not a URL that can be fetched") from error
    if ".git#" in url or url.endswith(".git"):
        raise FetchError(f"{shown(url)} is a git repository: it is cloned, not downloaded")
    if parts.scheme not in ("http", "https", "npm", "oci", "pypi") or (
        parts.scheme.startswith("http") and not proper
    ):
        known = "http:, https:, file:, npm:, oci: and pypi: URLs, and git URLs that end in .git or .git#TAG"
        raise FetchError(f"{shown(url)!r} is not a source that can be fetched", f"pkgs knows {known}")
    return location


def _probed(answer: Answer) -> Probe:
    length = answer.headers.get("content-length", "")
    return Probe(True, answer.headers.get("etag", ""), int(length) if length.isdigit() else None)


def _copy(path: Path, wanted: Wanted, into: Path, task: Task) -> Got:
    """Copy a local file, hashing it."""
    size = checked_file(path).stat().st_size
    task.restart(0)
    task.total(size)
    if wanted.size not in (None, size):
        raise AttemptError(
            f"{path} is {size} bytes, but {wanted.size} are recorded", "compare it with the publisher's"
        )
    target, hashers = Partial(into), Hashers({})
    with target.begin(Progress(str(path), "", size)) as file:
        for piece in pieces(path):
            hashers.update(piece)
            file.write(piece)
            task.advance(len(piece))
    if wanted.digest not in (None, hashers.digest):
        target.discard()
        raise DigestMismatchError(
            f"{path} has sha256 {hashers.digest.hex}, "
            f"which should have been {wanted.digest and wanted.digest.hex}",
            "the file was replaced, or the recorded digest is wrong",
        )
    target.finish()
    return Got(hashers.digest, target.size, "")
