"""A zip's central directory, which alone says what its members are (APPNOTE 4.3.12, 4.3.14–4.3.16, 4.5.3)."""

from __future__ import annotations

import calendar
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pkgs.errors import ArchiveError
from pkgs.store.unpack.limits import Budget
from pkgs.store.unpack.names import shown

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_RECORD = struct.Struct("<4s4B4HL2L5H2L")
_LONGEST_COMMENT = 0xFFFF
# All members are kept: a million of them with names of 200 bytes fit.
_LARGEST_DIRECTORY = 256 << 20
_LARGEST_RECORD = _RECORD.size + 3 * 0xFFFF
_BLOCK = 1 << 20
_UNIX_SYSTEMS = {3, 19}
_BACKSLASH_SYSTEMS = {0, 10, 11, 14}
_ZIP64, _TIMES, _UNICODE_PATH = 0x0001, 0x5455, 0x7075


@dataclass(slots=True)
class ZipMember:
    """One central record; ``mode`` is None where the maker knew no Unix modes, ``mtime`` nanoseconds."""

    raw_name: bytes
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    mode: int | None
    mtime: int


def read_directory(fd: int, budget: Budget) -> tuple[list[ZipMember], int]:
    """Return all members in the order of their data, and where the directory begins."""
    length = os.fstat(fd).st_size
    tail_size = min(length, _LONGEST_COMMENT + _END.size)
    tail = os.pread(fd, tail_size, length - tail_size)
    at = _find_end(tail)
    _, _, _, _, count, size, offset, _ = _END.unpack_from(tail, at)
    end = length - tail_size + at
    count, size, offset, end = _zip64(fd, end) or (count, size, offset, end)
    base = end - size - offset
    if base < 0:
        raise ArchiveError("its directory lies outside of the file: it is damaged or truncated")
    if size > _LARGEST_DIRECTORY:
        raise ArchiveError(f"its directory takes more than {_LARGEST_DIRECTORY:,} bytes")
    budget.claims(count)
    members = list(_members(_Directory(fd, offset + base, size), count, base))
    members.sort(key=lambda member: member.offset)
    return members, offset + base


def _find_end(tail: bytes) -> int:
    """Find the last end record whose comment fits into the file."""
    at = tail.rfind(b"PK\5\6")
    while at >= 0:
        if at + _END.size <= len(tail):
            comment = int.from_bytes(tail[at + 20 : at + 22], "little")
            if at + _END.size + comment <= len(tail):
                return at
        at = tail.rfind(b"PK\5\6", 0, at)
    raise ArchiveError("its directory is missing: it is truncated, or no zip archive")


def _zip64(fd: int, end: int) -> tuple[int, int, int, int] | None:
    """Return count, size, offset and end of the directory as the large format has them, if it is used.

    Info-ZIP writes it for what comes from standard input even where the small one would do.
    """
    at = end - _END64_LOCATOR.size
    if at < 0:
        return None
    magic, _, where, _ = _END64_LOCATOR.unpack(os.pread(fd, _END64_LOCATOR.size, at))
    if magic != b"PK\6\7":
        return None
    data = b""
    for place in (at - _END64.size, where):  # before the locator unless an extensible sector lies between
        data = os.pread(fd, _END64.size, place) if 0 <= place < end else b""
        if len(data) == _END64.size and data.startswith(b"PK\6\6"):
            *_, count, size, offset = _END64.unpack(data)
            return count, size, offset, place
    return None


class _Directory:
    """The directory's records, read in blocks: its end record may lie about how many there are."""

    def __init__(self, fd: int, start: int, size: int) -> None:
        self._fd = fd
        self._next = start
        self._end = start + size
        self._data = b""
        self._at = 0

    def record(self) -> tuple[tuple[Any, ...], bytes, bytes]:
        """Return the next record's fields, its name and its extra fields."""
        if len(self._data) - self._at < _LARGEST_RECORD and self._next < self._end:
            self._read()
        try:
            fields = _RECORD.unpack_from(self._data, self._at)
        except struct.error as error:
            raise ArchiveError("its directory ends too early: it is damaged") from error
        if fields[0] != b"PK\1\2":
            raise ArchiveError("its directory is damaged")
        lengths = fields[12:15]
        start = self._at + _RECORD.size
        self._at = start + sum(lengths)
        if self._at > len(self._data):
            raise ArchiveError("its directory ends too early: it is damaged")
        name_end = start + lengths[0]
        return fields, self._data[start:name_end], self._data[name_end : self._at - lengths[2]]

    def rest(self) -> int:
        """Return how many bytes no record has been made of."""
        return len(self._data) - self._at + self._end - self._next

    def _read(self) -> None:
        more = os.pread(self._fd, min(_BLOCK, self._end - self._next), self._next)
        self._data, self._at = self._data[self._at :] + more, 0
        self._next += len(more)


def _members(directory: _Directory, count: int, base: int) -> Iterator[ZipMember]:
    for _ in range(count):
        yield _member(*directory.record(), base)
    if directory.rest():
        raise ArchiveError("its directory holds something that is no member")


def _member(fields: tuple[Any, ...], raw_name: bytes, extra: bytes, base: int) -> ZipMember:
    _, _, system, _, _, flags, method, clock, day, crc, packed, size, *_, attributes, offset = fields
    extras = dict(_extras(extra))
    size, packed, offset = _large(size, packed, offset, extras.get(_ZIP64, b""), raw_name)
    mode = attributes >> 16 if system in _UNIX_SYSTEMS else 0
    return ZipMember(
        raw_name=raw_name,
        name=_name(raw_name, flags, system, extras.get(_UNICODE_PATH, b"")),
        flags=flags,
        method=method,
        crc=crc,
        packed=packed,
        size=size,
        offset=offset + base,
        mode=mode or None,
        mtime=_mtime(day, clock, extras.get(_TIMES, b"")),
    )


def _extras(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Split extra fields; what is left over at the end is passed over, as unzip does."""
    at = 0
    while at + 4 <= len(extra):
        key, length = struct.unpack_from("<2H", extra, at)
        yield key, extra[at + 4 : at + 4 + length]
        at += 4 + length


def _large(size: int, packed: int, offset: int, extra: bytes, name: bytes) -> tuple[int, int, int]:
    """Replace those of the three numbers that are too large for their field."""
    numbers = [size, packed, offset]
    at = 0
    for index, number in enumerate(numbers):
        if number == 0xFFFFFFFF and extra:
            if at + 8 > len(extra):
                raise ArchiveError(f"member {shown(name)} has a damaged zip64 field")
            numbers[index] = int.from_bytes(extra[at : at + 8], "little")
            at += 8
    return numbers[0], numbers[1], numbers[2]


def _name(raw: bytes, flags: int, system: int, unicode_path: bytes) -> bytes:
    """Return the name in UTF-8, with slashes; makers on DOS and Windows may have written backslashes."""
    if len(unicode_path) > 5 and int.from_bytes(unicode_path[1:5], "little") == zlib.crc32(raw):
        raw, flags = unicode_path[5:], flags | 0x800
    if not flags & 0x800 and not raw.isascii():
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            raw = raw.decode("cp437").encode("utf-8")
    return raw.replace(b"\\", b"/") if system in _BACKSLASH_SYSTEMS else raw


def _mtime(day: int, clock: int, times: bytes) -> int:
    """Return the time in nanoseconds; DOS's local time is taken for UTC, the same on every machine."""
    if len(times) >= 5 and times[0] & 1:
        return int.from_bytes(times[1:5], "little", signed=True) * 1_000_000_000
    date = (1980 + (day >> 9), min(max(day >> 5 & 15, 1), 12), max(day & 31, 1))
    return calendar.timegm((*date, clock >> 11, clock >> 5 & 63, (clock & 31) * 2)) * 1_000_000_000
