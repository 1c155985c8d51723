"""The one place that talks HTTP: requests out, answers in, every failure a sentence. The home of httpx.

A transport sends one request and follows nothing; :mod:`pkgs.artifact.web` is built on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from pkgs import __version__
from pkgs.artifact.failures import AttemptError, broken_off, host_of, no_tunnel, refused, shown, unreachable
from pkgs.artifact.locations import Tls
from pkgs.artifact.proxies import proxy_for
from pkgs.artifact.tls import bare_context, tls_context
from pkgs.errors import PkgsError
from pkgs.manifest.durations import seconds

if TYPE_CHECKING:
    import ssl

    import httpx

TIMEOUT_VARIABLE = "PKGS_HTTP_TIMEOUT"
# What is done first for a request on a kept connection, as httpcore calls it.
_KEPT = "http11.send_request_headers.started"
_STANDARD_HEADERS = {"User-Agent": f"pkgs/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: until connected, between two bytes, and for a whole answer."""

    connect: float = 15.0
    stall: float = 30.0
    total: float = 3600.0

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Timeouts:
        """Return what ``PKGS_HTTP_TIMEOUT`` asks for: how long a silent server is waited for."""
        text = environ.get(TIMEOUT_VARIABLE)
        if not text:
            return cls()
        try:
            patience = seconds(f"{text}s" if text[-1].isdecimal() else text)
        except ValueError:
            patience = 0.0
        if patience <= 0:
            raise PkgsError(
                f"{TIMEOUT_VARIABLE} is {text!r}, which is no length of time",
                f"for example: {TIMEOUT_VARIABLE}=60s; unset, it is {cls().stall:g}s",
            )
        return cls(connect=min(patience, cls().connect), stall=patience)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``headers`` come on top of the standard ones."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: Tls = field(default_factory=Tls)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: header names in lower case; ``chunks`` are the body's bytes as sent, to be read once.

    ``latency`` is how many seconds passed before the headers were there.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    latency: float = 0.0


class Transport(Protocol):
    """Sends one request."""

    def send(self, request: Request) -> AbstractContextManager[Answer]:
        """Return a context with the answer, whatever its status.

        Raises :class:`AttemptError`, also while the body is iterated.
        """


class HttpxTransport:
    """A transport with kept connections, for use by several threads; to be closed, or used as a context.

    ``environ`` says which proxies and certificates to use: ``HTTPS_PROXY`` and its kin, ``SSL_CERT_FILE``,
    ``SSL_CERT_DIR``; without the latter the system's own certificates count.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        timeouts: Timeouts = Timeouts(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._environ = environ
        self._timeouts = timeouts
        self._clock = clock
        self._lock = threading.Lock()
        self._closing = ExitStack()
        self._pools: dict[tuple[Tls | None, str], httpx.HTTPTransport] = {}

    def __enter__(self) -> HttpxTransport:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            self._pools.clear()
            self._closing.close()

    @contextmanager
    def send(self, request: Request) -> Iterator[Answer]:
        """See :class:`Transport`."""
        start = self._clock()
        with _translated(request.url, self._timeouts):
            response = self._answered(request, start + self._timeouts.total)
        latency = self._clock() - start
        headers = {name.lower(): value for name, value in response.headers.items()}
        chunks = self._chunks(request.url, response)
        try:
            yield Answer(request.url, response.status_code, headers, chunks, latency)
        finally:
            response.close()

    def _answered(self, request: Request, deadline: float) -> httpx.Response:
        """Send a request; where the server closes a kept connection in this instant, over another one."""
        import httpx

        proxy = proxy_for(request.url, self._environ)
        pool = self._pool(request, proxy)
        while True:
            steps: list[str] = []
            try:
                return pool.handle_request(self._prepared(request, deadline, steps))
            except (httpx.NetworkError, httpx.RemoteProtocolError, httpx.TimeoutException) as error:
                if steps[:1] == [_KEPT] and not isinstance(error, httpx.TimeoutException):
                    continue
                if proxy and _short_of_host(request.url, steps):
                    raise _no_proxy(request.url, proxy, error) from error
                raise

    def _prepared(self, request: Request, deadline: float, steps: list[str]) -> httpx.Request:
        """Return the request as httpx has it; ``steps`` is told what is done for it."""
        import httpx

        from pkgs.artifact.connections import Bounded

        connecting = Bounded.by(self._timeouts.connect, lambda: deadline - self._clock())
        silence = Bounded.by(self._timeouts.stall, connecting.left)
        timeout = {"connect": connecting, "read": silence, "write": silence, "pool": None}
        headers = _STANDARD_HEADERS | dict(request.headers)
        extensions = {"timeout": timeout, "trace": lambda step, _: steps.append(step)}
        return httpx.Request(request.method, request.url, headers=headers, extensions=extensions)

    def _pool(self, request: Request, proxy: str) -> httpx.HTTPTransport:
        """Return the connections for this kind of request; making a TLS context is put off until needed."""
        secure = request.url.lower().startswith("https:")
        key = (request.tls if secure else None, proxy)
        with self._lock:
            if key not in self._pools:
                verify = tls_context(request.tls, self._environ) if secure else bare_context()
                proven = tls_context(Tls(), self._environ) if proxy.lower().startswith("https:") else None
                self._pools[key] = self._closing.enter_context(_new_pool(verify, proxy, proven))
            return self._pools[key]

    def _chunks(self, url: str, response: httpx.Response) -> Iterator[bytes]:
        import httpx

        assert isinstance(response.stream, httpx.SyncByteStream)
        with _translated(url, self._timeouts, reading=True):
            yield from response.stream


def _new_pool(verify: ssl.SSLContext, proxy: str, proven: ssl.SSLContext | None) -> httpx.HTTPTransport:
    """Return new connections, over ``proxy`` unless that is ""; ``proven`` says how it proves itself."""
    import httpx

    from pkgs.artifact.connections import bind

    through = httpx.Proxy(proxy, ssl_context=proven) if proxy else None
    transport = httpx.HTTPTransport(verify=verify, trust_env=False, proxy=through)
    bind(transport._pool)  # noqa: SLF001 - httpx has no other way to it
    return transport


@contextmanager
def _translated(url: str, timeouts: Timeouts, *, reading: bool = False) -> Iterator[None]:
    """Turn what httpx and ssl raise into a :class:`AttemptError`."""
    import httpx

    try:
        yield
    except (httpx.LocalProtocolError, UnicodeEncodeError):
        why = "the credentials for it hold characters that cannot be sent"  # not told: which
        raise refused(url, why, "look for line ends and the like in tokens and passwords") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise refused(
            url, "this is not a URL that can be asked", "write http:// or https:// and a host"
        ) from error
    except httpx.HTTPError as error:
        raise _failure(url, error, timeouts, reading=reading) from error
    except (OSError, ImportError, ValueError, OverflowError) as error:
        # Certificate files that cannot be read, a proxy of a kind that is not known.
        raise refused(url, f"its connection cannot be set up: {error}", _SETUP_HINT) from error


_SETUP_HINT = "check the certificate files and proxies in the environment and in the client's configuration"
_TIMEOUT_HINT = f"try again later; {TIMEOUT_VARIABLE}=60s makes pkgs wait longer or give up sooner"


def _failure(url: str, error: httpx.HTTPError, timeouts: Timeouts, *, reading: bool) -> AttemptError:
    import httpx

    from pkgs.artifact.connections import OverdueError

    host = host_of(url)
    if isinstance(error.__cause__, OverdueError):
        why = f"it took longer than {timeouts.total:g} s"
        return broken_off(url, why) if reading else unreachable(url, why)
    if isinstance(error, httpx.ConnectTimeout):
        return unreachable(url, f"{host} does not answer within {timeouts.connect:g} s")
    if isinstance(error, httpx.TimeoutException):
        if reading:
            return broken_off(url, f"{host} sent nothing for {timeouts.stall:g} s")
        return unreachable(url, f"{host} sent nothing for {timeouts.stall:g} s", _TIMEOUT_HINT)
    if isinstance(error, httpx.ProxyError):
        return no_tunnel(url, str(error))
    if isinstance(error, httpx.ConnectError):
        return _not_connected(url, error)
    if reading:
        return broken_off(url, _lower(str(error)) or "the connection was closed")
    return unreachable(url, f"{host} closed the connection without an answer")


def _short_of_host(url: str, steps: Sequence[str]) -> bool:
    """Say whether a request over a proxy failed before it was connected to the host."""
    if any(step.startswith("connection.") and step.endswith(".failed") for step in steps):
        return True
    tunnelled = steps[:1] == [_KEPT] or any(step.startswith("proxy.") for step in steps)
    return url.lower().startswith("https:") and not tunnelled


def _no_proxy(url: str, proxy: str, error: Exception) -> AttemptError:
    cause = _root(error)
    reason = _lower(getattr(cause, "strerror", None) or str(cause) or "it does not answer")
    return unreachable(url, f"no connection to its proxy {shown(proxy)}: {reason}", _SETUP_HINT)


def _not_connected(url: str, error: Exception) -> AttemptError:
    import socket
    import ssl

    host = urlsplit(url).hostname or host_of(url)
    cause = _root(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = "set SSL_CERT_FILE to a file with your organisation's certificates, if it inspects traffic"
        return refused(url, f"the certificate of {host} is not trusted: {cause.verify_message}", hint)
    if isinstance(cause, ssl.SSLError):
        return unreachable(url, f"no secure connection to {host}: {_lower(cause.reason or 'it broke off')}")
    if isinstance(cause, socket.gaierror):
        return unreachable(url, f"there is no address for {host}: check the network and the name")
    reason = _lower(cause.strerror or "") if isinstance(cause, OSError) else ""
    return unreachable(url, f"no connection to {host_of(url)}: {reason or 'it could not be made'}")


def _root(error: BaseException) -> BaseException:
    """Return what lies beneath ``error``: the system's or the TLS library's own exception."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
