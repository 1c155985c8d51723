"""The loopback server does what it is told, so that what is tested against it means something."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator

import pytest

from tests.support.registries import NpmRegistry, PythonIndex
from tests.support.server import Reply, Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def _get(server: Server, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        response = connection.getresponse()
        return response.status, response.read(), dict(response.getheaders())
    finally:
        connection.close()


def test_answers_follow_each_other_and_the_last_stays(server: Server) -> None:
    server.add("/a", Reply(status=503), Reply(b"yes"))

    assert [_get(server, "/a")[0] for _ in range(3)] == [503, 200, 200]
    assert len(server.seen("/a")) == 3


def test_ranges_are_honoured_only_for_the_same_etag(server: Server) -> None:
    server.add("/a", Reply(b"0123456789", etag='"1"'))

    assert _get(server, "/a", Range="bytes=4-", If_Range='"1"')[:2] == (206, b"456789")
    assert _get(server, "/a", Range="bytes=4-", If_Range='"2"')[:2] == (200, b"0123456789")
    assert _get(server, "/a", Range="bytes=10-")[0] == 416


def test_a_truncated_body_is_seen_as_one(server: Server) -> None:
    server.add("/a", Reply(b"0123456789", truncate_after=3))

    with pytest.raises(http.client.IncompleteRead):
        _get(server, "/a")


def test_a_reset_is_seen_as_one(server: Server) -> None:
    server.add("/a", Reply(b"x" * 100_000, reset_after=10))

    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        _get(server, "/a")


def test_no_thread_outlives_a_stalled_reply() -> None:
    before = threading.active_count()
    with serving() as server:
        server.add("/a", Reply(b"0123456789", stall_after=3))
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=0.2)
        connection.request("GET", "/a")
        with pytest.raises(TimeoutError):
            connection.getresponse().read()
        connection.close()

    assert threading.active_count() == before


def test_registry_and_index_publish(server: Server) -> None:
    NpmRegistry(server).publish("@a/b", "1.0.0", b"tar")
    PythonIndex(server).publish("just", "just-1-py3-none-any.whl", b"zip")

    assert b"sha512-" in _get(server, "/npm/@a%2Fb/1.0.0")[1]
    assert _get(server, "/npm/@a/b/-/b-1.0.0.tgz")[1] == b"tar"
    assert b"<a href=" in _get(server, "/simple/just/")[1]
    assert _get(server, "/simple-files/just-1-py3-none-any.whl")[1] == b"zip"
