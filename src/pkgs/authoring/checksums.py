"""Checksums that publishers put beside their files, and how they are found there.

The places are hermit's (manifest/digest/digest.go:184-234) and a few more; what is read there is more than
hermit reads: ``HASH *name`` and BSD's ``SHA256 (name) = HASH`` too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock as ThreadLock
from urllib.parse import unquote, urlsplit

from pkgs.artifact.failures import AttemptError, host_of
from pkgs.errors import FetchError

_OWN = (".sha256", ".sha256sum", ".sha256.txt")
_SHARED = ("checksums.txt", "sha256.txt", "SHA256SUMS", "SHASUMS256.txt", "sha256sum.txt")
_GNU = re.compile(r"([0-9A-Fa-f]{64})(?:\s+\*?(\S.*?))?\s*")
_BSD = re.compile(r"SHA256 \((.+)\) = ([0-9A-Fa-f]{64})\s*")


@dataclass(frozen=True, slots=True)
class Stated:
    """A digest as its publisher states it (64 hexadecimal digits), and the URL of the file that does."""

    digest: str
    by: str


@dataclass(slots=True)
class Checksums:
    """Looks for stated digests; each file is fetched once, and a host that cannot be reached is left alone.

    ``text`` fetches a small document. For use by several threads.
    """

    text: Callable[[str], str]
    _texts: dict[str, str | FetchError] = field(default_factory=dict)
    _locks: dict[str, ThreadLock] = field(default_factory=dict)
    _lock: ThreadLock = field(default_factory=ThreadLock)
    _silent: dict[str, FetchError] = field(default_factory=dict)

    def find(self, url: str, stated_by: str = "") -> Stated | None:
        """Return what is stated of ``url``: by the file at ``stated_by`` alone, if the manifest names one.

        None where nothing is. Raises :class:`FetchError` where that cannot be told: the host is not reached,
        or the file that the manifest names is not there or does not list ``url``.
        """
        if stated_by:
            return self._named(url, stated_by)
        for place, shared in _places(url):
            try:
                digest = stated(self._read(place), url, shared=shared)
            except FetchError as error:
                if _unreached(error):
                    raise
                continue
            if digest:
                return Stated(digest, place)
        return None

    def reaches(self, url: str) -> bool:
        """Say whether the host of ``url`` may be worth asking: not if it was silent before."""
        return host_of(url) not in self._silent

    def _named(self, url: str, stated_by: str) -> Stated:
        digest = stated(self._read(stated_by), url, shared=False)
        if not digest:
            raise FetchError(f"{stated_by} does not list {_name(url)}", "correct sha256-source")
        return Stated(digest, stated_by)

    def _read(self, place: str) -> str:
        host = host_of(place)
        with self._lock:
            lock = self._locks.setdefault(place, ThreadLock())
        with lock:
            if host in self._silent:
                raise AttemptError(f"{host} could not be reached", self._silent[host].hint, again=True)
            if place not in self._texts:
                self._texts[place] = self._fetch(place, host)
        found = self._texts[place]
        if isinstance(found, FetchError):
            raise found
        return found

    def _fetch(self, place: str, host: str) -> str | FetchError:
        try:
            return self.text(place)
        except FetchError as error:
            if _unreached(error):
                self._silent[host] = error
            return error


def _unreached(error: FetchError) -> bool:
    """Tell whether nobody answered, so that nothing is known of what there is."""
    return isinstance(error, AttemptError) and error.again


def _places(url: str) -> Iterator[tuple[str, bool]]:
    """Yield where a digest of ``url`` may be stated, and whether that place is one for several files."""
    if not urlsplit(url).query:
        yield from ((f"{url}{suffix}", False) for suffix in _OWN)
    yield from ((f"{url.rpartition('/')[0]}/{name}", True) for name in _SHARED)


def stated(text: str, url: str, *, shared: bool) -> str:
    """Return the digest that a file of checksums states of ``url``, or "".

    A ``shared`` file has to name it; one that is for this file alone need not, if it has one line.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = [each for line in lines if (each := _read_line(line))]
    for digest, name in found:
        if name.rpartition("/")[2].lower() == _name(url).lower():
            return digest
    if not shared and len(found) == len(lines) == 1:
        return found[0][0]
    return ""


def _read_line(line: str) -> tuple[str, str] | None:
    """Return digest and name, "" for none."""
    gnu = _GNU.fullmatch(line)
    if gnu:
        return gnu[1].lower(), gnu[2] or ""
    bsd = _BSD.fullmatch(line)
    return (bsd[2].lower(), bsd[1]) if bsd else None


def _name(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2]
