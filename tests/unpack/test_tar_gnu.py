"""Honest tars: what GNU tar makes of them is what pkgs makes of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pkgs.store.unpack import unpack
from tests.support.archives import tar_entry, tar_of, with_field
from tests.support.listing import listing


def _tree(root: Path) -> Path:
    """Make a tree with all that packages hold."""
    (root / "bin").mkdir(parents=True)
    (root / "share" / ("long-" * 40)).mkdir(parents=True)
    (root / "empty").mkdir()
    (root / "bin" / "tool").write_bytes(b"#!/bin/sh\necho hello\n")
    (root / "bin" / "tool").chmod(0o755)
    (root / "bin" / "readonly").write_bytes(b"x")
    (root / "bin" / "readonly").chmod(0o444)
    (root / "bin" / "private").write_bytes(b"y")
    (root / "bin" / "private").chmod(0o700)
    (root / "bin" / "nothing").write_bytes(b"")
    (root / "bin" / "alias").symlink_to("tool")
    (root / "up").symlink_to("bin/../share")
    os.link(root / "bin" / "tool", root / "share" / "same")
    (root / "share" / ("long-" * 40) / ("ö" * 100)).write_bytes(os.urandom(3_000_000))
    (root / "share" / "blank name ").write_bytes(b"z" * 511)
    with (root / "share" / "holes").open("wb") as file:
        for place in (1 << 20, 3 << 20, 7 << 20):
            file.seek(place)
            file.write(b"data")
        file.truncate(9 << 20)
    os.utime(root / "bin" / "tool", (1_500_000_000.25, 1_500_000_000.25))
    os.utime(root / "share", (1_400_000_000, 1_400_000_000))
    return root


def _tar(source: Path, archive: Path, *options: str) -> Path:
    subprocess.run(["tar", "-C", str(source), *options, "-cf", str(archive), "."], check=True)
    return archive


@pytest.mark.parametrize("compression", ["", "--gzip", "--bzip2", "--xz", "--zstd"])
@pytest.mark.parametrize("layout", ["--format=gnu", "--format=pax", "--format=ustar"])
def test_what_gnu_tar_unpacks_is_unpacked_alike(tmp_path: Path, compression: str, layout: str) -> None:
    source = _tree(tmp_path / "source")
    if "ustar" in layout:
        (source / "share" / ("long-" * 40)).rename(source / "share" / "short")
        (source / "share" / "short" / ("ö" * 100)).rename(source / "share" / "short" / "o")
    options = [layout, *([compression] if compression else [])]
    archive = _tar(source, tmp_path / "archive", *options)
    _compare(archive, tmp_path)


@pytest.mark.parametrize(
    "options",
    [
        ["--format=gnu", "--sparse"],
        ["--format=pax", "--sparse", "--sparse-version=0.0"],
        ["--format=pax", "--sparse", "--sparse-version=0.1"],
        ["--format=pax", "--sparse", "--sparse-version=1.0"],
    ],
)
def test_sparse_files_come_out_whole(tmp_path: Path, options: list[str]) -> None:
    archive = _tar(_tree(tmp_path / "source"), tmp_path / "archive", *options)
    assert archive.stat().st_size < 5 << 20

    _compare(archive, tmp_path)


def test_hard_links_share_an_inode(tmp_path: Path) -> None:
    archive = _tar(_tree(tmp_path / "source"), tmp_path / "archive")
    ours = tmp_path / "ours"
    ours.mkdir()
    unpack(archive, ours, strip=1, name="a.tar")

    assert (ours / "bin" / "tool").stat().st_ino == (ours / "share" / "same").stat().st_ino


def test_an_appended_member_replaces_the_former(tmp_path: Path) -> None:
    source = _tree(tmp_path / "source")
    archive = _tar(source, tmp_path / "archive")
    (source / "bin" / "nothing").write_bytes(b"now something")
    subprocess.run(["tar", "-C", str(source), "-rf", str(archive), "./bin/nothing"], check=True)

    _compare(archive, tmp_path, directory_times=False)


@pytest.mark.parametrize(
    ("at", "field"),
    [(100, b"0750\0xyz"), (124, b"7\0\0xyz\0\0wvu"), (136, b"7654321\0xyz1"), (100, b" 0750\0 ")],
    ids=["mode", "size", "time", "blanks"],
)
def test_what_follows_the_nul_of_a_number_is_not_read(tmp_path: Path, at: int, field: bytes) -> None:
    """Old makers wrote their numbers over whatever was there."""
    archive = tmp_path / "archive"
    archive.write_bytes(tar_of(with_field(tar_entry("a", b"content"), at, field)))

    _compare(archive, tmp_path)


def test_nor_is_what_follows_the_nul_of_a_checksum(tmp_path: Path) -> None:
    entry = bytearray(tar_entry("a", b"content"))
    entry[154:156] = b"\0x"
    (tmp_path / "archive").write_bytes(tar_of(bytes(entry)))

    _compare(tmp_path / "archive", tmp_path)


def _compare(archive: Path, tmp_path: Path, *, directory_times: bool = True) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    subprocess.run(["tar", "--no-same-owner", "-p", "-C", str(theirs), "-xf", str(archive)], check=True)
    unpack(archive, ours, strip=0, name="archive.tar")

    assert listing(ours, directory_times=directory_times) == listing(theirs, directory_times=directory_times)
