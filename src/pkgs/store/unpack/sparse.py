"""The four ways in which tar headers describe files with holes.

GNU's own format of old, and versions 0.0, 0.1 and 1.0 inside PAX headers: see "Storing Sparse Files" in the
GNU tar manual.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pkgs.errors import ArchiveError
from pkgs.store.unpack.pax import SPARSE_MAP, Records
from pkgs.store.unpack.stream import Stream
from pkgs.store.unpack.tarheader import BLOCK, unsigned

_MOST_SEGMENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file's data goes: ``segments`` of (offset, length) in a file of ``size`` bytes."""

    segments: tuple[tuple[int, int], ...]
    size: int


def layout(block: bytes, packed: int, records: Records, stream: Stream) -> Layout | None:
    """Return the layout of a sparse file whose header is ``block``; None for any other member.

    ``packed`` is how much data the archive holds for it; a map before that data is read from ``stream``.
    """
    if block[156:157] == b"S":
        return _checked(_old(block, stream), unsigned(block[483:495]), packed)
    if not records:
        return None
    if "GNU.sparse.major" in records:
        return _embedded(records, packed, stream)
    if SPARSE_MAP in records:
        numbers = [_number(text) for text in records[SPARSE_MAP].split(b",")]
        return _checked(_pairs(numbers), _number(records.get("GNU.sparse.size", b"")), packed)
    return None


def _embedded(records: Records, packed: int, stream: Stream) -> Layout:
    """Read the map that version 1.0 puts before the data: decimal lines, padded to a block."""
    if records["GNU.sparse.major"] != b"1":
        raise ArchiveError("a sparse file is of a version that is not known")
    lines = _lines(stream)
    count = next(lines)
    if count > _MOST_SEGMENTS:
        raise ArchiveError(f"a sparse file claims {count:,} parts")
    numbers = [next(lines) for _ in range(2 * count)]
    taken = sum(len(b"%d\n" % number) for number in (count, *numbers))
    taken += -taken % BLOCK
    return _checked(_pairs(numbers), _number(records.get("GNU.sparse.realsize", b"")), packed - taken)


def _lines(stream: Stream) -> Iterator[int]:
    pending = b""
    while True:
        while b"\n" not in pending:
            pending += stream.read(BLOCK)
            if len(pending) > 2 * BLOCK:
                raise ArchiveError("a sparse file's map is damaged")
        line, _, pending = pending.partition(b"\n")
        yield _number(line)


def _old(block: bytes, stream: Stream) -> list[tuple[int, int]]:
    """Read the map of GNU's own format: four pairs in the header, 21 in each block that follows it."""
    pairs = _fields(block[386:482])
    more = block[482]
    while more:
        block = stream.read(BLOCK)
        pairs += _fields(block[:504])
        more = block[504]
        if len(pairs) > _MOST_SEGMENTS:
            raise ArchiveError(f"a sparse file claims more than {_MOST_SEGMENTS:,} parts")
    return pairs


def _fields(data: bytes) -> list[tuple[int, int]]:
    fields = (data[at : at + 24] for at in range(0, len(data), 24))
    return [(unsigned(field[:12]), unsigned(field[12:])) for field in fields if field[0]]


def _number(text: bytes) -> int:
    if not text.isdigit() or len(text) > 20:
        raise ArchiveError("a sparse file's map is damaged")
    return int(text)


def _pairs(numbers: list[int]) -> list[tuple[int, int]]:
    if len(numbers) % 2:
        raise ArchiveError("a sparse file's map is damaged")
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _checked(pairs: list[tuple[int, int]], size: int, packed: int) -> Layout:
    """Refuse a map that goes backwards, leaves the file, or does not use just the data there is."""
    end = 0
    for offset, length in pairs:
        if offset < end or offset + length > size:
            raise ArchiveError("a sparse file's map does not fit the file")
        end = offset + length
    if sum(length for _, length in pairs) != packed:
        raise ArchiveError("a sparse file's map does not fit its data")
    return Layout(tuple(pairs), size)
