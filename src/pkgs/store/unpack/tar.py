"""Tar: ustar, GNU and PAX members, from a stream.

A reader of our own because tarfile takes about 100 µs a member, most of the time a tree of small files takes.
What it makes of honest archives is compared with GNU tar in tests.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field

from pkgs.errors import ArchiveError
from pkgs.store.unpack import sparse
from pkgs.store.unpack.limits import Budget
from pkgs.store.unpack.names import place, shown, top
from pkgs.store.unpack.sniff import checksums
from pkgs.store.unpack.stream import Stream
from pkgs.store.unpack.tree import Tree

BLOCK = 512
_END = bytes(BLOCK)
# More than any honest extended header needs: a name is at most 4 kB.
_LONGEST_EXTENSION = 1 << 20
_FILE = (b"0", b"\0", b"7")
_LINKLIKE = (b"1", b"2")
_EXTENDED = (b"x", b"X")  # X is Solaris'
_DIRECTORIES = (b"5", b"D")  # D is GNU's, with a listing for its data
_TIME = re.compile(rb"(-?)([0-9]{1,12})(?:\.([0-9]*))?").fullmatch
_LABEL = b"V"
_SPECIAL = {b"3": "a device", b"4": "a device", b"6": "a named pipe", b"M": "a part of another archive"}


@dataclass(slots=True)
class _Member:
    """One header, with what extended headers said of it."""

    name: bytes
    kind: bytes
    size: int
    mode: int
    mtime: int
    link: bytes
    block: bytes
    records: sparse.Records = field(default_factory=dict)


class TarReader:
    """Unpack a stream's members into ``tree``; ``sealed`` says that a checksum guards the whole stream."""

    def __init__(self, stream: Stream, tree: Tree, budget: Budget, *, strip: int, sealed: bool) -> None:
        self._stream = stream
        self._tree = tree
        self._budget = budget
        self._strip = strip
        self._sealed = sealed
        self._last = b""
        self._global: sparse.Records = {}
        self.tops: set[bytes] = set()

    def unpack(self) -> None:
        """Unpack all members; what follows the end of the archive is not looked at, as in GNU tar."""
        while (member := self._next()) is not None:
            self._budget.member()
            self._last = member.name
            if self._tree.empty and len(self.tops) < 10:
                self.tops.add(top(member.name))
            self._store(member)
        self._stream.drain()

    def _next(self) -> _Member | None:
        """Return the next member, its extended headers applied; None at the end."""
        records: sparse.Records = {}
        name = link = None
        while (block := self._block()) is not None:
            kind = block[156:157]
            if kind in _EXTENDED:
                records.update(self._pax(block))
            elif kind == b"g":
                self._global.update(self._pax(block))
            elif kind == b"L":
                name = self._extension(block).rstrip(b"\0")
            elif kind == b"K":
                link = self._extension(block).rstrip(b"\0")
            else:
                return _member(block, {**self._global, **records} if self._global else records, name, link)
        return None

    def _block(self) -> bytes | None:
        """Return the next header block, verified; None at the end."""
        if not self._stream.peek(1):
            if self._sealed:
                return None
            raise ArchiveError("it has no end mark: it is truncated")
        block = self._stream.read(BLOCK)
        if block == _END:
            return None
        if not _valid(block):
            raise ArchiveError(f"the header after member {shown(self._last)} has a wrong checksum")
        return block

    def _extension(self, block: bytes) -> bytes:
        size = _number(block[124:136])
        if size > _LONGEST_EXTENSION:
            raise ArchiveError(f"an extended header claims {size:,} bytes")
        data = self._stream.read(size)
        self._stream.skip(-size % BLOCK)
        self._budget.member()
        return data

    def _pax(self, block: bytes) -> sparse.Records:
        return sparse.records(self._extension(block))

    def _store(self, member: _Member) -> None:
        """Write one member, or pass over it when ``strip`` takes it."""
        path = place(member.name, self._strip)
        if member.kind in _SPECIAL:
            raise ArchiveError(f"member {shown(member.name)} is {_SPECIAL[member.kind]}")
        if member.kind == _LABEL or path is None:
            self._pass(member)
        elif member.kind in _DIRECTORIES:
            self._tree.directory(path, member.mode, member.mtime)
            self._pass(member)
        elif member.kind == b"2":
            self._tree.symlink(path, member.link, member.mtime)
        elif member.kind == b"1":
            self._hardlink(member, path)
        elif (layout := sparse.layout(member.block, member.size, member.records, self._stream)) is not None:
            self._sparse(member, path, layout)
        else:
            self._file(member, path)

    def _pass(self, member: _Member) -> None:
        self._stream.skip(member.size + -member.size % BLOCK)

    def _hardlink(self, member: _Member, path: bytes) -> None:
        """Link to another member, whose name is stripped as its own was."""
        target = place(member.link, self._strip)
        if not target:
            raise ArchiveError(
                f"hard link {shown(member.name)} points at {shown(member.link)}, "
                f"which strip = {self._strip} removes"
            )
        self._tree.hardlink(path, target)

    def _file(self, member: _Member, path: bytes) -> None:
        if member.kind not in _FILE:
            raise ArchiveError(f"member {shown(member.name)} is of the unknown kind {shown(member.kind)}")
        if member.name.endswith(b"/"):  # how archives before POSIX marked directories
            self._tree.directory(path, member.mode, member.mtime)
            self._pass(member)
            return
        self._tree.file(path, self._stream.pieces(member.size), member.mode, member.mtime)
        self._stream.skip(-member.size % BLOCK)

    def _sparse(self, member: _Member, path: bytes, layout: sparse.Layout) -> None:
        pieces = ((offset, self._stream.pieces(length)) for offset, length in layout.segments)
        self._tree.sparse(path, pieces, layout.size, member.mode, member.mtime)
        self._stream.skip(-member.size % BLOCK)


def _member(block: bytes, records: sparse.Records, name: bytes | None, link: bytes | None) -> _Member:
    """Read a header block; extended headers' words come before its own."""
    kind = block[156:157]
    size = _number(block[124:136])
    mtime = _number(block[136:148]) * 1_000_000_000
    if records:
        name = records.get("GNU.sparse.name", records.get("path", name))
        link = records.get("linkpath", link)
        size = _decimal(records["size"]) if "size" in records else size
        mtime = _nanoseconds(records["mtime"]) if "mtime" in records else mtime
    return _Member(
        name=_name(block) if name is None else name,
        kind=kind,
        size=0 if kind in _LINKLIKE else size,
        mode=_number(block[100:108]),
        mtime=mtime,
        link=_text(block[157:257]) if link is None else link,
        block=block,
        records=records,
    )


def _valid(block: bytes) -> bool:
    """Verify the checksum of a header.

    Adler-32's lower half is the sum of all bytes modulo 65521, at a twentieth of what ``sum`` takes.
    """
    claimed = _octal(block[148:156])
    total = claimed + sum(block[148:156]) - 8 * ord(" ")
    return (total + 1) % 65521 == zlib.adler32(block) & 0xFFFF or claimed in checksums(block)


def _name(block: bytes) -> bytes:
    """Return the name of a header, with the prefix that only POSIX headers have."""
    name = _text(block[:100])
    if block[345] and block[257:263] == b"ustar\0":
        return _text(block[345:500]) + b"/" + name
    return name


def _text(data: bytes) -> bytes:
    return data.partition(b"\0")[0]


def _octal(data: bytes) -> int:
    """Read an octal field, ended and padded by blanks or NULs; -1 if it is none."""
    try:
        return int(data.rstrip(b"\0 ") or b"0", 8)
    except ValueError:
        return -1


def _number(data: bytes) -> int:
    """Read a numeric field: octal, or GNU's base 256 where the first bit is set."""
    if data[0] & 0x80:
        value = int.from_bytes(data, "big", signed=False) & ((1 << 8 * len(data) - 1) - 1)
        return value - (1 << 8 * len(data) - 1) if data[0] & 0x40 else value
    value = _octal(data)
    if value < 0:
        raise ArchiveError(f"a header holds {shown(data)} where a number belongs")
    return value


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
