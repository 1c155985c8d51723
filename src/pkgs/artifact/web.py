"""Asking the web: redirects followed with care, error statuses as sentences, small documents as text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urljoin, urlsplit, urlunsplit

from pkgs.artifact.failures import AttemptError, bad_status, host_of, refused, shown
from pkgs.artifact.locations import Location, origin
from pkgs.artifact.transport import Answer, Request, Transport

_MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_DRAIN = 1 << 16
# A server that drips does not hold us up for longer than for so many pieces.
_DRAIN_PIECES = 3
_CHARSET = re.compile(r"charset=\"?([\w-]+)", re.ASCII)
# Of other names a server may say anything: Python knows encodings that raise, and one of quadratic time.
_LATIN = frozenset({"iso-8859-1", "latin-1", "latin1", "windows-1252"})


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a location, and which error statuses the asker deals with itself.

    ``pinned``: the bytes' digest is known, so that it does not matter over which way they come.
    """

    method: str = "GET"
    headers: Mapping[str, str] | None = None
    pinned: bool = False
    understood: Collection[int] = ()


class Web:
    """A transport that follows redirects (at most 10).

    Another origin gets no credentials and no client certificate; the way from https to http is taken only for
    bytes whose digest is known. User and password in a redirect's URL are dropped.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @contextmanager
    def open(self, location: Location, ask: Ask = Ask()) -> Iterator[Answer]:
        """Yield the last hop's answer, its status below 400 or understood; raise :class:`AttemptError`."""
        hop = location
        for _ in range(_MOST_REDIRECTS + 1):
            request = Request(hop.url, ask.method, {**hop.headers, **(ask.headers or {})}, hop.tls)
            with _named(location.url, hop.url), self._transport.send(request) as answer, _timed(answer):
                if answer.status not in _REDIRECTS or "location" not in answer.headers:
                    yield _checked(answer, ask)
                    return
                hop = _next(location, hop, answer, pinned=ask.pinned)
                _drain(answer)
        raise refused(location.url, f"more than {_MOST_REDIRECTS} redirects, the last to {host_of(hop.url)}")

    def text(self, location: Location, limit: int, accept: str = "") -> str:
        """Return a small document; raise :class:`AttemptError`, also if it is larger than ``limit`` bytes."""
        headers = {"Accept": accept} if accept else {}
        with self.open(location, Ask(headers=headers)) as answer:
            if answer.status != 200:
                raise refused(location.url, f"the server answers {answer.status}, which was not asked for")
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise refused(location.url, "it comes encoded although that was not asked for")
            data = bytearray()
            for chunk in answer.chunks:
                data += chunk
                if len(data) > limit:
                    raise refused(location.url, f"it is larger than {limit} bytes, far more than expected")
        return _decoded(bytes(data), answer.headers.get("content-type", ""))


def _decoded(data: bytes, kind: str) -> str:
    charset = _CHARSET.search(kind)
    latin = charset and charset[1].lower() in _LATIN
    return data.decode("latin-1" if latin else "utf-8", errors="replace")


def _next(first: Location, here: Location, answer: Answer, *, pinned: bool) -> Location:
    """Return where ``answer`` sends us, refusing what is not safe."""
    target = _target(first.url, here.url, answer.headers["location"])
    scheme = urlsplit(target).scheme
    if scheme not in ("http", "https"):
        raise refused(first.url, f"{host_of(here.url)} redirects to a {scheme or 'nameless'}: URL")
    if origin(here.url)[0] == "https" and scheme == "http" and not pinned:
        why = f"{host_of(here.url)} redirects to {host_of(target)} without encryption"
        raise refused(
            first.url, why, "that is accepted only for a file whose digest is known: add its sha256"
        )
    if origin(target) == origin(first.url):
        return replace(first, url=target)
    return replace(first, url=target, headers={}, tls=first.tls.anonymous())


def _target(first: str, here: str, location: str) -> str:
    """Return where ``location`` leads from ``here``, without user and password."""
    try:
        parts = urlsplit(urljoin(here, location))
        target = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        origin(target)  # what is left without them may be malformed
    except ValueError as error:
        raise refused(first, f"{host_of(here)} redirects to a malformed URL") from error
    return target


@contextmanager
def _timed(answer: Answer) -> Iterator[None]:
    """Note on a failure how fast the server had answered."""
    try:
        yield
    except AttemptError as failure:
        failure.latency = answer.latency
        raise


@contextmanager
def _named(first: str, here: str) -> Iterator[None]:
    """Say of a failure after a redirect where it began."""
    try:
        yield
    except AttemptError as failure:
        if first != here and shown(first) not in failure.message:
            failure.message += f" ({host_of(first)} redirects there from {shown(first)})"
            failure.args = (failure.message,)
        raise


def _checked(answer: Answer, ask: Ask) -> Answer:
    if answer.status >= 400 and answer.status not in ask.understood:
        raise bad_status(answer.url, answer.status, retry_after(answer.headers))
    return answer


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds of ``Retry-After``; a date there is counted from the answer's own ``Date``."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    if not text:
        return 0.0
    from email.utils import parsedate_to_datetime  # deferred: 5 ms, and seldom needed

    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _drain(answer: Answer) -> None:
    """Read a short rest, so that the connection can be used again; what goes wrong there harms nobody."""
    length = answer.headers.get("content-length", "")
    if length.isdecimal() and int(length) <= _DRAIN:
        with suppress(AttemptError):
            for _ in islice(answer.chunks, _DRAIN_PIECES):
                pass
