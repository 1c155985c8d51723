"""Snapshots as manifest sources: archives from disk and from a server."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pkgs.errors import ArchiveError, FetchError, SourceError
from pkgs.source.sources import open_source
from tests.source.conftest import Opened
from tests.support.archives import make_tar_gz
from tests.support.repositories import small_manifest
from tests.support.server import Reply, serving


def _snapshot(path: Path, version: str, top: str = "") -> str:
    """Write a snapshot; return its revision."""
    make_tar_gz(
        path,
        {f"{top}a.hcl": small_manifest("a", version).encode(), f"{top}files/b": version.encode()},
    )
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.mark.parametrize("top", ["", "tools-1234/"])
def test_a_snapshot_is_read_from_its_top_or_the_only_directory_there(
    tmp_path: Path, access: Opened, top: str
) -> None:
    revision = _snapshot(tmp_path / "m.tar.gz", "1.0", top)
    source = open_source(f"file://{tmp_path}/m.tar.gz", access(offline=True))

    file = source.read("a")

    assert file
    assert "1.0" in file.text
    assert source.names() == ["a"]
    assert source.file("files/b") == b"1.0"
    assert source.commit == revision


def test_a_snapshot_from_a_server_is_pinned_by_its_digest(tmp_path: Path, access: Opened) -> None:
    old, new = _snapshot(tmp_path / "1", "1.0"), _snapshot(tmp_path / "2", "2.0")
    with serving() as server:
        uri = server.add("/m.tar.gz", Reply((tmp_path / "1").read_bytes()))
        assert open_source(uri, access(commits={uri: old})).read("a")
        server.add("/m.tar.gz", Reply((tmp_path / "2").read_bytes()))
        held = open_source(uri, access(commits={uri: old}))
        assert "1.0" in str(held.read("a"))

        refreshed = held.refresh()

        assert (refreshed.before, refreshed.after) == (old, new)
        assert "2.0" in str(held.read("a"))
        other = open_source(uri, access(commits={uri: "sha256:" + "0" * 64}))
        with pytest.raises(SourceError, match="has changed since the lock") as caught:
            other.read("a")
        assert "pkgs update" in caught.value.hint
        assert open_source(uri, access()).commit == new
    assert not open_source(uri, access(commits={uri: old})).refresh().changed


def test_refreshing_what_has_not_changed_changes_nothing(tmp_path: Path, access: Opened) -> None:
    _snapshot(tmp_path / "m.tar.gz", "1.0")
    source = open_source(f"file://{tmp_path}/m.tar.gz", access())
    source.read("a")
    before = sorted(path.name for path in source.directory.parent.iterdir())

    assert not source.refresh().changed
    assert sorted(path.name for path in source.directory.parent.iterdir()) == before


@pytest.mark.parametrize("data", [b"", b"\x1f\x8b nonsense"])
def test_a_damaged_snapshot_is_an_error_and_leaves_nothing(
    tmp_path: Path, access: Opened, data: bytes
) -> None:
    (tmp_path / "m.tar.gz").write_bytes(data)
    source = open_source(f"file://{tmp_path}/m.tar.gz", access())

    with pytest.raises((ArchiveError, SourceError)):
        source.names()

    assert list((tmp_path / "state/sources").glob("*/*")) == []


def test_a_missing_snapshot_is_an_error(tmp_path: Path, access: Opened) -> None:
    with pytest.raises(FetchError, match="no file"):
        open_source(f"file://{tmp_path}/m.tar.gz", access()).names()


def test_a_snapshot_cannot_write_outside_of_its_place(tmp_path: Path, access: Opened) -> None:
    make_tar_gz(tmp_path / "m.tar.gz", {"../../../evil.hcl": b"x"})

    with pytest.raises(ArchiveError):
        open_source(f"file://{tmp_path}/m.tar.gz", access()).names()

    assert list(tmp_path.rglob("evil.hcl")) == []


def test_a_download_that_fails_leaves_no_part_of_it(tmp_path: Path, access: Opened) -> None:
    """Nobody would go on with it, and where the disk was full it would stay so."""
    _snapshot(tmp_path / "m.tar.gz", "1.0")
    with serving() as server:
        uri = server.add(
            "/m.tar.gz",
            Reply((tmp_path / "m.tar.gz").read_bytes(), etag='"1"', truncate_after=20),
            Reply(status=404),
        )
        with pytest.raises(FetchError):
            open_source(uri, access()).read("a")

    assert [path for path in (tmp_path / "state/sources").rglob("*") if path.is_file()] == []
