"""What the tests of this room share: a server, a transport that closes, and a clockless patience."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pkgs.artifact.fetch import HttpFetcher, Received
from pkgs.artifact.locations import Client
from pkgs.artifact.model import Artifact
from pkgs.artifact.patience import Patience
from pkgs.artifact.transport import HttpxTransport
from pkgs.platforms import Platform
from pkgs.progress import SilentTask
from tests.support.server import Reply, Server, serving

LINUX = Platform("linux", "amd64")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def transport() -> Iterator[HttpxTransport]:
    with HttpxTransport({}) as opened:
        yield opened


@pytest.fixture
def pauses() -> list[float]:
    """The pauses that were made, in seconds; none is really waited for."""
    return []


@pytest.fixture
def fetcher(transport: HttpxTransport, pauses: list[float]) -> HttpFetcher:
    return HttpFetcher(transport, patience=Patience(sleep=pauses.append, random=lambda: 1.0))


@pytest.fixture
def fetching(transport: HttpxTransport, pauses: list[float]) -> Callable[[Sequence[Client]], HttpFetcher]:
    """Make a fetcher with these clients."""
    patience = Patience(sleep=pauses.append, random=lambda: 1.0)
    return lambda clients: HttpFetcher(transport, clients, patience)


@pytest.fixture
def get(fetcher: HttpFetcher, tmp_path: Path) -> Callable[[Artifact], Received]:
    """Fetch an artifact into ``tmp_path / "file"``."""
    return lambda artifact: fetcher.fetch(artifact, LINUX, tmp_path / "file", SilentTask())


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate for localhost that signs itself, and its key."""
    where = tmp_path_factory.mktemp("tls")
    certificate, key = str(where / "cert.pem"), str(where / "key.pem")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


@pytest.fixture
def secure(certificate: tuple[str, str]) -> Iterator[Server]:
    """A server with that certificate, which lets in clients with the same one or none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.load_verify_locations(certificate[0])
    context.verify_mode = ssl.CERT_OPTIONAL
    with serving(context) as running:
        running.add("/a", Reply(b"secure"))
        yield running
