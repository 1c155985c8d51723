"""Every other kind that packages are published as, made by the real tools."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import random
import resource
import shutil
import struct
import subprocess
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
import zstandard

from pkgs.errors import ArchiveError, StoreError
from pkgs.store.unpack import Limits, unpack, unpack_stream
from pkgs.store.unpack.compression import codec
from pkgs.store.unpack.stream import CHUNK
from tests.support.archives import (
    ar_of,
    cpio_of,
    make_tar_gz,
    make_zip,
    rpm_header,
    rpm_of,
    tar_entry,
    tar_of,
)
from tests.support.listing import listing
from tests.support.mounts import memory
from tests.support.mutations import SEEDS

SCRIPT = b"#!/bin/sh\necho hello\n"
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    path = tmp_path / "dest"
    path.mkdir()
    return path


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed")


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def source_tree(root: Path) -> Path:
    (root / "usr" / "bin").mkdir(parents=True)
    write(root / "usr" / "bin" / "tool", SCRIPT).chmod(0o755)
    write(root / "usr" / "bin" / "data", random.Random(1).randbytes(300_000)).chmod(0o640)
    write(root / "usr" / "empty", b"")
    (root / "usr" / "alias").symlink_to("bin/tool")
    os.link(root / "usr" / "bin" / "tool", root / "usr" / "bin" / "zz-same")
    return root


@pytest.mark.parametrize(
    "head", [SCRIPT, b"\x7fELF\2\1\1", b"\xcf\xfa\xed\xfe....", b"\xca\xfe\xba\xbe\0\0\0\2..."]
)
@pytest.mark.parametrize("suffix", ["", "gz", "bz2", "xz", "zst"])
def test_a_program_is_stored_executable_under_its_name(
    tmp_path: Path, dest: Path, head: bytes, suffix: str
) -> None:
    content = head + b"x" * 1000
    data = COMPRESSORS[suffix](content) if suffix else content
    name = f"tool-1.0.{suffix}" if suffix else "tool-1.0"
    unpack(write(tmp_path / "download", data), dest, strip=1, name=name)

    assert (dest / "tool-1.0").read_bytes() == content
    assert (dest / "tool-1.0").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    "data", [b"hello", b"", b"\xca\xfe\xba\xbe\0\0\0\x34class", gzip.compress(b"hello", mtime=0)]
)
def test_what_is_neither_archive_nor_program_is_refused(tmp_path: Path, dest: Path, data: bytes) -> None:
    with pytest.raises(ArchiveError, match="not an archive, a program or a script") as refusal:
        unpack(write(tmp_path / "download", data), dest, name="thing")
    assert "dont-extract" in refusal.value.hint


def test_dont_extract_keeps_the_file_as_it_is(tmp_path: Path, dest: Path) -> None:
    archive = make_tar_gz(tmp_path / "download", {"a": b"b"})
    unpack(archive, dest, name="tool.tar.gz", dont_extract=True)

    assert (dest / "tool.tar.gz").read_bytes() == archive.read_bytes()
    assert [path.name for path in dest.iterdir()] == ["tool.tar.gz"]


@pytest.mark.parametrize("name", ["", "..", "a/b"])
def test_a_single_file_needs_a_plain_name(tmp_path: Path, dest: Path, name: str) -> None:
    with pytest.raises(ArchiveError, match="is not a name for a file"):
        unpack(write(tmp_path / "download", SCRIPT), dest, name=name)


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_frames_one_after_another_are_one_stream(tmp_path: Path, dest: Path, suffix: str) -> None:
    content = random.Random(2).randbytes(700_000)
    data = tar_of(tar_entry("a", content), tar_entry("b", b"x"))
    pieces = [data[:1], b"", data[1:400_000], data[400_000:]]
    packed = b"".join(map(COMPRESSORS[suffix], pieces))
    unpack(write(tmp_path / "download", packed + b"\0" * (0 if suffix == "zst" else 1024)), dest, name="a")

    assert (dest / "a").read_bytes() == content


@pytest.mark.parametrize("suffix", COMPRESSORS)
@pytest.mark.parametrize("size", [10, 3_000_000])
def test_what_follows_or_is_missing_is_noticed(tmp_path: Path, dest: Path, suffix: str, size: int) -> None:
    packed = COMPRESSORS[suffix](tar_of(tar_entry("a", random.Random(3).randbytes(size))))
    with pytest.raises(ArchiveError, match=r"something else follows|damaged"):
        unpack(write(tmp_path / "download", packed + b"garbage and more"), dest, name="a")
    for cut in (1, 4, 9, len(packed) // 2):
        again = dest / str(cut)
        again.mkdir()
        with pytest.raises(ArchiveError, match=r"truncated|not an archive"):
            unpack(write(tmp_path / "download", packed[:-cut]), again, name="a")


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_a_flipped_bit_is_noticed(tmp_path: Path, dest: Path, suffix: str) -> None:
    content = tar_of(tar_entry("a", b"content" * 1000))
    packed = bytearray(
        zstandard.ZstdCompressor(write_checksum=True).compress(content)
        if suffix == "zst"
        else COMPRESSORS[suffix](content)
    )
    packed[len(packed) // 2] ^= 0x10
    with pytest.raises(ArchiveError):
        unpack(write(tmp_path / "download", bytes(packed)), dest, name="a")


def test_zstandard_skippable_frames_are_passed_over(tmp_path: Path, dest: Path) -> None:
    frame = zstandard.compress(tar_of(tar_entry("a", b"x")))
    skippable = b"\x50\x2a\x4d\x18" + (7).to_bytes(4, "little") + b"ignored"
    nothing = b"\x5f\x2a\x4d\x18\0\0\0\0"
    unpack(write(tmp_path / "download", frame + skippable + nothing), dest, name="a")

    assert (dest / "a").exists()


@needs("pzstd")
def test_what_several_processors_compressed_begins_with_a_frame_to_skip(tmp_path: Path, dest: Path) -> None:
    content = random.Random(4).randbytes(3_000_000)
    packed = subprocess.run(
        ["pzstd", "-p", "2", "-c"], input=tar_of(tar_entry("a", content)), capture_output=True, check=True
    ).stdout
    assert codec(packed) == "zstandard"
    assert unpack_stream([packed], dest, name="a.tar.zst")

    assert (dest / "a").read_bytes() == content


def test_a_bomb_within_few_bytes_of_zstandard_takes_no_memory(tmp_path: Path, dest: Path) -> None:
    zeros = tar_of(tar_entry("zeros", b"\0" * 500_000_000))
    archive = write(tmp_path / "download", zstandard.compress(zeros))
    assert archive.stat().st_size < 50_000
    del zeros

    with pytest.raises(ArchiveError, match="250 times its own size"):
        unpack(archive, dest, name="a")
    assert (dest / "zeros").stat().st_size < 300 << 20


@needs("dpkg-deb")
@pytest.mark.parametrize("kind", ["gzip", "xz", "zstd", "none"])
def test_debian_packages(tmp_path: Path, dest: Path, kind: str) -> None:
    root = source_tree(tmp_path / "root")
    (root / "DEBIAN").mkdir()
    write(root / "DEBIAN" / "control", b"Package: t\nVersion: 1\nArchitecture: all\nMaintainer: x\n")
    archive = tmp_path / "t.deb"
    subprocess.run(["dpkg-deb", f"-Z{kind}", "-b", str(root), str(archive)], check=True, capture_output=True)
    subprocess.run(["dpkg-deb", "-x", str(archive), str(tmp_path / "theirs")], check=True)
    unpack(archive, dest, name="t.deb")

    assert listing(dest) == listing(tmp_path / "theirs")


def test_a_debian_package_with_bzip2_and_strip(tmp_path: Path, dest: Path) -> None:
    data = bz2.compress(tar_of(tar_entry("./usr/bin/tool", SCRIPT)))
    members = [("debian-binary", b"2.0\n"), ("control.tar.gz", b"odd"), ("data.tar.bz2", data)]
    unpack(write(tmp_path / "d", ar_of(members)), dest, strip=2, name="t.deb")

    assert (dest / "bin" / "tool").read_bytes() == SCRIPT


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (ar_of([("debian-binary", b"2.0\n")]), "no member data.tar"),
        (ar_of([("debian-binary", b"2.0\n"), ("data.tar.gz", b"")])[:-20], "truncated"),
        (ar_of([("debian-binary", b"2.0\n"), ("data.tar", b"nonsense")]), "not an archive"),
        (ar_of([("debian-binary", b"2.0\n")]) + b"x" * 60, "damaged"),
    ],
)
def test_broken_debian_packages_are_refused(tmp_path: Path, dest: Path, data: bytes, message: str) -> None:
    with pytest.raises(ArchiveError, match=message):
        unpack(write(tmp_path / "d", data), dest, name="t.deb")


SPEC = """
%global _build_id_links none
%define __os_install_post %{nil}
%define _binary_payload PAYLOAD
Name: t
Version: 1
Release: 1
Summary: t
License: t
BuildArch: noarch
AutoReqProv: no
%description
t
%install
cp -a SOURCE/. %{buildroot}/
%files
/usr
"""


@needs("rpmbuild")
@pytest.mark.parametrize("payload", ["w9.gzdio", "w9.bzdio", "w7.xzdio", "w19.zstdio", "w.ufdio"])
def test_rpm_packages(tmp_path: Path, dest: Path, payload: str) -> None:
    root = source_tree(tmp_path / "root")
    spec = write(tmp_path / "t.spec", SPEC.replace("PAYLOAD", payload).replace("SOURCE", str(root)).encode())
    subprocess.run(
        ["rpmbuild", "-bb", "--define", f"_topdir {tmp_path / 'build'}", str(spec)],
        check=True,
        capture_output=True,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    archive = next((tmp_path / "build").rglob("*.rpm"))
    unpack(archive, dest, name="t.rpm")

    assert listing(dest / "usr", directory_times=False) == listing(root / "usr", directory_times=False)
    assert (dest / "usr/bin/tool").stat().st_ino == (dest / "usr/bin/zz-same").stat().st_ino


def test_a_cpio_member_of_less_than_nothing_is_refused(tmp_path: Path, dest: Path) -> None:
    headers, payload = SEEDS["rpm"].split(b"\x1f\x8b", 1)
    members = gzip.decompress(b"\x1f\x8b" + payload)
    assert members.count(b"00000005") == 1
    archive = write(tmp_path / "a.rpm", headers + gzip.compress(members.replace(b"00000005", b"-0000005")))

    with pytest.raises(ArchiveError, match="a header of its cpio archive is damaged"):
        unpack(archive, dest, name="a.rpm")


@pytest.mark.parametrize("strip", [0, 2, 3])
def test_a_hard_link_keeps_its_content_whichever_of_its_names_strip_takes(
    tmp_path: Path, dest: Path, strip: int
) -> None:
    """cpio gives it to the last name only."""
    members = cpio_of(
        (b"./a/b/one", b"", 0o100755, 3), (b"./a/two", b"", 0o100755, 3), (b"./three", b"hello", 0o100755, 3)
    )
    unpack(write(tmp_path / "a.rpm", rpm_of(members)), dest, strip=strip, name="a.rpm")

    found = [path for path in dest.rglob("*") if path.is_file()]
    assert len(found) == {0: 3, 2: 2, 3: 1}[strip]
    assert {path.read_bytes() for path in found} == {b"hello"}
    assert len({path.stat().st_ino for path in found}) == 1


def file_list(directory: bytes, names: list[bytes], size: int) -> bytes:
    """The header of a package with files of one directory, all of one size."""
    texts = directory + b"\0" + b"".join(name + b"\0" for name in names)
    numbers = {1116: ("L", 0), 1030: ("H", 0o100755), 1034: ("L", 1_600_000_000), 5008: ("Q", size)}
    kinds = {"H": 3, "L": 4, "Q": 5}
    tags, data = [], texts
    tags.append(struct.pack(">4L", 1118, 8, 0, 1))
    tags.append(struct.pack(">4L", 1117, 8, len(directory) + 1, len(names)))
    for tag, (letter, value) in numbers.items():
        tags.append(struct.pack(">4L", tag, kinds[letter], len(data), len(names)))
        data += struct.pack(f">{len(names)}{letter}", *[value] * len(names))
    return rpm_header(tags, data)


def test_members_of_large_packages_are_told_by_their_numbers(tmp_path: Path, dest: Path) -> None:
    """rpm writes such when a file has more than 4 GB (lib/cpio.c, rpmcpioStrippedHeaderWrite)."""
    header = file_list(b"/usr/bin/", [b"one", b"two"], 5)
    members = b"".join(b"07070X%08x\0\0" % number + b"hello\0\0\0" for number in (1, 0))
    archive = write(tmp_path / "a.rpm", rpm_of(members + cpio_of(), header))
    unpack(archive, dest, strip=2, name="a.rpm")

    assert {path.name: path.read_bytes() for path in (dest / "bin").iterdir()} == {
        "one": b"hello",
        "two": b"hello",
    }
    assert (dest / "bin/two").stat().st_mode & 0o777 == 0o755
    assert (dest / "bin/two").stat().st_mtime == 1_600_000_000


@pytest.mark.parametrize("number", [b"00000002", b"ffffffff", b"-0000001", b"0x000001"])
def test_a_number_that_the_package_does_not_list_is_refused(
    tmp_path: Path, dest: Path, number: bytes
) -> None:
    members = b"07070X" + number + b"\0\0" + b"hello\0\0\0"
    archive = write(tmp_path / "a.rpm", rpm_of(members, file_list(b"/", [b"one", b"two"], 5)))
    with pytest.raises(ArchiveError, match="damaged"):
        unpack(archive, dest, name="a.rpm")


def test_a_directory_of_many_files_is_named_once(tmp_path: Path, dest: Path) -> None:
    header = file_list(b"/" + b"d" * 100_000, [b"f"] * 1000, 0)
    archive = write(tmp_path / "a.rpm", rpm_of(cpio_of((b"./a", b"x", 0o100755, 1)), header))
    tracemalloc.start()
    try:
        unpack(archive, dest, name="a.rpm")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 20 << 20


def test_a_header_of_a_package_takes_no_more_memory_than_what_is_read_of_it(
    tmp_path: Path, dest: Path
) -> None:
    """Each of these tags is a list of all the strings there are."""
    count = 200_000
    tags = [struct.pack(">4L", tag, 8, 0, count) for tag in range(6000, 6100)]
    header = rpm_header(tags, bytes(count))
    archive = write(tmp_path / "a.rpm", rpm_of(cpio_of((b"./a", b"x", 0o100755, 1)), header))
    tracemalloc.start()
    try:
        unpack(archive, dest, name="a.rpm")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 20 << 20


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ([struct.pack(">4L", 1117, 8, 0, 2_000_000)], "more than 1,000,000 members"),
        ([struct.pack(">4L", tag, 8, 0, 0) for tag in range(70_000)], "damaged"),
    ],
    ids=["names", "tags"],
)
def test_a_header_of_too_much_is_refused(tmp_path: Path, dest: Path, tags: list[bytes], message: str) -> None:
    archive = write(tmp_path / "a.rpm", rpm_of(b"", rpm_header(tags, bytes(2_000_000))))
    with pytest.raises(ArchiveError, match=message):
        unpack(archive, dest, name="a.rpm")


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
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError, match="more than 3,000 members"):
            unpack(archive, dest, strip=2, name="t.7z", limits=Limits(members=3_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 2_500_000


def test_without_7zip_a_7z_says_what_to_install(tmp_path: Path, dest: Path) -> None:
    archive = write(tmp_path / "t.7z", b"7z\xbc\xaf\x27\x1c" + b"\0" * 600)
    with pytest.raises(ArchiveError, match="needs 7zz or 7z") as refusal:
        unpack(archive, dest, name="t.7z", environ={"PATH": str(tmp_path)})
    assert "install 7-Zip" in refusal.value.hint


def fake(tmp_path: Path, name: str, script: str) -> dict[str, str]:
    (tmp_path / "tools").mkdir()
    write(tmp_path / "tools" / name, f"#!/bin/sh\nset -e\n{script}\n".encode()).chmod(0o755)
    return {"PATH": f"{tmp_path / 'tools'}:{os.environ['PATH']}"}


def test_an_installer_package_is_expanded_by_pkgutil(tmp_path: Path, dest: Path) -> None:
    root = source_tree(tmp_path / "root")
    environ = fake(
        tmp_path,
        "pkgutil",
        f'test "$1" = --expand-full; mkdir -p "$3/aws.pkg/Payload"; mkfifo "$3/aws.pkg/Payload/pipe"\n'
        f'cp -a "{root}/." "$3/aws.pkg/Payload"; echo no > "$3/Distribution"',
    )
    unpack(write(tmp_path / "t", b"xar!" + b"\0" * 600), dest, name="t.pkg", environ=environ)

    assert listing(dest, directory_times=False) == listing(root, directory_times=False)


def test_an_installer_package_elsewhere_or_with_strip_is_refused(tmp_path: Path, dest: Path) -> None:
    archive = write(tmp_path / "t", b"xar!" + b"\0" * 600)
    with pytest.raises(ArchiveError, match="needs pkgutil"):
        unpack(archive, dest, name="t.pkg", environ={"PATH": str(tmp_path)})
    with pytest.raises(ArchiveError, match="strip = 1 has no meaning"):
        unpack(archive, dest, strip=1, name="t.pkg")


ATTACH = """
case $1 in
attach) mkdir -p "$5/Tool.app/Contents"; echo x > "$5/Tool.app/Contents/tool"; echo no > "$5/readme";;
detach) rm -rf "$3"/*; echo "$1" > "${0%/*}/detached";;
esac
"""


def test_apps_are_copied_out_of_a_disk_image(tmp_path: Path, dest: Path) -> None:
    environ = fake(tmp_path, "hdiutil", ATTACH)
    archive = write(tmp_path / "t", b"\0" * 4096 + b"koly" + b"\0" * 508)
    unpack(archive, dest, name="t.dmg", apps=["Tool.app"], environ=environ)

    assert [str(path.relative_to(dest)) for path in dest.rglob("*") if path.is_file()] == [
        "Tool.app/Contents/tool"
    ]
    assert (tmp_path / "tools" / "detached").exists()


@pytest.mark.parametrize("app", ["../tools", "Missing.app"])
def test_an_app_that_the_image_lacks_is_refused_and_the_image_detached(
    tmp_path: Path, dest: Path, app: str
) -> None:
    environ = fake(tmp_path, "hdiutil", ATTACH)
    archive = write(tmp_path / "t", b"\0" * 4096 + b"koly" + b"\0" * 508)
    with pytest.raises(ArchiveError, match="holds no"):
        unpack(archive, dest, name="t.dmg", apps=[app], environ=environ)
    assert (tmp_path / "tools" / "detached").exists()


def test_a_stream_is_unpacked_while_it_arrives(tmp_path: Path, dest: Path) -> None:
    data = make_tar_gz(tmp_path / "a", {"top/tool": SCRIPT}).read_bytes()
    seen = []

    def arriving() -> object:
        for at in range(0, len(data), 7):
            seen.append(at)
            yield data[at : at + 7]

    assert unpack_stream(arriving(), dest, strip=1, name="a.tar.gz")  # type: ignore[arg-type]
    assert (dest / "tool").read_bytes() == SCRIPT
    assert len(seen) == -(-len(data) // 7)


def test_a_tar_is_no_disk_image_whatever_follows_its_end(tmp_path: Path, dest: Path) -> None:
    data = tar_of(tar_entry("a", b"x")) + b"koly" + b"\0" * 508
    unpack(write(tmp_path / "a", data), dest, name="a.tar")
    (tmp_path / "streamed").mkdir()
    assert unpack_stream([data], tmp_path / "streamed", name="a.tar")

    assert listing(dest) == listing(tmp_path / "streamed")


def test_several_at_once_make_do_with_few_descriptors(tmp_path: Path) -> None:
    """macOS gives a process 256, unless it is told otherwise."""
    data = tar_of(*(tar_entry(f"d{number}/file", b"x") for number in range(100)))
    together = Barrier(4, timeout=20)

    def arriving() -> Iterator[bytes]:
        yield data[:-1024]
        together.wait()
        yield data[-1024:]

    def work(name: str) -> bool:
        (tmp_path / name).mkdir()
        return unpack_stream(arriving(), tmp_path / name, name=name)

    with few_descriptors(150), ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, "abcd"))


def test_too_few_descriptors_are_said(tmp_path: Path, dest: Path) -> None:
    archive = write(tmp_path / "a", tar_of(tar_entry("a/b/c/d", b"x")))
    refused = pytest.raises(StoreError, match="cannot unpack a: Too many open files")
    with few_descriptors(4), refused as refusal:
        unpack(archive, dest, name="a")
    assert "ulimit -n" in refusal.value.hint


@contextmanager
def few_descriptors(more: int) -> Iterator[None]:
    """Let about so many more be open than there are now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_stream_that_needs_the_whole_file_is_only_read(tmp_path: Path, dest: Path) -> None:
    data = make_zip(tmp_path / "a.zip", {"tool": SCRIPT}).read_bytes()
    chunks = iter([data[:10], data[10:]])

    assert not unpack_stream(chunks, dest, name="a.zip")
    assert list(dest.iterdir()) == []
    assert next(chunks, None) is None


def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path) -> None:
    archive = write(tmp_path / "a", tar_of(tar_entry("a", b"x" * 1_000_000)))
    refused = pytest.raises(StoreError, match="cannot unpack a: No space left on device")
    with memory(tmp_path / "full", "size=64k") as full, refused as refusal:
        unpack(archive, full, name="a")
    assert "PKGS_STATE_DIR" in refusal.value.hint


def test_a_directory_in_which_nothing_can_be_made_is_let_go(tmp_path: Path) -> None:
    archive = write(tmp_path / "a", tar_of(tar_entry("a", b"x")))
    refused = pytest.raises(StoreError, match="cannot unpack a: No space left on device")
    with memory(tmp_path / "full", "nr_inodes=1") as full, refused:  # it must not be in use in the end
        unpack(archive, full, name="a")
