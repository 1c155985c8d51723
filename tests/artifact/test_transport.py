"""Time-outs, proxies, certificates; and what is not paid for."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import truststore

from pkgs.artifact.certificates import CertificateClient
from pkgs.artifact.clients import fetcher_of
from pkgs.artifact.fetch import HttpFetcher
from pkgs.artifact.locations import Location, Tls
from pkgs.artifact.offline import OfflineFetcher
from pkgs.artifact.tls import tls_context
from pkgs.artifact.transport import HttpxTransport, Request, Timeouts
from pkgs.artifact.web import Web
from pkgs.errors import FetchError, PkgsError
from tests.artifact.conftest import LINUX
from tests.support.server import Reply, Server, redirect


def _read(transport: HttpxTransport, url: str, tls: Tls | None = None) -> bytes:
    with transport.send(Request(url, tls=tls or Tls())) as answer:
        return b"".join(answer.chunks)


def test_a_silent_server_is_given_up(server: Server) -> None:
    with HttpxTransport({}, Timeouts(stall=0.3)) as transport:
        with pytest.raises(FetchError, match=r"sent nothing for 0\.3 s"):
            _read(transport, server.add("/a", Reply(b"x", delay=60)))
        with pytest.raises(FetchError, match=r"broke off: .* sent nothing for 0\.3 s"):
            _read(transport, server.add("/b", Reply(b"x" * 10, stall_after=5)))


def test_a_trickle_ends_with_the_total_time(server: Server) -> None:
    url = server.add("/a", Reply(bytes(1 << 20), trickle=0.05))

    with (
        HttpxTransport({}, Timeouts(total=0.2)) as transport,
        pytest.raises(FetchError, match=r"than 0\.2 s"),
    ):
        _read(transport, url)


def test_much_is_read_at_once(server: Server, transport: HttpxTransport) -> None:
    url = server.add("/a", Reply(bytes(32 << 20)))

    with transport.send(Request(url)) as answer:
        sizes = [len(chunk) for chunk in answer.chunks]

    assert sum(sizes) == 32 << 20
    assert max(sizes) > 1 << 16, "what httpcore reads by itself"


def test_connections_are_kept(server: Server, transport: HttpxTransport) -> None:
    connections = set()

    def answer(_: object) -> Reply:
        connections.add(threading.current_thread())  # the server has a thread for each connection
        return Reply(b"x")

    for _ in range(3):
        assert _read(transport, server.add("/a", answer)) == b"x"

    assert len(server.requests) == 3
    assert len(connections) == 1


def test_a_redirect_leaves_its_connection_to_be_used_again(server: Server, transport: HttpxTransport) -> None:
    connections = set()

    def answering(reply: Reply) -> Callable[[object], Reply]:
        def answer(_: object) -> Reply:
            connections.add(threading.current_thread())
            return reply

        return answer

    moved = replace(redirect("/b"), body=b"it has moved")
    server.add("/b", answering(Reply(b"here")))

    with Web(transport).open(Location(server.add("/a", answering(moved)))) as answer:
        assert b"".join(answer.chunks) == b"here"

    assert len(connections) == 1


def test_a_proxy_is_asked_for_the_whole_url(server: Server) -> None:
    server.add("http://origin.invalid/a", Reply(b"through"))
    environ = {"http_proxy": server.url("", userinfo="me:secret"), "NO_PROXY": "127.0.0.1"}

    with HttpxTransport(environ) as transport:
        assert _read(transport, "http://origin.invalid/a") == b"through"
        assert _read(transport, server.add("/direct", Reply(b"direct"))) == b"direct"
    assert server.requests[0].headers["proxy-authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:1", "nonsense://x", "http://p:port", "http://p:" + "9" * 20]
)
def test_an_unusable_proxy_is_a_sentence(proxy: str) -> None:
    with HttpxTransport({"ALL_PROXY": proxy}) as transport, pytest.raises(FetchError) as caught:
        _read(transport, "http://origin.invalid/a")

    assert "proxies" in caught.value.hint or "http" in caught.value.hint


def test_an_unreachable_proxy_is_named_instead_of_the_host() -> None:
    environ = {"ALL_PROXY": "http://me:secret@127.0.0.1:9"}
    with HttpxTransport(environ) as transport:
        for url in ("http://origin.invalid/a", "https://origin.invalid/a"):
            with pytest.raises(
                FetchError, match=r"no connection to its proxy http://127\.0\.0\.1:9"
            ) as caught:
                _read(transport, url)
            assert "secret" not in caught.value.message
            assert "proxies in the environment" in caught.value.hint


@pytest.mark.parametrize("value", ["secr\u00e9t", "secret\n", "secret\r\nHost: evil.test", "secret\0"])
def test_a_token_that_cannot_be_sent_is_not_shown(
    server: Server, transport: HttpxTransport, value: str
) -> None:
    request = Request(server.url("/a"), headers={"Authorization": f"Bearer {value}"})

    with (
        pytest.raises(FetchError, match="credentials for it hold characters") as caught,
        transport.send(request),
    ):
        pass
    assert "secr" not in repr(caught.value) + repr(caught.value.__cause__)
    assert not server.requests


@pytest.mark.parametrize("url", ["http:///x", "http://a:b/", "xyz://a/"])
def test_what_is_no_url_is_a_sentence(transport: HttpxTransport, url: str) -> None:
    with pytest.raises(FetchError, match="cannot fetch"):
        _read(transport, url)


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys, pkgs.artifact.clients\n"
        "heavy = ('httpx', 'ssl', 'truststore', 'packaging', 'configparser', 'subprocess')\n"
        "print([module for module in heavy if module in sys.modules])"
    )
    source = Path(__file__).parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert done.stdout == b"[]\n"


def test_offline_refuses_all_but_files(tmp_path: Path) -> None:
    from pkgs.artifact.model import Artifact
    from pkgs.progress import SilentTask

    (tmp_path / "source").write_bytes(b"x")
    offline = OfflineFetcher()

    assert (
        offline.fetch(Artifact(f"file:{tmp_path}/source"), LINUX, tmp_path / "file", SilentTask()).size == 1
    )
    for url in ("https://host.test/a", "npm:a@1", "pypi:a==1"):
        with pytest.raises(FetchError, match=f"{url} is needed, but pkgs is offline"):
            offline.fetch(Artifact(url), LINUX, tmp_path / "file", SilentTask())
    assert not offline.probe("http://host.test/").reachable


needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make certificates")


@needs_openssl
def test_an_untrusted_certificate_is_refused_with_a_hint(secure: Server) -> None:
    with (
        HttpxTransport({}) as transport,
        pytest.raises(FetchError, match=r"certificate of 127\.0\.0\.1 is not trusted") as caught,
    ):
        _read(transport, secure.url("/a"))

    assert "SSL_CERT_FILE" in caught.value.hint


@needs_openssl
def test_a_proxy_proves_itself_as_servers_do(secure: Server, certificate: tuple[str, str]) -> None:
    secure.add("http://origin.invalid/a", Reply(b"through"))
    environ = {"http_proxy": secure.url("")}

    with HttpxTransport(environ | {"SSL_CERT_FILE": certificate[0]}) as transport:
        assert _read(transport, "http://origin.invalid/a") == b"through"
    with HttpxTransport(environ) as transport, pytest.raises(FetchError, match="its proxy https://127"):
        _read(transport, "http://origin.invalid/a")


@needs_openssl
def test_certificates_come_from_the_environment_or_the_client(
    secure: Server, certificate: tuple[str, str]
) -> None:
    with HttpxTransport({"SSL_CERT_FILE": certificate[0]}) as transport:
        assert _read(transport, secure.url("/a")) == b"secure"
    with HttpxTransport({}) as transport:
        assert _read(transport, secure.url("/a"), Tls(cafile=certificate[0])) == b"secure"
        assert _read(transport, secure.url("/a"), Tls(cadata=Path(certificate[0]).read_text())) == b"secure"
        assert _read(transport, secure.url("/a"), Tls(verify=False)) == b"secure"


@needs_openssl
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system asks no file")
def test_without_configuration_the_systems_certificates_are_trusted(
    secure: Server, certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])  # where OpenSSL looks for those of the system

    with HttpxTransport({}) as transport:
        assert _read(transport, secure.url("/a")) == b"secure"


@needs_openssl
def test_what_one_request_trusts_or_shows_is_not_the_next_ones(
    secure: Server, certificate: tuple[str, str]
) -> None:
    shown = Tls(cafile=certificate[0], certificate=certificate[0], key=certificate[1])

    with HttpxTransport({}) as transport:
        for tls in (Tls(verify=False), shown, Tls(cafile=certificate[0])):
            assert _read(transport, secure.url("/a"), tls) == b"secure"
        with pytest.raises(FetchError, match="is not trusted"):
            _read(transport, secure.url("/a"))
    assert secure.peers == ["localhost"]


def test_the_systems_own_store_of_certificates_counts_on_every_system() -> None:
    assert isinstance(tls_context(Tls(), {}), truststore.SSLContext)


@needs_openssl
def test_nobody_is_asked_for_the_password_of_a_key(certificate: tuple[str, str], tmp_path: Path) -> None:
    locked = tmp_path / "locked.pem"
    words = ["openssl", "rsa", "-aes256", "-passout", "pass:x", "-in", certificate[1], "-out", str(locked)]
    subprocess.run(words, check=True, capture_output=True)
    program = (
        "import sys\nfrom pkgs.artifact.transport import *\nfrom pkgs.artifact.locations import Tls\n"
        "try:\n  with HttpxTransport({}).send(Request('https://a.invalid/', tls=Tls(certificate=sys.argv[1], "
        "key=sys.argv[2]))): pass\nexcept AttemptError as error: print(error.message)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, certificate[0], str(locked)],
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        try:
            assert child.stdout
            child.wait(60)
            assert b"its connection cannot be set up" in child.stdout.read()
        finally:
            child.kill()


@needs_openssl
def test_a_client_certificate_is_shown(secure: Server, certificate: tuple[str, str]) -> None:
    tls = Tls(cafile=certificate[0], certificate=certificate[0], key=certificate[1])

    with HttpxTransport({}) as transport:
        assert _read(transport, secure.url("/a"), tls) == b"secure"
    assert secure.peers == ["localhost"]


@needs_openssl
def test_a_client_certificate_is_shown_to_the_hosts_it_is_for(
    secure: Server, certificate: tuple[str, str], tmp_path: Path
) -> None:
    both = tmp_path / "me and my key.pem"
    both.write_text("".join(Path(part).read_text() for part in certificate))
    port = secure.url("").rpartition(":")[2].strip("/")

    def fetch(hosts: str) -> list[str]:
        environ = {"SSL_CERT_FILE": certificate[0], "PKGS_CLIENT_CERTS": hosts}
        before = len(secure.peers)
        with HttpxTransport(environ) as transport:
            HttpFetcher(transport, [CertificateClient(environ)]).text(secure.url("/a"))
        return list(secure.peers[before:])

    assert fetch(f"'127.0.0.1={both}'") == ["localhost"]
    assert fetch(f"example.invalid=/none '127.0.0.1:{port}={both}'") == ["localhost"]
    assert fetch(f"'localhost={both}' '127.0.0.1:1={both}'") == []


@pytest.mark.parametrize("text", ["me.pem", "host=", "=file", "'host=file"])
def test_a_client_certificate_for_nobody_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(PkgsError, match=r"PKGS_CLIENT_CERTS holds .* which names no host and file"):
        fetcher_of({"PKGS_CLIENT_CERTS": text}, tmp_path, tmp_path, tmp_path / "memo")


@needs_openssl
def test_a_missing_certificate_file_is_a_sentence(secure: Server) -> None:
    for tls, environ in ((Tls(cafile="/none.pem"), {}), (Tls(), {"SSL_CERT_FILE": "/none.pem"})):
        with HttpxTransport(environ) as transport, pytest.raises(FetchError, match="cannot be set up"):
            _read(transport, secure.url("/a"), tls)


@needs_openssl
def test_plain_http_on_a_secure_port_is_a_sentence(
    secure: Server, server: Server, transport: HttpxTransport
) -> None:
    with pytest.raises(FetchError, match="cannot fetch"):
        _read(transport, secure.url("/a").replace("https:", "http:"))
    with pytest.raises(FetchError, match="no secure connection"):
        _read(transport, server.url("/a").replace("http:", "https:"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Timeouts()),
        ("5", Timeouts(connect=5, stall=5)),
        ("0.5", Timeouts(0.5, 0.5)),
        ("1m30s", Timeouts(15, 90)),
        ("500ms", Timeouts(0.5, 0.5)),
        ("90", Timeouts(15, 90)),
    ],
)
def test_how_long_a_silent_server_is_waited_for_can_be_set(text: str, expected: Timeouts) -> None:
    assert Timeouts.of({"PKGS_HTTP_TIMEOUT": text}) == expected


@pytest.mark.parametrize("text", ["0", "-1", "5x", "nan", "1e9", "٣", "0s", "9" * 99])
def test_a_timeout_that_is_no_number_of_seconds_is_refused(text: str) -> None:
    with pytest.raises(PkgsError, match="no length of time"):
        Timeouts.of({"PKGS_HTTP_TIMEOUT": text})
