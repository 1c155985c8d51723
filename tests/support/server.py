"""A real HTTP server on loopback that does as it is told, right or wrong.

    with serving() as server:
        server.add("/a.tgz", Reply(data, etag='"1"'))                   # the same answer each time
        server.add("/b.tgz", Reply(status=503), Reply(data))            # in turn; the last stays
        server.add("/c", lambda request: Reply(request.path.encode()))  # made to measure
        fetch(server.url("/a.tgz"))                    # http://127.0.0.1:PORT/a.tgz
        fetch(server.url("/a.tgz", host="localhost"))  # the same bytes from what is another host to a client
        server.seen("/a.tgz")[0].headers["range"]      # what was asked, header names in lower case
        server.peers                                   # with TLS: whose certificates clients showed

A `Reply` honours ``Range`` and ``If-Range`` unless told otherwise, and can stall, break off, lie about its
length or ask for credentials. Unknown paths get 404. Each request is recorded (at most 10,000). HTTP/1.1 with
kept connections; every thread ends when the context does, stalled ones included. A package registry and a
Python index made of it are in :mod:`tests.support.registries`.
"""

from __future__ import annotations

import base64
import gzip
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import unquote

_MOST_REQUESTS = 10_000
_STALL = 300.0  # seconds: longer than any test waits
_COMMON_NAME = re.compile(r"'commonName', '([^']*)'")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked: header names are in lower case; ``path`` has no query."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Faults:
    """How a reply goes wrong; byte counts are of the body as sent."""

    delay: float = 0.0
    """Seconds before the first byte of the answer."""
    stall_after: int | None = None
    """Send so many bytes of the body and then nothing, until the client or the server gives up."""
    truncate_after: int | None = None
    """Send so many bytes of the body, then close the connection in good order."""
    reset_after: int | None = None
    """Send so many bytes of the body, then reset the connection."""
    content_length: int | Literal["true", "none"] = "true"
    """What ``Content-Length`` says, or no such header (the connection's end is the body's)."""
    ranges: Literal["honoured", "ignored", "shifted", "refused"] = "honoured"
    """``shifted`` answers 206 with another range than was asked; ``refused`` answers 416."""
    trickle: float = 0.0
    """Seconds between pieces of 1 KiB."""


@dataclass(frozen=True, slots=True)
class Reply(_Faults):
    """One answer. ``authorization`` is the header value without which the answer is 401."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    gzip: bool = False
    authorization: str = ""


Answer = Reply | Callable[[Request], Reply]


def redirect(location: str, status: int = 302) -> Reply:
    """Return a reply that sends the client to ``location``."""
    return Reply(status=status, headers={"Location": location})


def basic(user: str, password: str) -> str:
    """Return the ``Authorization`` value of basic authentication."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Server:
    """The server: what it answers, and what it was asked. Made by :func:`serving`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.peers: list[str] = []
        self.stopping = threading.Event()
        self._answers: dict[str, list[Answer]] = {}
        self._requests: list[Request] = []
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.owner = self
        self._scheme = "https" if tls else "http"
        if tls:
            listening = self._http.socket
            self._http.socket = tls.wrap_socket(listening, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        """The port that the system chose."""
        return int(self._http.server_address[1])

    @property
    def requests(self) -> Sequence[Request]:
        """What was asked so far, oldest first."""
        with self._lock:
            return tuple(self._requests)

    def url(self, path: str, host: str = "127.0.0.1", userinfo: str = "") -> str:
        """Return the URL of ``path``; ``host`` may be ``localhost`` to look like another host."""
        return f"{self._scheme}://{userinfo + '@' if userinfo else ''}{host}:{self.port}{path}"

    def add(self, path: str, *answers: Answer) -> str:
        """Answer requests for ``path`` with ``answers`` in turn, the last for ever; return the URL."""
        with self._lock:
            self._answers[path] = list(answers)
        return self.url(path)

    def seen(self, path: str) -> list[Request]:
        """Return what was asked of ``path``."""
        return [request for request in self.requests if request.path == path]

    def answer(self, request: Request) -> Reply:
        """Record ``request`` and choose the answer."""
        with self._lock:
            if len(self._requests) < _MOST_REQUESTS:
                self._requests.append(request)
            answers = self._answers.get(request.path, [Reply(b"no such path\n", status=404)])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, Reply) else answer(request)

    def run(self) -> None:
        """Serve until :meth:`stop`."""
        self._http.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        """End every connection and free the port."""
        self.stopping.set()
        self._http.shutdown()
        self._http.hang_up()
        self._http.server_close()


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Yield a running :class:`Server`, with TLS if told how; it is gone, threads and all, afterwards."""
    server = Server(tls)
    thread = threading.Thread(target=server.run, name="test server")
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 256
    owner: Server

    def __init__(self, *args: object) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*args)  # type: ignore[arg-type]

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # already gone

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: clients that go away in the middle are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, unquote(path), query, headers)
        self._note_peer()
        reply = self.server.owner.answer(request)
        if reply.delay and self.server.owner.stopping.wait(reply.delay):
            return
        if reply.authorization and headers.get("authorization") != reply.authorization:
            reply = Reply(b"who are you?\n", status=401, headers={"WWW-Authenticate": "Basic"})
        self._send(request, *_shaped(request, reply))

    do_HEAD = do_GET  # noqa: N815

    def _note_peer(self) -> None:
        """Record the name in the client's certificate, if it showed one."""
        if isinstance(self.connection, ssl.SSLSocket) and (shown := self.connection.getpeercert()):
            self.server.owner.peers += _COMMON_NAME.findall(str(shown.get("subject")))

    def _send(self, request: Request, reply: Reply, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.close_connection = True
        self.end_headers()
        if request.method != "HEAD":
            self._send_body(reply, body)

    def _send_body(self, reply: Reply, body: bytes) -> None:
        cuts = [n for n in (reply.stall_after, reply.truncate_after, reply.reset_after) if n is not None]
        self._write(body[: min(cuts)] if cuts else body, reply.trickle)
        if reply.stall_after is not None:
            self.server.owner.stopping.wait(_STALL)
        if reply.reset_after is not None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        if cuts or reply.content_length not in ("true", len(body)):
            self.close_connection = True

    def _write(self, data: bytes, trickle: float) -> None:
        if not trickle:
            self.wfile.write(data)
            return
        for start in range(0, len(data), 1024):
            self.wfile.write(data[start : start + 1024])
            if self.server.owner.stopping.wait(trickle):
                return


def _shaped(request: Request, reply: Reply) -> tuple[Reply, dict[str, str], bytes]:
    """Return the reply with its status, headers and body as they go out."""
    headers = dict(reply.headers)
    if reply.etag:
        headers["ETag"] = reply.etag
    body = gzip.compress(reply.body) if reply.gzip else reply.body
    if reply.gzip:
        headers["Content-Encoding"] = "gzip"
    reply, body = _ranged(request, reply, headers, body)
    if reply.content_length != "none":
        length = len(body) if reply.content_length == "true" else reply.content_length
        headers["Content-Length"] = str(length)
    return reply, headers, body


def _ranged(request: Request, reply: Reply, headers: dict[str, str], body: bytes) -> tuple[Reply, bytes]:
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if not asked or reply.status != 200 or reply.ranges == "ignored":
        return reply, body
    if request.headers.get("if-range", reply.etag) != reply.etag:
        return reply, body
    start = int(asked[1]) + (1 if reply.ranges == "shifted" else 0)
    if reply.ranges == "refused" or start >= len(body):
        headers["Content-Range"] = f"bytes */{len(body)}"
        return replace(reply, status=416), b""
    end = min(int(asked[2]), len(body) - 1) if asked[2] else len(body) - 1
    headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
    return replace(reply, status=206), body[start : end + 1]
