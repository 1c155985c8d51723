"""7z archives, which 7-Zip itself lists and prints."""

from __future__ import annotations

import os
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from pkgs.errors import ArchiveError
from pkgs.store.unpack import Limits, unpack
from pkgs.store.unpack.stream import CHUNK
from tests.support.listing import listing
from tests.support.samples import SCRIPT, needs, peak, source_tree, write


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    path = tmp_path / "dest"
    path.mkdir()
    return path


@needs("7z")
@pytest.mark.parametrize("options", [[], ["-ms=off"], ["-m0=Copy"]])
def test_7z_archives(tmp_path: Path, dest: Path, options: list[str]) -> None:
    root = source_tree(tmp_path / "root")
    archive = tmp_path / "t.7z"
    subprocess.run(
        ["7z", "a", "-snl", *options, str(archive), "usr"], cwd=root, check=True, capture_output=True
    )
    unpack(archive, dest, strip=1, name="t.7z")

    ours, theirs = (listing(tree, directory_times=False) for tree in (dest, root / "usr"))
    assert {name: entry[3] for name, entry in ours.items()} == {n: entry[3] for n, entry in theirs.items()}
    assert ours["bin/tool"] == theirs["bin/tool"]
    assert ours["alias"][0] == "link"


@needs("7z")
def test_an_encrypted_7z_is_refused(tmp_path: Path, dest: Path) -> None:
    write(tmp_path / "secret", b"x")
    archive = tmp_path / "t.7z"
    subprocess.run(
        ["7z", "a", "-psecret", str(archive), str(tmp_path / "secret")], check=True, capture_output=True
    )
    with pytest.raises(ArchiveError, match="'secret' is encrypted"):
        unpack(archive, dest, name="t.7z")


@needs("7z")
def test_a_7z_whose_listing_is_encrypted_is_refused(tmp_path: Path, dest: Path) -> None:
    write(tmp_path / "secret", b"x")
    with pytest.raises(ArchiveError, match="Wrong password"):
        unpack(seven_zip(tmp_path, "secret", "-psecret", "-mhe=on"), dest, name="t.7z")


def seven_zip(root: Path, member: str, *options: str, given: bytes | None = None) -> Path:
    """Pack what is in ``root``, or ``given`` under the name of ``member``."""
    words = [f"-si{member}"] if given is not None else [member]
    command = ["7z", "a", "-bd", *options, "t.7z", *words]
    subprocess.run(command, cwd=root, input=given, check=True, capture_output=True)
    return root / "t.7z"


def without_modes(archive: Path) -> Path:
    """Take the Unix modes out of a 7z with a plain header, as if it were made on Windows."""
    data = bytearray(archive.read_bytes())
    offset, size = struct.unpack_from("<2Q", data, 12)
    header = bytes(data[32 + offset : 32 + offset + size]).replace(b"\x20\x80\xa4\x81", b"\x20\0\0\0")
    data[32 + offset : 32 + offset + size] = header
    struct.pack_into("<L", data, 28, zlib.crc32(header))
    struct.pack_into("<L", data, 8, zlib.crc32(data[12:32]))
    return write(archive, bytes(data))


@needs("7z")
@pytest.mark.parametrize("before", range(7))
def test_a_program_in_a_7z_without_modes_is_executable_wherever_it_begins(
    tmp_path: Path, dest: Path, before: int
) -> None:
    write(tmp_path / "a", bytes(CHUNK - before)).chmod(0o644)
    seven_zip(tmp_path, "a", "-mx=0", "-mhc=off")
    write(tmp_path / "b", b"\x7fELF\2\1\1" + bytes(100)).chmod(0o644)
    unpack(without_modes(seven_zip(tmp_path, "b", "-mx=0", "-mhc=off")), dest, name="t.7z")

    assert [(dest / name).stat().st_mode & 0o777 for name in "ab"] == [0o644, 0o755]


@needs("7z")
def test_what_7zip_read_from_its_input_is_a_file(tmp_path: Path, dest: Path) -> None:
    """It notes a pipe as a pipe, and unpacks it as the file that was meant."""
    unpack(seven_zip(tmp_path, "tool", given=SCRIPT), dest, name="t.7z")

    assert (dest / "tool").read_bytes() == SCRIPT
    assert (dest / "tool").stat().st_mode & 0o777 == 0o755


@needs("7z")
def test_times_in_a_7z_are_exact_to_100_nanoseconds(tmp_path: Path, dest: Path) -> None:
    os.utime(write(tmp_path / "a", b"x"), ns=(0, 1_234_567_890_123_456_700))
    unpack(seven_zip(tmp_path, "a"), dest, name="t.7z")

    assert (dest / "a").stat().st_mtime_ns == 1_234_567_890_123_456_700


@needs("7z")
def test_what_strip_takes_of_a_7z_counts(tmp_path: Path, dest: Path) -> None:
    archive = seven_zip(tmp_path, "zeros", given=bytes(20_000_000))
    with pytest.raises(ArchiveError, match="250 times its own size"):
        unpack(archive, dest, strip=1, name="t.7z", limits=Limits(ratio_floor=1_000_000))


@needs("7z")
def test_the_listing_of_a_7z_is_not_kept(tmp_path: Path, dest: Path) -> None:
    (tmp_path / "d").mkdir()
    for number in range(4_000):
        (tmp_path / "d" / f"{number:0250}").touch()
    archive = seven_zip(tmp_path, "d")

    def refused() -> None:
        with pytest.raises(ArchiveError, match="more than 3,000 members"):
            unpack(archive, dest, strip=2, name="t.7z", limits=Limits(members=3_000))

    assert peak(refused) < 2_500_000


def test_without_7zip_a_7z_says_what_to_install(tmp_path: Path, dest: Path) -> None:
    archive = write(tmp_path / "t.7z", b"7z\xbc\xaf\x27\x1c" + b"\0" * 600)
    with pytest.raises(ArchiveError, match="needs 7zz or 7z") as refusal:
        unpack(archive, dest, name="t.7z", environ={"PATH": str(tmp_path)})
    assert "install 7-Zip" in refusal.value.hint
