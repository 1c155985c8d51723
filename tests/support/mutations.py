"""Archives of every kind, and ways to damage them: what the fuzz test and its long run share."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import zstandard
from hypothesis import strategies as st

from pkgs.errors import ArchiveError, StoreError
from pkgs.store.treedigest import digest_tree
from pkgs.store.unpack import Limits, unpack, unpack_stream
from tests.support.archives import (
    DIRECTORY,
    HARDLINK,
    SYMLINK,
    ZipEntry,
    ar_of,
    cpio_of,
    pax_entry,
    rpm_of,
    tar_entry,
    tar_of,
    zip_of,
)

LIMITS = Limits(members=2_000, size=20 << 20, ratio_floor=8 << 20, replacements=100, link_steps=200_000)


TAR = tar_of(
    tar_entry("top/d", kind=DIRECTORY),
    tar_entry("top/d/file", b"content" * 100),
    tar_entry("top/d/link", kind=SYMLINK, link="file"),
    tar_entry("top/up", kind=SYMLINK, link="d/../d"),
    tar_entry("top/hard", kind=HARDLINK, link="top/d/file"),
    pax_entry({"path": "top/" + "long" * 50, "mtime": "1.5"}),
    tar_entry("short", b"x"),
    pax_entry({"GNU.sparse.map": "0,3,1000,4", "GNU.sparse.size": "2000", "GNU.sparse.name": "top/holes"}),
    tar_entry("sparse", b"1234567"),
    tar_entry("././@LongLink", b"top/" + b"gnu" * 50 + b"\0", kind=b"L"),
    tar_entry("short", b"y"),
)
ZIP = zip_of(
    ZipEntry("top/", mode=0o40755, method=0),
    ZipEntry("top/file", b"content" * 100),
    ZipEntry("top/stored", b"content", method=0),
    ZipEntry("top/link", b"file", mode=0o120777),
    ZipEntry("top/zstd", b"x", method=93, packed=zstandard.compress(b"x")),
)
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "tar.gz": lambda data: gzip.compress(data, compresslevel=1, mtime=0),
    "tar.bz2": bz2.compress,
    "tar.xz": lambda data: lzma.compress(data, preset=0),
    "tar.zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}
SEEDS: dict[str, bytes] = {
    "tar": TAR,
    **{kind: compress(TAR) for kind, compress in COMPRESSIONS.items()},
    "zip": ZIP,
    "deb": ar_of([("debian-binary", b"2.0\n"), ("data.tar.gz", gzip.compress(TAR, mtime=0))]),
    "rpm": rpm_of(
        cpio_of(
            (b"./d", b"", 0o40755, 1),
            (b"./d/one", b"", 0o100755, 2),
            (b"./d/two", b"hello", 0o100755, 2),
            (b"./d/link", b"one", 0o120777, 1),
        )
    ),
}


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """One of the seeds with some bytes changed, cut, moved or doubled; checksums of tar headers mended.

    Compressed ones are damaged before or after they are compressed.
    """
    kind = draw(st.sampled_from(sorted(SEEDS)))
    compress = COMPRESSIONS.get(kind) if draw(st.booleans()) else None
    if compress:
        return kind, compress(_damaged(draw, TAR, mend=True))
    return kind, _damaged(draw, SEEDS[kind], mend=kind == "tar")


def _damaged(draw: st.DrawFn, seed: bytes, *, mend: bool) -> bytes:
    data = bytearray(seed)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        length = draw(st.integers(1, 64))
        change = draw(st.sampled_from(["set", "cut", "copy", "insert", "end"]))
        if change == "set":
            data[at : at + 1] = draw(st.binary(min_size=1, max_size=4))
        elif change == "cut":
            del data[at : at + length]
        elif change == "copy":
            target = draw(st.integers(0, max(len(data) - 1, 0)))
            data[target : target + length] = data[at : at + length]
        elif change == "insert":
            data[at:at] = draw(st.binary(max_size=16))
        else:
            del data[at:]
    if mend:
        _mend(data)
    return bytes(data)


def _mend(data: bytearray) -> None:
    """Give every block that claims to be a header the right checksum, so that what it says is looked at."""
    for at in range(0, len(data) - 511, 512):
        if data[at + 257 : at + 262] == b"ustar":
            data[at + 148 : at + 156] = b" " * 8
            data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])


def stands(data: bytes, strip: int, base: Path | None = None) -> bool:
    """Unpack ``data``, from a file and as a stream; return whether it did.

    Fail for any escape, for any error but a sentence, and where the two ways differ.
    """

    def from_file(archive: Path, dest: Path) -> bool:
        unpack(archive, dest, strip=strip, name="fuzzed", limits=LIMITS)
        return True

    def as_stream(archive: Path, dest: Path) -> bool:
        with archive.open("rb") as file:
            chunks = iter(lambda: file.read(1_000), b"")
            return unpack_stream(chunks, dest, strip=strip, name="fuzzed", limits=LIMITS)

    whole, streamed = _outcome(data, from_file, base), _outcome(data, as_stream, base)
    assert streamed in (whole, _NOT_STREAMED), (whole, streamed)
    return whole is not None


_NOT_STREAMED = "not streamed"


def _outcome(data: bytes, way: Callable[[Path, Path], bool], base: Path | None) -> str | None:
    """Return the digest of what comes out, None where it is refused, or that nothing was tried."""
    with tempfile.TemporaryDirectory(dir=base) as name:
        outer = Path(name)
        dest = outer / "dest"
        dest.mkdir()
        (outer / "canary").write_bytes(b"alive")
        (outer / "archive").write_bytes(data)
        try:
            if not way(outer / "archive", dest):
                assert list(dest.iterdir()) == []
                return _NOT_STREAMED
        except (ArchiveError, StoreError) as refusal:
            assert refusal.message.startswith("cannot unpack fuzzed: ")
            return None
        finally:
            assert sorted(path.name for path in outer.iterdir()) == ["archive", "canary", "dest"]
            assert (outer / "canary").read_bytes() == b"alive"
        _check_links(dest)
        digest = str(digest_tree(dest).digest)
        shutil.rmtree(dest)
        return digest


def _check_links(dest: Path) -> None:
    """See that every link stays inside, asking the kernel and not the code under test."""
    for path in dest.rglob("*"):
        if path.is_symlink():
            try:
                assert path.resolve(strict=True).is_relative_to(dest.resolve()), path
            except (OSError, RuntimeError):
                continue


def finding_name(kind: str, data: bytes) -> str:
    """Name the file that keeps a finding."""
    return f"{zlib.crc32(data):08x}.{kind}"
