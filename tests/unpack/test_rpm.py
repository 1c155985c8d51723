"""RPM packages, and the cpio archives in them: as rpmbuild makes them; others are refused."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
from pathlib import Path

import pytest

from pkgs.errors import ArchiveError
from pkgs.store.unpack import unpack
from tests.support.archives import cpio_of, rpm_header, rpm_of
from tests.support.listing import listing
from tests.support.mutations import SEEDS
from tests.support.samples import needs, peak, source_tree, write


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    path = tmp_path / "dest"
    path.mkdir()
    return path


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

    assert peak(lambda: unpack(archive, dest, name="a.rpm")) < 20 << 20


def test_a_header_of_a_package_takes_no_more_memory_than_what_is_read_of_it(
    tmp_path: Path, dest: Path
) -> None:
    """Each of these tags is a list of all the strings there are."""
    count = 200_000
    tags = [struct.pack(">4L", tag, 8, 0, count) for tag in range(6000, 6100)]
    header = rpm_header(tags, bytes(count))
    archive = write(tmp_path / "a.rpm", rpm_of(cpio_of((b"./a", b"x", 0o100755, 1)), header))

    assert peak(lambda: unpack(archive, dest, name="a.rpm")) < 20 << 20


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
