"""RPM packages: a lead, two headers and a compressed cpio archive (rpm.org, "RPM V4 package format")."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from pkgs.errors import ArchiveError
from pkgs.store.unpack.limits import Budget
from pkgs.store.unpack.stream import Stream

_LEAD = 96
# rpm's own bounds on a header (lib/header.c): how many tags, and how many bytes they point into.
_MOST_TAGS = 0xFFFF
_MOST_DATA = 256 << 20
_SIZES, _MODES, _TIMES, _DIRECTORY_INDEXES, _LONG_SIZES = 1028, 1030, 1034, 1116, 5008
_BASE_NAMES, _DIRECTORY_NAMES = 1117, 1118
_NUMBERS = {_SIZES, _MODES, _TIMES, _DIRECTORY_INDEXES, _LONG_SIZES}
_STRINGS = {_BASE_NAMES, _DIRECTORY_NAMES}
_FORMATS = {3: "H", 4: "L", 5: "Q"}


@dataclass(frozen=True, slots=True)
class RpmFile:
    """What the header says of one file; large packages' cpio members have only its number."""

    name: bytes
    size: int
    mode: int
    mtime: int


@dataclass(frozen=True, slots=True)
class RpmFiles:
    """The files that a package's header lists, by their numbers."""

    numbers: dict[int, Sequence[int]] = field(default_factory=dict)
    strings: dict[int, Sequence[bytes]] = field(default_factory=dict)

    def file(self, number: int) -> RpmFile:
        """Return what is said of a file; raise :class:`ArchiveError` if it is not listed."""
        try:
            directory = self.numbers[_DIRECTORY_INDEXES][number]
            name = b"." + self.strings[_DIRECTORY_NAMES][directory] + self.strings[_BASE_NAMES][number]
            size = self.numbers[_LONG_SIZES if _LONG_SIZES in self.numbers else _SIZES][number]
            return RpmFile(name, size, self.numbers[_MODES][number], self.numbers[_TIMES][number])
        except LookupError as error:
            raise ArchiveError("the package's list of files is damaged") from error


def skip_headers(stream: Stream, budget: Budget) -> RpmFiles:
    """Read up to the payload and return the files that the main header lists."""
    stream.skip(_LEAD)
    _, size = _header(stream, budget)
    stream.skip(-size % 8)
    files, _ = _header(stream, budget)
    return files


def _header(stream: Stream, budget: Budget) -> tuple[RpmFiles, int]:
    """Return what a header says of files, and how long it was."""
    magic, count, size = struct.unpack(">4s4x2L", stream.read(16))
    if magic != b"\x8e\xad\xe8\x01" or count > _MOST_TAGS or size > _MOST_DATA:
        raise ArchiveError("a header of the package is damaged")
    index, data = stream.read(16 * count), stream.read(size)
    files = RpmFiles()
    for tag, kind, offset, length in struct.iter_unpack(">4L", index):
        if tag not in _NUMBERS | _STRINGS or tag in files.numbers or tag in files.strings:
            continue
        budget.claims(length)
        if tag in _NUMBERS:
            files.numbers[tag] = _numbers(data, kind, offset, length)
        else:
            files.strings[tag] = data[offset:].split(b"\0", length)[:length]
    return files, 16 + 16 * count + size


def _numbers(data: bytes, kind: int, offset: int, count: int) -> Sequence[int]:
    try:
        return struct.unpack_from(f">{count}{_FORMATS[kind]}", data, offset)
    except (struct.error, KeyError) as error:
        raise ArchiveError("a header of the package is damaged") from error
