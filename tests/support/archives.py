"""Archives for tests: honest ones in one call, and hostile ones built byte by byte."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MTIME = 1_600_000_000
REGULAR, HARDLINK, SYMLINK, CHARACTER, BLOCK, DIRECTORY, FIFO = b"0", b"1", b"2", b"3", b"4", b"5", b"6"


def make_tar(
    path: Path, files: Mapping[str, bytes], *, mode: int = 0o755, links: Mapping[str, str] | None = None
) -> Path:
    """Write a tar of ``files`` (name → content) and symbolic ``links`` (name → target); return ``path``.

    The suffix chooses the compression: ``.gz``, ``.tgz``, ``.xz``, ``.bz2``, or none.
    """
    kinds = {".gz": "gz", ".tgz": "gz", ".xz": "xz", ".bz2": "bz2"}
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(content), mode, MTIME
            tar.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.mtime = tarfile.SYMTYPE, target, MTIME
            tar.addfile(info)
    path.write_bytes(_compress(plain.getvalue(), kinds.get(path.suffix, "")))
    return path


def make_tar_gz(path: Path, files: Mapping[str, bytes], *, mode: int = 0o755) -> Path:
    """Write a reproducible gzipped tar of ``files`` (name → content); return ``path``."""
    plain = make_tar(path, files, mode=mode)
    if path.suffix not in {".gz", ".tgz"}:
        path.write_bytes(_compress(plain.read_bytes(), "gz"))
    return path


def make_zip(path: Path, files: Mapping[str, bytes], *, mode: int = 0o755) -> Path:
    """Write a zip of ``files`` (name → content) with Unix modes; return ``path``."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, date_time=(2020, 9, 13, 12, 26, 40))
            info.create_system, info.external_attr = 3, (0o100000 | mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def make_gz(path: Path, content: bytes) -> Path:
    """Write one gzipped file; return ``path``."""
    path.write_bytes(gzip.compress(content, mtime=0))
    return path


def _compress(data: bytes, kind: str) -> bytes:
    if kind == "gz":
        return gzip.compress(data, compresslevel=6, mtime=0)
    if kind == "xz":
        import lzma

        return lzma.compress(data)
    if kind == "bz2":
        import bz2

        return bz2.compress(data)
    return data


def tar_entry(
    name: str | bytes,
    content: bytes = b"",
    *,
    kind: bytes = REGULAR,
    link: str | bytes = b"",
    mode: int = 0o755,
    size: int | None = None,
) -> bytes:
    """One ustar header and its padded content; ``size`` may lie."""
    name, link = _bytes(name), _bytes(link)
    length = len(content) if size is None else size
    header = struct.pack(
        "100s8s8s8s12s12s8s1s100s6s2s32s32s8s8s155s12s",
        name, b"%07o" % mode, b"0000000", b"0000000", b"%011o" % length, b"%011o" % MTIME,
        b" " * 8, kind, link, b"ustar", b"00", b"", b"", b"0000000", b"0000000", b"", b"",
    )  # fmt: skip
    header = header[:148] + b"%06o\0 " % sum(header) + header[156:]
    return header + content + b"\0" * (-len(content) % 512)


def with_field(entry: bytes, at: int, data: bytes) -> bytes:
    """Write over what is ``at`` a place in a header, and mend its checksum."""
    block = bytearray(entry)
    block[at : at + len(data)] = data
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    return bytes(block)


def tar_of(*entries: bytes) -> bytes:
    """Join entries and the end of the archive."""
    return b"".join(entries) + b"\0" * 1024


def pax_entry(records: Mapping[str, str | bytes], *, kind: bytes = b"x") -> bytes:
    """A PAX header: for the next entry (``x``) or for all that follow (``g``)."""
    return tar_entry("PaxHeader", b"".join(_pax_record(*record) for record in records.items()), kind=kind)


def _pax_record(key: str, value: str | bytes) -> bytes:
    body = b" " + key.encode() + b"=" + _bytes(value) + b"\n"
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length += 1
    return str(length).encode() + body


@dataclass(frozen=True)
class ZipEntry:
    """One zip member as told by its headers, each of which may lie."""

    name: str | bytes
    content: bytes = b""
    mode: int = 0o100755
    system: int = 3
    method: int = 8
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    packed: bytes | None = None
    local_name: str | bytes | None = None
    extra: bytes = b""


def zip_of(*entries: ZipEntry, comment: bytes = b"", overlap: bool = False) -> bytes:
    """A zip of ``entries``; with ``overlap`` every central record points at the first member."""
    body, central = b"", b""
    for entry in entries:
        offset = 0 if overlap else len(body)
        local, record = _zip_member(entry, offset)
        body += local
        central += record
    end = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, len(entries), len(entries), len(central), len(body), len(comment)
    )
    return body + central + end + comment


def _zip_member(entry: ZipEntry, offset: int) -> tuple[bytes, bytes]:
    name = _bytes(entry.name)
    local_name = name if entry.local_name is None else _bytes(entry.local_name)
    packed = entry.packed if entry.packed is not None else _pack(entry)
    crc = zlib.crc32(entry.content) if entry.crc is None else entry.crc
    size = len(entry.content) if entry.size is None else entry.size
    common = (20, entry.flags, entry.method, 0x6A4D, 0x512D, crc, len(packed), size)
    local = struct.pack("<4s5H3L2H", b"PK\3\4", *common, len(local_name), 0) + local_name + packed
    record = struct.pack(
        "<4s6H3L5H2L",
        b"PK\1\2", entry.system << 8 | 20, *common, len(name), len(entry.extra), 0, 0, 0,
        entry.mode << 16, offset,
    )  # fmt: skip
    return local, record + name + entry.extra


def _pack(entry: ZipEntry) -> bytes:
    if entry.method != 8:
        return entry.content
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(entry.content) + packer.flush()


def ar_of(members: Iterable[tuple[str, bytes]]) -> bytes:
    """A Unix ar archive, as a ``.deb`` is one."""
    out = b"!<arch>\n"
    for name, content in members:
        out += b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name.encode(), MTIME, 0, 0, 0o100644, len(content))
        out += content + b"\n" * (len(content) % 2)
    return out


def cpio_of(*members: tuple[bytes, bytes, int, int]) -> bytes:
    """A cpio archive of (name, content, mode, links); those with more links than one are one file."""
    return b"".join(_cpio_member(*member) for member in (*members, (b"TRAILER!!!", b"", 0, 1)))


def _cpio_member(name: bytes, content: bytes, mode: int, links: int) -> bytes:
    fields = (7, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name + b"\0"
    head += b"\0" * (-len(head) % 4)
    return head + content + b"\0" * (-len(content) % 4)


def rpm_header(tags: Sequence[bytes] = (), data: bytes = b"") -> bytes:
    """A header of an RPM package, with its index and what that points into."""
    return struct.pack(">4s4x2L", b"\x8e\xad\xe8\x01", len(tags), len(data)) + b"".join(tags) + data


def rpm_of(members: bytes, header: bytes | None = None) -> bytes:
    """An RPM package of a cpio archive."""
    empty = rpm_header()
    return b"\xed\xab\xee\xdb" + bytes(92) + empty + (header or empty) + gzip.compress(members, mtime=0)


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
