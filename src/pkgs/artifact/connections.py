"""Connections on which no step outlasts the request it belongs to. The home of httpcore.

httpcore knows how long one step may take, such as one read; a server that sends a byte of its headers now and
then, or one interim answer (1xx) after the other, would be listened to for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    import ssl

# How much (bytes) is taken from a connection at once. httpcore's own 64 KiB make four times as many turns of
# threads, which cost more than the copying.
_READ = 1 << 18


class Bounded(float):
    """How many seconds a step may take; ``left`` returns how many are left for all of them together."""

    left: Callable[[], float]

    @classmethod
    def by(cls, seconds: float, left: Callable[[], float]) -> Bounded:
        """Return a time-out that httpcore passes on as it is."""
        bounded = cls(seconds)
        bounded.left = left
        return bounded


class OverdueError(httpcore.TimeoutException):
    """The whole took too long, though none of its steps did."""


def bind(pool: httpcore.ConnectionPool) -> None:
    """Let the new connections of ``pool`` heed :class:`Bounded` time-outs."""
    httpcore.HTTP11Connection.READ_NUM_BYTES = _READ
    pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001 - httpx passes none on


class _Backend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        with _limited(timeout) as limit:
            return _Stream(self._backend.connect_tcp(host, port, limit, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _limited(timeout) as limit:
            return self._stream.read(max_bytes, limit)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _limited(timeout) as limit:
            self._stream.write(buffer, limit)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        with _limited(timeout) as limit:
            return _Stream(self._stream.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


@contextmanager
def _limited(timeout: float | None) -> Iterator[float | None]:
    """Yield how long the step may take; raise :class:`OverdueError` if that is why it did not succeed."""
    if not isinstance(timeout, Bounded):
        yield timeout
        return
    left = timeout.left()
    if left <= 0:
        raise OverdueError
    try:
        yield min(timeout, left)
    except httpcore.TimeoutException as error:
        if timeout.left() <= 0:
            raise OverdueError from error
        raise
