"""What the tests of this room share: a server, a transport that closes, and a clockless patience."""

from __future__ import annotations

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
from tests.support.server import Server, serving

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
