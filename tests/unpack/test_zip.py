"""Zips: as unzip unpacks the honest ones; the others are refused."""

from __future__ import annotations

import os
import random
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgs.errors import ArchiveError
from pkgs.store.unpack import Limits, unpack
from tests.support.archives import ZipEntry, make_zip, zip_of
from tests.support.listing import listing
from tests.support.samples import peak

Unpack = Callable[..., Path]


@pytest.fixture
def unpack_zip(tmp_path: Path) -> Unpack:
    def run(data: bytes, strip: int = 0, limits: Limits | None = None) -> Path:
        archive, dest = tmp_path / "archive", tmp_path / "outer" / "dest"
        dest.mkdir(parents=True)
        archive.write_bytes(data)
        try:
            unpack(archive, dest, strip=strip, name="tool.zip", limits=limits)
        finally:
            assert list(dest.parent.iterdir()) == [dest]
        return dest

    return run


def _tree(root: Path) -> Path:
    (root / "bin").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / "bin" / "tool").write_bytes(b"#!/bin/sh\n")
    (root / "bin" / "tool").chmod(0o755)
    (root / "bin" / "alias").symlink_to("tool")
    (root / "öäü").write_bytes(b"")
    (root / "large").write_bytes(random.Random(1).randbytes(5_000_000) + b"\0" * 5_000_000)
    (root / "large").chmod(0o600)
    return root


@pytest.mark.parametrize("options", [["-0"], ["-9"], ["-Z", "bzip2"], ["-fz"], ["-X"], ["-D"]])
def test_what_unzip_unpacks_is_unpacked_alike(tmp_path: Path, options: list[str]) -> None:
    source = _tree(tmp_path / "source")
    archive = tmp_path / "a.zip"
    subprocess.run(["zip", "-q", "-r", "-y", *options, str(archive), "."], cwd=source, check=True)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    subprocess.run(
        ["unzip", "-q", str(archive), "-d", str(theirs)], check=True, env=os.environ | {"TZ": "UTC"}
    )
    unpack(archive, ours, strip=0, name="a.zip")

    links = {"bin/alias"}  # unzip does not keep the times of links
    mine, other = (listing(tree, directory_times="-D" not in options) for tree in (ours, theirs))
    assert {k: v for k, v in mine.items() if k not in links} == {
        k: v for k, v in other.items() if k not in links
    }
    assert mine["bin/alias"][3] == other["bin/alias"][3]


def test_zip64_made_from_a_pipe(tmp_path: Path) -> None:
    source = _tree(tmp_path / "source")
    with (tmp_path / "a.zip").open("wb") as out:
        subprocess.run(["zip", "-q", "-", "-r", "."], cwd=source, stdout=out, check=True)
    (tmp_path / "ours").mkdir()
    unpack(tmp_path / "a.zip", tmp_path / "ours", strip=0, name="a.zip")

    assert (tmp_path / "ours/large").read_bytes() == (source / "large").read_bytes()


def test_zip64_with_more_members_than_the_small_directory_counts(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(66_000):
            archive.writestr(f"{number}", b"")
        archive.writestr("top/last", b"")
    (tmp_path / "ours").mkdir()
    unpack(tmp_path / "a.zip", tmp_path / "ours", strip=1, name="a.zip")

    assert [path.name for path in (tmp_path / "ours").iterdir()] == ["last"]


HELLO = b"hello" * 100
ONE = ZipEntry("one", HELLO)


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


# The flags in the member's own header; the packed size in its central record, which follows its data.
ENCRYPTED_HERE_ONLY = patched(zip_of(ONE), 6, b"\1\0")
INTO_THE_DIRECTORY = patched(
    zip_of(ZipEntry("one", HELLO + b"PK\1\2", method=0, packed=HELLO)),
    30 + len("one") + len(HELLO) + 20,
    struct.pack("<L", len(HELLO) + 4),
)
HOSTILE = [
    (zip_of(ZipEntry("../evil", HELLO)), r"'../evil' has '..'"),
    (zip_of(ZipEntry("..\\evil", HELLO, system=0)), r"has '..'"),
    (zip_of(ZipEntry("/evil", HELLO)), "absolute"),
    (zip_of(ZipEntry("a\0b", HELLO)), "no usable name"),
    (zip_of(ZipEntry("up", b"..", mode=0o120777)), "'up' leads out"),
    (zip_of(ZipEntry("up", b"x" * 9999, mode=0o120777)), "no usable target"),
    (zip_of(ZipEntry("null", b"", mode=0o020644)), "'null' is a device"),
    (zip_of(ONE, ONE), "'one' is there twice"),
    (zip_of(ZipEntry("one", HELLO, flags=1)), "'one' is encrypted"),
    (ENCRYPTED_HERE_ONLY, "'one' is encrypted"),
    (INTO_THE_DIRECTORY, "'one' reaches into the directory"),
    (zip_of(ZipEntry("one", HELLO, method=9)), "method 9"),
    (zip_of(ZipEntry("one", HELLO, size=10)), "longer than it says"),
    (zip_of(ZipEntry("one", HELLO, size=9999)), "shorter than it says"),
    (zip_of(ZipEntry("one", HELLO, method=0, size=9)), "two sizes differ"),
    (zip_of(ZipEntry("one", HELLO, crc=1)), "CRC"),
    (zip_of(ZipEntry("one", HELLO, packed=b"\xff" * 20)), "'one'.*damaged"),
    (zip_of(ZipEntry("one", HELLO, packed=b"")), "'one'.*truncated"),
    (zip_of(ZipEntry("one", HELLO, local_name="two")), "another name in its own header"),
    (zip_of(ONE, ZipEntry("two", HELLO), overlap=True), "overlaps"),
    (zip_of(ONE)[:-30], "truncated"),
    (zip_of(ONE)[:40], "truncated"),
    (zip_of(), "it is empty"),
]


@pytest.mark.parametrize(("data", "message"), HOSTILE, ids=range(len(HOSTILE)))
def test_it_is_refused_in_a_sentence(unpack_zip: Unpack, data: bytes, message: str) -> None:
    with pytest.raises(ArchiveError, match=r"^cannot unpack tool\.zip: .*" + message):
        unpack_zip(data)


def test_members_that_overlap_in_part_are_refused(unpack_zip: Unpack) -> None:
    inner = zip_of(ZipEntry("two", HELLO, method=0))
    outer = zip_of(ZipEntry("one", inner, method=0))
    end = struct.unpack("<L", outer[-6:-2])[0]
    record = inner[struct.unpack("<L", inner[-6:-2])[0] : -22]
    record = record[:42] + struct.pack("<L", 33) + record[46:]
    directory = outer[end:-22] + record
    data = outer[:end] + directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, len(directory), end, 0)
    with pytest.raises(ArchiveError, match="overlaps"):
        unpack_zip(data)


def test_what_zip_read_from_its_input_is_a_file(tmp_path: Path) -> None:
    """Such an archive calls its member a pipe, and has both directories of zip64 without need."""
    archive = tmp_path / "a.zip"
    with (tmp_path / "source").open("wb+") as source:
        source.write(HELLO)
        source.seek(0)
        subprocess.run(["zip", "-q", str(archive), "-"], stdin=source, check=True)
    (tmp_path / "ours").mkdir()
    unpack(archive, tmp_path / "ours", name="a.zip")

    assert (tmp_path / "ours" / "-").read_bytes() == HELLO


def test_a_comment_and_what_follows_the_end_do_no_harm(unpack_zip: Unpack) -> None:
    assert (unpack_zip(zip_of(ONE, comment=b"PK\5\6 nonsense") + b"garbage") / "one").read_bytes() == HELLO


def test_without_modes_programs_and_scripts_are_executable(unpack_zip: Unpack) -> None:
    dest = unpack_zip(
        zip_of(
            ZipEntry("tool", b"\x7fELF...", mode=0, system=0),
            ZipEntry("script", b"#!/bin/sh\n", mode=0, system=0),
            ZipEntry("dir\\text", b"hello", mode=0, system=0),
        )
    )

    assert [(dest / n).stat().st_mode & 0o777 for n in ("tool", "script", "dir/text")] == [
        0o755,
        0o755,
        0o644,
    ]


def test_a_wheels_scripts_are_executable(unpack_zip: Unpack) -> None:
    dest = unpack_zip(
        zip_of(
            ZipEntry("t-1.data/scripts/tool", b"\0", mode=0o100644),
            ZipEntry("t-1.dist-info/WHEEL", b"Wheel-Version: 1.0\n", mode=0o100644),
        )
    )

    assert (dest / "t-1.data/scripts/tool").stat().st_mode & 0o777 == 0o755
    assert (dest / "t-1.dist-info/WHEEL").stat().st_mode & 0o777 == 0o644


def test_a_jar_is_kept_as_it_is(tmp_path: Path) -> None:
    jar = make_zip(tmp_path / "tool.jar", {"META-INF/MANIFEST.MF": b"Main-Class: x\n", "x.class": b"\0"})
    (tmp_path / "dest").mkdir()
    unpack(jar, tmp_path / "dest", strip=0, name="tool.jar")

    assert (tmp_path / "dest" / "tool.jar").read_bytes() == jar.read_bytes()


def test_a_bomb_of_one_to_a_thousand_is_noticed_while_it_unpacks(unpack_zip: Unpack) -> None:
    data = zip_of(ZipEntry("zeros", b"\0" * 20_000_000))
    with pytest.raises(ArchiveError, match="times its own size"):
        unpack_zip(data, limits=Limits(ratio_floor=1_000_000))


def end64(count: int, size: int, offset: int) -> bytes:
    """The end of a large zip: its record, the locator of that, and the small record that leaves all to it."""
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1)
    rest = (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return record + locator + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *rest)


def _directory(data: bytes) -> tuple[int, int]:
    """The size of a small zip's directory, and where it begins."""
    size, offset = struct.unpack("<2L", data[-10:-2])
    return size, offset


@pytest.mark.parametrize("offset", [1 << 62, 1 << 63, (1 << 64) - 1])
def test_a_member_beyond_what_a_file_can_hold_is_refused(unpack_zip: Unpack, offset: int) -> None:
    one = zip_of(ZipEntry("one", HELLO, extra=struct.pack("<2HQ", 1, 8, offset)))
    _, start = _directory(one)
    with pytest.raises(ArchiveError, match="'one' is not where the directory says"):
        unpack_zip(patched(one, start + 42, b"\xff" * 4))


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (10_000_000, r"it has more than 1,000,000 members$"),
        (1_000_001, r"it has more than 1,000,000 members$"),
        (1_000_000, r"its directory ends too early"),
        (1 << 63, r"it has more than 1,000,000 members$"),
    ],
)
def test_a_count_beyond_the_limit_is_refused_before_any_member_is_looked_at(
    unpack_zip: Unpack, count: int, message: str
) -> None:
    with pytest.raises(ArchiveError, match=message):
        unpack_zip(zip_of(ONE)[:-22] + end64(count, *_directory(zip_of(ONE))))


def test_the_small_directorys_count_is_held_to_the_limit_too(unpack_zip: Unpack) -> None:
    data = patched(zip_of(ONE), len(zip_of(ONE)) - 12, struct.pack("<H", 60_000))
    with pytest.raises(ArchiveError, match="more than 50,000 members"):
        unpack_zip(data, limits=Limits(members=50_000))


def test_names_that_take_too_much_memory_are_refused(unpack_zip: Unpack) -> None:
    with pytest.raises(ArchiveError, match="its names take more than 5,000 bytes"):
        unpack_zip(zip_of(*[ZipEntry(f"{n:0200}") for n in range(30)]), limits=Limits(names=5_000))


def test_a_directory_that_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    one, size = zip_of(ONE), (256 << 20) + 1
    _, offset = _directory(one)
    with (tmp_path / "a.zip").open("wb") as file:
        file.write(one[:-22])
        file.seek(offset + size)  # a hole
        file.write(end64(1, size, offset))
    with pytest.raises(ArchiveError, match="its directory takes more than 268,435,456 bytes"):
        unpack(tmp_path / "a.zip", tmp_path, name="a.zip")


def test_no_more_of_a_directory_is_read_than_its_count_says(tmp_path: Path) -> None:
    """Room for five million records, of which the end owns up to one: the rest is never in memory."""
    one, size = zip_of(ONE), 46 * 5_000_000
    _, offset = _directory(one)
    with (tmp_path / "a.zip").open("wb") as file:
        file.write(one[:-22])
        file.seek(offset + size)  # a hole
        file.write(end64(1, size, offset))
    (tmp_path / "ours").mkdir()

    def refused() -> None:
        with pytest.raises(ArchiveError, match="holds something that is no member"):
            unpack(tmp_path / "a.zip", tmp_path / "ours", name="a.zip")

    assert peak(refused) < 10 << 20


def test_a_directory_longer_than_is_read_at_once_is_whole(unpack_zip: Unpack) -> None:
    names = [f"{number:02}" for number in range(40)]
    extra = struct.pack("<2H", 0xCAFE, 60_000) + bytes(60_000)
    dest = unpack_zip(zip_of(*(ZipEntry(name, extra=extra) for name in names)))

    assert sorted(path.name for path in dest.iterdir()) == names
