"""Redirects, and what must not follow them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from pkgs.artifact.failures import AttemptError
from pkgs.artifact.locations import Location, Tls
from pkgs.artifact.transport import Answer, HttpxTransport, Request
from pkgs.artifact.web import Ask, Web, retry_after
from pkgs.errors import FetchError
from tests.support.server import Reply, Server, basic, redirect


class _Scripted:
    """A transport that answers from a table; for what loopback cannot show, https among it."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._answers = answers
        self.requests: list[Request] = []

    @contextmanager
    def send(self, request: Request) -> Iterator[Answer]:
        self.requests.append(request)
        target = self._answers.get(request.url)
        headers = {"location": target} if target else {}
        yield Answer(request.url, 302 if target else 200, headers, iter((b"body",)))


def _open(web: Web, location: Location, *, pinned: bool = False) -> str:
    with web.open(location, Ask(pinned=pinned)) as answer:
        return answer.url


def test_credentials_stay_with_their_host(server: Server, transport: HttpxTransport) -> None:
    server.add("/b", Reply(b"x"))
    server.add("/a", redirect(server.url("/b", "localhost")))

    Web(transport).text(Location.of(server.url("/a", userinfo="me:secret")), 10)

    assert server.seen("/a")[0].headers["authorization"] == basic("me", "secret")
    assert "authorization" not in server.seen("/b")[0].headers


def test_credentials_do_not_come_back_from_another_host(server: Server, transport: HttpxTransport) -> None:
    server.add("/c", Reply(b"x", authorization=basic("me", "secret")))
    server.add("/b", redirect(server.url("/c")))
    server.add("/a", redirect(server.url("/b", "localhost")))

    Web(transport).text(Location.of(server.url("/a", userinfo="me:secret")), 10)

    assert "authorization" not in server.seen("/b")[0].headers


def test_a_client_certificate_stays_with_its_host() -> None:
    scripted = _Scripted({"https://a.test/": "https://b.test/"})

    _open(Web(scripted), Location("https://a.test/", tls=Tls(cafile="ca", certificate="mine")))

    assert [request.tls for request in scripted.requests] == [
        Tls(cafile="ca", certificate="mine"),
        Tls(cafile="ca"),
    ]


def test_userinfo_in_a_redirect_is_dropped() -> None:
    scripted = _Scripted({"https://a.test/": "https://me:secret@b.test/x"})

    assert _open(Web(scripted), Location("https://a.test/")) == "https://b.test/x"


def test_encryption_is_given_up_only_for_known_bytes() -> None:
    web = Web(_Scripted({"https://a.test/": "http://b.test/"}))

    assert _open(web, Location("https://a.test/"), pinned=True) == "http://b.test/"
    with pytest.raises(FetchError, match=r"a\.test redirects to b\.test without encryption"):
        _open(web, Location("https://a.test/"))


@pytest.mark.parametrize("scheme", ["HTTPS", "Https"])
def test_capitals_give_up_no_encryption(scheme: str) -> None:
    url = f"{scheme}://a.test/"

    with pytest.raises(FetchError, match=r"a\.test redirects to b\.test without encryption"):
        _open(Web(_Scripted({url: "http://b.test/"})), Location(url))


@pytest.mark.parametrize(
    "target",
    ["http://[", "http://[::1]:x/", "//[::", "http://a\u2100b.test/", "https:////[", "http://]@[::1"],
)
def test_a_redirect_to_what_is_no_url_is_a_sentence(target: str) -> None:
    scripted = _Scripted({"http://a.test/": "http://b.test/", "http://b.test/": target})

    with pytest.raises(FetchError, match=r"b\.test redirects to a malformed URL"):
        _open(Web(scripted), Location("http://a.test/"))


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://b.test/", "gopher:x", "http://b.test:x/"])
def test_redirects_to_anything_but_the_web_are_refused(target: str) -> None:
    with pytest.raises(FetchError, match=r"a\.test redirects to a"):
        _open(Web(_Scripted({"http://a.test/": target})), Location("http://a.test/"), pinned=True)


def test_redirects_end(server: Server, transport: HttpxTransport) -> None:
    url = server.add("/a", redirect("/a"))

    with pytest.raises(FetchError, match="more than 10 redirects"):
        _open(Web(transport), Location(url))

    assert len(server.requests) == 11


def test_a_blocked_host_behind_a_redirect_is_named(server: Server, transport: HttpxTransport) -> None:
    url = server.add("/a", redirect("http://assets.invalid/x?signature=secret"))

    with pytest.raises(FetchError) as caught:
        _open(Web(transport), Location(url))

    assert f"redirects there from {url}" in caught.value.message
    assert "allow assets.invalid" in caught.value.hint
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("host", ["{x}", "{", "{0}"])
@pytest.mark.parametrize("status", [404, 500])
def test_a_host_may_be_called_anything(server: Server, host: str, status: int) -> None:
    """A proxy answers for whatever a redirect names."""
    server.add(f"http://{host}/", Reply(status=status))
    server.add(f"http://%7B{host[1:].replace('}', '%7D')}/", Reply(status=status))

    with (
        HttpxTransport({"http_proxy": server.url("")}) as transport,
        pytest.raises(FetchError, match=str(status)),
    ):
        Web(transport).text(Location(f"http://{host}/"), 10)


def test_a_failure_tells_how_fast_the_server_answered(server: Server, transport: HttpxTransport) -> None:
    url = server.add("/a", Reply(status=503, delay=0.05))

    with pytest.raises(AttemptError) as caught:
        _open(Web(transport), Location(url))

    assert 0.05 <= caught.value.latency < 1


def test_text_is_decoded_as_it_says(server: Server, transport: HttpxTransport) -> None:
    for charset, body in (("latin-1", b"\xe4"), ("utf-8", "ä".encode()), ("nonsense", "ä".encode())):
        url = server.add("/a", Reply(body, headers={"Content-Type": f"text/plain; charset={charset}"}))
        assert Web(transport).text(Location(url), 10) == "ä"


@pytest.mark.parametrize("charset", ["undefined", "idna", "punycode", "unicode_escape", "zlib"])
def test_what_python_alone_calls_an_encoding_is_none(
    server: Server, transport: HttpxTransport, charset: str
) -> None:
    url = server.add("/a", Reply(b"\\x41\xff", headers={"Content-Type": f"text/plain; charset={charset}"}))

    assert Web(transport).text(Location(url), 10) == "\\x41\ufffd"


def test_a_text_that_comes_encoded_is_refused(server: Server, transport: HttpxTransport) -> None:
    with pytest.raises(FetchError, match="comes encoded although that was not asked for"):
        Web(transport).text(Location(server.add("/a", Reply(b"x", gzip=True))), 100)


@pytest.mark.parametrize("status", [204, 206, 300, 304])
def test_only_a_whole_text_is_one(server: Server, transport: HttpxTransport, status: int) -> None:
    url = server.add("/a", Reply(b"", status=status))

    with pytest.raises(FetchError, match=f"answers {status}, which was not asked for"):
        Web(transport).text(Location(url), 10)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry-after": "120"}, 120),
        ({"retry-after": "-1"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30),
        ({"retry-after": "Wed, 21 Oct 2015 07:27:00 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT"}, 0),
        ({"retry-after": "Wed, 21 Oct 99999999999999999999 07:28:30 GMT"}, 0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 +99999999999999"}, 0),
        ({"retry-after": "9" * 5000}, 999_999_999),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers) == seconds
