"""Sources on this machine are fetched from where they are, and recorded as they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgs.artifact.clients import fetcher_of
from pkgs.artifact.model import Artifact
from pkgs.artifact.placed import PlacedFetcher
from pkgs.digests import digest_bytes
from pkgs.platforms import PLATFORMS
from pkgs.progress import SilentReporter


@pytest.mark.parametrize("source", ["${env}/tool.tgz", "file:${env}/tool.tgz", "file://${env}/tool.tgz"])
def test_a_source_in_the_environment_is_found_and_keeps_its_name(tmp_path: Path, source: str) -> None:
    root = tmp_path / "50% off, a#b"
    root.mkdir()
    (root / "tool.tgz").write_bytes(b"tool")
    plain = fetcher_of({}, tmp_path, tmp_path, tmp_path / "memo", private=(), offline=True, warn=print)
    fetcher = PlacedFetcher(plain, {"${env}": str(root)})

    with SilentReporter().task("tool") as task:
        received = fetcher.fetch(Artifact(source), PLATFORMS[0], tmp_path / "into", task)

    assert (received.digest, received.url) == (digest_bytes(b"tool"), source)
    assert fetcher.probe(source).size == 4
