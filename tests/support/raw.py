"""A server that says what no HTTP library would: bytes as they are told, at the pace they are told.

with speaking(said(b"HTTP/1.1 200 OK\\r\\n\\r\\nx"), dripped(b"HTTP/1.1 200 OK\\r\\nX: ")) as url:
    fetch(url)   # the first connection gets the first turn, the last turn stays
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from select import select

Turn = Callable[[socket.socket], None]


def heard(connection: socket.socket) -> bytes:
    """Return one request's head."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece:
            raise ConnectionResetError
        head += piece
    return head


def said(*answers: bytes) -> Turn:
    """Hear a request and answer, for each of ``answers``; then hang up."""

    def turn(connection: socket.socket) -> None:
        for answer in answers:
            heard(connection)
            connection.sendall(answer)

    return turn


def dripped(start: bytes, drop: bytes = b"x", pause: float = 0.05) -> Turn:
    """Hear a request, say ``start``, and then ``drop`` again and again until nobody listens."""

    def turn(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(start)
        while True:
            connection.sendall(drop)
            if select([connection], [], [], pause)[0]:
                return

    return turn


@contextmanager
def speaking(*turns: Turn) -> Iterator[str]:
    """Yield the URL of a server that serves each connection by the next turn."""
    listening = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                turn = turns[min(len(opened), len(turns) - 1)]
                opened.append(connection)
                threads.append(threading.Thread(target=_take, args=(turn, connection)))
                threads[-1].start()

    server = threading.Thread(target=serve)
    server.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/a"
    finally:
        for one in (listening, *opened):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in (server, *threads):
            thread.join()


def _take(turn: Turn, connection: socket.socket) -> None:
    with connection, suppress(OSError):
        turn(connection)
