"""The 512 bytes before each member of a tar: ustar, GNU and the oldest ones, and what PAX says instead."""

from __future__ import annotations

import re
import struct
import zlib
from functools import lru_cache
from typing import NamedTuple

from pkgs.errors import ArchiveError
from pkgs.store.unpack.names import shown
from pkgs.store.unpack.pax import Records

BLOCK = 512
HARDLINK, SYMLINK = b"1", b"2"
# Name, mode, size, time, checksum, kind, target, magic, prefix; passed over are owners and device numbers.
_FIELDS = struct.Struct("100s8s16x12s12s8sc100s6s82x155s12x")
_CHECKSUM = slice(148, 156)
_TIME = re.compile(rb"(-?)([0-9]{1,12})(?:\.([0-9]*))?").fullmatch


class Member(NamedTuple):
    """One header, with what extended headers said of it; ``mtime`` is nanoseconds, ``size`` of data here."""

    name: bytes
    kind: bytes
    size: int
    mode: int
    mtime: int
    link: bytes
    block: bytes
    records: Records


def kind_of(block: bytes) -> bytes:
    """Return which kind of member a header announces."""
    return block[156:157]


def size_of(block: bytes) -> int:
    """Return how many bytes follow a header."""
    return unsigned(block[124:136])


def is_valid(block: bytes) -> bool:
    """Verify the checksum of a header.

    Adler-32's lower half is the sum of all bytes modulo 65521, at a twentieth of what ``sum`` takes.
    """
    field = block[_CHECKSUM]
    return zlib.adler32(block) & 0xFFFF == _adler(field) or 0 <= _octal(field) == _signed_sum(block)


def read_member(block: bytes, records: Records, name: bytes | None, link: bytes | None) -> Member:
    """Read a header; the words of extended headers, if not None, come before its own."""
    own_name, mode, digits, seconds, _, kind, target, magic, prefix = _FIELDS.unpack(block)
    size = 0 if kind in {HARDLINK, SYMLINK} else unsigned(digits)
    mtime = _number(seconds) * 1_000_000_000
    if records:
        name = records.get("GNU.sparse.name", records.get("path", name))
        link = records.get("linkpath", link)
        size = _decimal(records["size"]) if "size" in records and kind not in {HARDLINK, SYMLINK} else size
        mtime = _nanoseconds(records["mtime"]) if "mtime" in records else mtime
    if name is None:
        name = _text(own_name)
        if magic == b"ustar\0" and prefix[0]:  # only POSIX headers have one
            name = _text(prefix) + b"/" + name
    return Member(
        name, kind, size, _number(mode), mtime, _text(target) if link is None else link, block, records
    )


def _text(data: bytes) -> bytes:
    return data.partition(b"\0")[0]


# Fields repeat from member to member: sizes less than others, but few of them make a checksum of their own.
@lru_cache(1 << 12)
def _number(field: bytes) -> int:
    """Read a numeric field: octal, or GNU's base 256 where the first bit is set."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big", signed=False) & ((1 << 8 * len(field) - 1) - 1)
        return value - (1 << 8 * len(field) - 1) if field[0] & 0x40 else value
    value = _octal(field)
    if value < 0:
        raise ArchiveError(f"a header holds {shown(field)} where a number belongs")
    return value


def unsigned(field: bytes) -> int:
    """Read a numeric field that cannot be negative."""
    value = _number(field)
    if value < 0:
        raise ArchiveError(f"a header holds {shown(field)} where a size belongs")
    return value


@lru_cache(1 << 12)
def _adler(checksum: bytes) -> int:
    """Return the lower half of Adler-32 of a header with this checksum, which was computed over blanks."""
    claimed = _octal(checksum)
    return (claimed + sum(checksum) - 8 * ord(" ") + 1) % 65521 if claimed >= 0 else -1


def _signed_sum(block: bytes) -> int:
    """Return the sum of a header as old Suns had it, to which bytes are signed."""
    rest = block[: _CHECKSUM.start] + block[_CHECKSUM.stop :]
    return sum(rest) + 8 * ord(" ") - 256 * sum(byte > 127 for byte in rest)


def _octal(field: bytes) -> int:
    """Read an octal field, padded by blanks and ended by NUL, whatever follows that; -1 if it is none."""
    try:
        return int(field.partition(b"\0")[0].strip(b" ") or b"0", 8)
    except ValueError:
        return -1


def _decimal(data: bytes) -> int:
    if not data.isdigit() or len(data) > 20:
        raise ArchiveError(f"an extended header holds {shown(data)} where a size belongs")
    return int(data)


def _nanoseconds(data: bytes) -> int:
    """Read seconds with a fraction, exactly."""
    found = _TIME(data)
    if found is None:
        raise ArchiveError(f"an extended header holds {shown(data)} where a time belongs")
    sign, seconds, fraction = found.groups(b"")
    return int(sign + seconds + fraction[:9].ljust(9, b"0"))
