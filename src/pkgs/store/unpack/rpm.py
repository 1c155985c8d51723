"""RPM packages: a lead, two headers and a compressed cpio archive (rpm.org, "RPM V4 package format")."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pkgs.errors import ArchiveError
from pkgs.store.unpack.limits import Budget
from pkgs.store.unpack.stream import Stream

_LEAD = 96
# rpm's own bounds on a header (lib/header.c): how many tags, and how many bytes they point into.
_MOST_TAGS = 0xFFFF
_MOST_DATA = 256 << 20
_FILE_SIZES, _FILE_MODES, _FILE_TIMES = 1028, 1030, 1034
_DIRECTORY_INDEXES, _BASE_NAMES, _DIRECTORY_NAMES, _LONG_SIZES = 1116, 1117, 1118, 5008
_WANTED = {
    _FILE_SIZES,
    _FILE_MODES,
    _FILE_TIMES,
    _DIRECTORY_INDEXES,
    _BASE_NAMES,
    _DIRECTORY_NAMES,
    _LONG_SIZES,
}
_NUMBERS = {3: "H", 4: "L", 5: "Q"}
_STRINGS = {6, 8, 9}


@dataclass(frozen=True, slots=True)
class RpmFile:
    """What the header says of one file; large packages' cpio members have only its index."""

    name: bytes
    size: int
    mode: int
    mtime: int


def skip_headers(stream: Stream, budget: Budget) -> list[RpmFile]:
    """Read up to the payload and return the files that the main header lists."""
    stream.skip(_LEAD)
    _, size = _header(stream, budget)
    stream.skip(-size % 8)
    tags, _ = _header(stream, budget)
    return list(_files(tags))


def _header(stream: Stream, budget: Budget) -> tuple[dict[int, list[int] | list[bytes]], int]:
    """Return those of a header's tags that are of use, and how long it was."""
    magic, count, size = struct.unpack(">4s4x2L", stream.read(16))
    if magic != b"\x8e\xad\xe8\x01" or count > _MOST_TAGS or size > _MOST_DATA:
        raise ArchiveError("a header of the package is damaged")
    index, data = stream.read(16 * count), stream.read(size)
    tags = {}
    for tag, kind, offset, length in struct.iter_unpack(">4L", index):
        if tag in _WANTED and length <= size:
            budget.claims(length)
            tags[tag] = _values(data, kind, offset, length)
    return tags, 16 + 16 * count + size


def _values(data: bytes, kind: int, offset: int, count: int) -> list[int] | list[bytes]:
    if kind in _STRINGS:
        return data[offset:].split(b"\0", count)[:count]
    if kind not in _NUMBERS:
        return []
    try:
        return list(struct.unpack_from(f">{count}{_NUMBERS[kind]}", data, offset))
    except struct.error as error:
        raise ArchiveError("a header of the package is damaged") from error


def _files(tags: dict[int, list[int] | list[bytes]]) -> Iterator[RpmFile]:
    sizes = tags.get(_LONG_SIZES) or tags.get(_FILE_SIZES, [])
    columns = (tags.get(tag, []) for tag in (_BASE_NAMES, _DIRECTORY_INDEXES, _FILE_MODES, _FILE_TIMES))
    directories = tags.get(_DIRECTORY_NAMES, [])
    for base, directory, mode, mtime, size in zip(*columns, sizes, strict=False):
        if not isinstance(directory, int) or directory >= len(directories):
            raise ArchiveError("the package's list of files is damaged")
        name = b"." + _bytes(directories[directory]) + _bytes(base)
        yield RpmFile(name, _int(size), _int(mode), _int(mtime))


def _bytes(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b""


def _int(value: int | bytes) -> int:
    return value if isinstance(value, int) else 0
