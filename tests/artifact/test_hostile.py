"""Answers that no honest server gives."""

from __future__ import annotations

import gzip
import re
import socket
from collections.abc import Callable
from pathlib import Path
from select import select

import pytest

from pkgs.artifact.fetch import HttpFetcher, Received
from pkgs.artifact.locations import Location
from pkgs.artifact.model import Artifact
from pkgs.artifact.patience import Patience
from pkgs.artifact.transport import HttpxTransport, Request, Timeouts
from pkgs.artifact.web import Web
from pkgs.digests import digest_bytes
from pkgs.errors import FetchError
from pkgs.progress import SilentTask
from tests.artifact.conftest import LINUX
from tests.support.raw import Turn, dripped, heard, said, speaking


def _read(transport: HttpxTransport, url: str) -> bytes:
    with transport.send(Request(url)) as answer:
        return b"".join(answer.chunks)


@pytest.mark.parametrize(
    "turn",
    [
        dripped(b"HTTP/1.1 200 OK\r\nX: "),
        dripped(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        dripped(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000, 0),
        dripped(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        dripped(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;"),
        dripped(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "),
    ],
    ids=["headers", "continue", "hints", "body", "chunk", "trailer"],
)
def test_the_whole_time_counts_whatever_drips(turn: Turn) -> None:
    with (
        speaking(turn) as url,
        HttpxTransport({}, Timeouts(total=0.3)) as transport,
        pytest.raises(FetchError, match=r"took longer than 0\.3 s"),
    ):
        _read(transport, url)


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        bytes(range(256)) * 10,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 1000 High\r\n\r\n",
        b"HTTP/1.1 000 None\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nx",
        OK + b"no colon\r\n\r\nx",
        OK + b": no name\r\n\r\nx",
        OK + b"X: \0\r\n\r\nx",
        OK + b"Content-Length: -1\r\n\r\nx",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
        OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nx",
        OK + b"Content-Length: \xc2\xb2\r\n\r\nxy",
        OK + b"Transfer-Encoding: gzip\r\n\r\nx",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 100 + b"\r\nx",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n",
        OK + b"".join(b"X-%d: y\r\n" % number for number in range(100_000)),
        b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://a.invalid/\x01\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\r\nLocation: file:/x\r\n\r\n",
        b"HTTP/1.1 503 No\r\nRetry-After: \xff\r\nRetry-After: -9e99\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_malformed_answer_is_a_sentence(
    answer: bytes, get: Callable[[Artifact], Received], tmp_path: Path
) -> None:
    with speaking(said(answer)) as url, pytest.raises(FetchError, match=r"127\.0\.0\.1"):
        get(Artifact(url))

    assert len(list(tmp_path.iterdir())) in (0, 2), "a file without a note would be taken for whole"


@pytest.mark.parametrize("junk", [b"\r\n", b"junk", b"junk\r\n\r\n", b"x" * 200_000])
@pytest.mark.parametrize(
    "framed", [b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", b"Content-Length: 1\r\n\r\nx"]
)
def test_junk_after_an_answer_is_no_part_of_the_next(framed: bytes, junk: bytes) -> None:
    answer = OK + framed + junk

    with speaking(said(answer, answer)) as url, HttpxTransport({}) as transport:
        assert [_read(transport, url) for _ in range(5)] == [b"x"] * 5


def test_chunks_tell_the_length_whatever_else_does(get: Callable[[Artifact], Received]) -> None:
    answer = OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"

    with speaking(said(answer)) as url:
        assert get(Artifact(url, size=5)).digest == digest_bytes(b"hello")


def test_a_handshake_that_stalls_is_given_up() -> None:
    def silent(connection: socket.socket) -> None:
        connection.recv(10_000)
        select([connection], [], [], 60)

    with (
        speaking(silent) as url,
        HttpxTransport({}, Timeouts(connect=0.3)) as transport,
        pytest.raises(FetchError, match=r"does not answer within 0\.3 s"),
    ):
        _read(transport, url.replace("http:", "https:"))


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Encoding: \x1b]0;evil\x07\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://\x1b[2J.invalid:x/\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: \x9b2J:/\x1b[2J\r\n\r\n",
    ],
)
def test_a_server_writes_nothing_to_the_terminal(answer: bytes, get: Callable[[Artifact], Received]) -> None:
    with speaking(said(answer)) as url, pytest.raises(FetchError) as caught:
        get(Artifact(url))

    told = caught.value.message + caught.value.hint + str(caught.value)
    assert told.isprintable()


def test_silence_is_told_from_the_end_of_all_time() -> None:
    with (
        speaking(dripped(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", pause=60)) as url,
        HttpxTransport({}, Timeouts(stall=0.2, total=60)) as transport,
        pytest.raises(FetchError, match=r"sent nothing for 0\.2 s"),
    ):
        _read(transport, url)


def test_a_connection_that_was_closed_meanwhile_is_not_used_again() -> None:
    kept = said(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")

    with speaking(kept) as url, HttpxTransport({}) as transport:
        assert [_read(transport, url) for _ in range(20)] == [b"x"] * 20


def test_a_new_connection_that_is_closed_is_not_tried_again_at_once() -> None:
    turns: list[object] = []

    def rude(connection: object) -> None:
        turns.append(connection)

    with (
        speaking(rude) as url,
        HttpxTransport({}) as transport,
        pytest.raises(FetchError, match="closed the connection without an answer"),
    ):
        _read(transport, url)

    assert len(turns) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 100\r\n\r\nless",
        b"Content-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\nnonsense",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"\r\n",
    ],
)
@pytest.mark.parametrize("stays", [True, False])
def test_the_body_of_a_redirect_is_nobodys_concern(body: bytes, stays: bool) -> None:
    def moved(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /b\r\n" + body)
        if stays:
            select([connection], [], [], 60)

    here = said(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere")
    with speaking(moved, here) as url, HttpxTransport({}, Timeouts(stall=0.5)) as transport:
        assert Web(transport).text(Location(url), 10) == "here"


def test_a_redirect_that_drips_is_followed_soon() -> None:
    drips = dripped(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 9999\r\n\r\n", pause=0.2)
    here = said(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere")

    with speaking(drips, here) as url, HttpxTransport({}, Timeouts(stall=30, total=60)) as transport:
        assert Web(transport).text(Location(url), 10) == "here"


@pytest.mark.parametrize(
    ("answer", "tries", "hint"),
    [
        (b"407 Proxy Authentication Required", 1, "the proxy wants credentials"),
        (b"403 Forbidden", 1, r"allow origin\.invalid"),
        (b"503 Busy", 3, r"allow origin\.invalid"),
    ],
)
def test_a_proxy_that_refuses_is_asked_again_only_if_it_may_change_its_mind(
    tmp_path: Path, answer: bytes, tries: int, hint: str
) -> None:
    """One that is asked thrice with a wrong password may lock the account."""
    heads: list[bytes] = []

    def refuse(connection: socket.socket) -> None:
        heads.append(heard(connection))
        connection.sendall(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n")

    with speaking(refuse) as url, HttpxTransport({"https_proxy": url}) as transport:
        fetcher = HttpFetcher(transport, patience=Patience(sleep=lambda _: None))
        with pytest.raises(FetchError, match=f"the proxy refuses to connect: {answer.decode()}") as caught:
            fetcher.fetch(Artifact("https://origin.invalid/a"), LINUX, tmp_path / "file", SilentTask())

    assert re.search(hint, caught.value.hint)
    assert len(heads) == tries
    assert heads[0].startswith(b"CONNECT origin.invalid:443 ")


@pytest.mark.parametrize("stays", [True, False])
def test_a_proxy_that_closes_or_is_silent_is_named(stays: bool) -> None:
    def turn(connection: socket.socket) -> None:
        heard(connection)
        if stays:
            select([connection], [], [], 60)

    with speaking(turn) as url, HttpxTransport({"https_proxy": url}, Timeouts(stall=0.3)) as transport:
        proxy = re.escape(url)
        with pytest.raises(FetchError, match=f"no connection to its proxy {proxy}: (timed out|server disc)"):
            _read(transport, "https://origin.invalid/a")


def test_a_host_that_breaks_off_behind_a_proxy_is_named() -> None:
    def turn(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(OK + b"\r\n")

    with (
        speaking(turn) as url,
        HttpxTransport({"https_proxy": url}) as transport,
        pytest.raises(FetchError, match=r"no secure connection to origin\.invalid"),
    ):
        _read(transport, "https://origin.invalid/a")


def test_what_came_encoded_is_not_gone_on_with_as_it_is(get: Callable[[Artifact], Received]) -> None:
    """A server that encodes on the way may send parts only of what it has, and call both the same."""
    data = bytes(range(256)) * 10

    def cut(connection: socket.socket) -> None:
        heard(connection)
        head = b'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nETag: "1"\r\n\r\n'
        connection.sendall(head + b"64\r\n" + gzip.compress(data)[:100] + b"\r\n")

    def plain(connection: socket.socket) -> None:
        start = 100 if b"Range: bytes=100-" in heard(connection) else 0
        status = b"206 Some\r\nContent-Range: bytes 100-2559/2560" if start else b"200 OK"
        head = b'HTTP/1.1 %s\r\nContent-Length: %d\r\nETag: "1"\r\n\r\n' % (status, len(data) - start)
        connection.sendall(head + data[start:])

    with speaking(cut, plain) as url:
        assert get(Artifact(url)).digest == digest_bytes(data)
