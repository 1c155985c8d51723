"""Other kinds that packages are published as, made by the real tools; streams; and what a system lacks."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import random
import resource
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
import zstandard

from pkgs.errors import ArchiveError, StoreError
from pkgs.store.unpack import external, unpack, unpack_stream
from pkgs.store.unpack.compression import codec
from tests.support.archives import (
    ar_of,
    make_tar_gz,
    make_zip,
    tar_entry,
    tar_of,
)
from tests.support.listing import listing
from tests.support.mounts import memory
from tests.support.samples import SCRIPT, needs, source_tree, write

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


def test_a_program_that_does_not_come_to_its_end_is_ended(
    tmp_path: Path, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external, "_SECONDS", 0.1)
    environ = fake(tmp_path, "pkgutil", "exec sleep 100")
    with pytest.raises(ArchiveError, match=r"pkgutil takes longer than 0\.1 s"):
        unpack(write(tmp_path / "t", b"xar!" + b"\0" * 600), dest, name="t.pkg", environ=environ)


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
