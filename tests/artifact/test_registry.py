"""The real registries, as this machine's own clients reach them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pkgs.artifact.fetch import HttpFetcher
from pkgs.artifact.locations import Client
from pkgs.artifact.memo import FileMemo
from pkgs.artifact.model import Artifact
from pkgs.artifact.npm import NpmClient
from pkgs.artifact.pypi import PypiClient
from pkgs.artifact.transport import HttpxTransport
from pkgs.artifact.web import Web
from pkgs.digests import Digest
from pkgs.platforms import Platform
from pkgs.progress import SilentTask
from tests.artifact.conftest import LINUX

pytestmark = pytest.mark.registry


def _fetch(source: str, into: Path, digest: str = "", platform: Platform = LINUX) -> tuple[str, int]:
    home, memo = into.parent, FileMemo(into.parent / "memo")
    with HttpxTransport(os.environ) as transport:
        web = Web(transport)
        clients: list[Client] = [
            NpmClient(web, os.environ, home, memo),
            PypiClient(web, os.environ, home, memo),
        ]
        artifact = Artifact(source, Digest.parse(digest) if digest else None)
        received = HttpFetcher(transport, clients).fetch(artifact, platform, into, SilentTask())
    return received.url, received.size


def test_dagu_comes_from_npm(tmp_path: Path) -> None:
    digest = "89333231d9c2925b18b13f82f41251df3a33582ad5a2583059f02ffbdf1b52f0"
    source = "npm:@dagu-org/dagu-linux-x64@1.30.2"

    assert _fetch(source, tmp_path / "file", digest)[0] == source
    assert (tmp_path / "file").read_bytes()[:2] == b"\x1f\x8b"


@pytest.mark.parametrize("platform", ["linux-amd64", "darwin-arm64"])
def test_just_comes_as_a_wheel(tmp_path: Path, platform: str) -> None:
    source = "pypi:rust-just==1.59.0"

    url, size = _fetch(source, tmp_path / "file", platform=Platform.parse(platform))

    assert url == source
    assert size > 500_000
    assert (tmp_path / "file").read_bytes()[:2] == b"PK"
