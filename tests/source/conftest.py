"""What opening sources takes, in a state directory of the test's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pkgs.artifact.fetch import HttpFetcher
from pkgs.artifact.oci import OciClient
from pkgs.artifact.offline import OfflineFetcher
from pkgs.artifact.transport import HttpxTransport
from pkgs.artifact.web import Web
from pkgs.source.access import Access
from pkgs.state import State
from tests.support.reporters import Heard

Opened = Callable[..., Access]


@pytest.fixture
def heard() -> Heard:
    """Return a reporter that keeps what it is told."""
    return Heard()


@pytest.fixture
def access(tmp_path: Path, heard: Heard) -> Iterator[Opened]:
    """Yield a function that makes an access, with the state directory below ``tmp_path``."""

    def make(*, offline: bool = False, commits: Mapping[str, str] | None = None, **environ: str) -> Access:
        return Access(
            state=State(tmp_path / "state"),
            environ={**os.environ, **environ},
            reporter=heard,
            fetcher=lambda: (
                OfflineFetcher()
                if offline
                else HttpFetcher(transport, (OciClient(Web(transport), {}, tmp_path),))
            ),
            root=tmp_path / "project",
            commits=commits or {},
            offline=offline,
        )

    with HttpxTransport({}) as transport:
        yield make
