"""Tar: ustar, GNU and PAX members, from a stream.

A reader of our own because tarfile takes about 100 µs a member, most of the time a tree of small files takes.
What it makes of honest archives is compared with GNU tar in tests.
"""

from __future__ import annotations

from pkgs.errors import ArchiveError
from pkgs.store.unpack import pax, sparse
from pkgs.store.unpack.members import Members
from pkgs.store.unpack.names import place, shown
from pkgs.store.unpack.stream import Stream
from pkgs.store.unpack.tarheader import (
    BLOCK,
    HARDLINK,
    SYMLINK,
    Member,
    is_valid,
    kind_of,
    read_member,
    size_of,
)
from pkgs.store.unpack.tree import Tree

_END = bytes(BLOCK)
# More than any honest extended header needs: a name is at most 4 kB.
_LONGEST_EXTENSION = 1 << 20
_FILE = (b"0", b"\0", b"7")
_PAX = (b"x", b"X")  # X is Solaris'
_PAX_FOR_ALL, _LONG_NAME, _LONG_LINK = b"g", b"L", b"K"
_EXTENSIONS = {*_PAX, _PAX_FOR_ALL, _LONG_NAME, _LONG_LINK}
_DIRECTORIES = (b"5", b"D")  # D is GNU's, with a listing for its data
_LABEL = b"V"
_SPECIAL = {b"3": "a device", b"4": "a device", b"6": "a named pipe", b"M": "a part of another archive"}


class TarReader:
    """Unpack a stream's members into ``tree``; ``guarded`` says that a checksum guards the whole stream."""

    def __init__(self, stream: Stream, tree: Tree, members: Members, *, guarded: bool) -> None:
        self._stream = stream
        self._tree = tree
        self._members = members
        self._guarded = guarded
        self._last = b""
        self._global: pax.Records = {}

    def unpack(self) -> None:
        """Unpack all members; what follows the end of the archive is not looked at, as in GNU tar."""
        while (member := self._next()) is not None:
            self._last = member.name
            self._store(member)
        self._stream.drain()

    def _next(self) -> Member | None:
        """Return the next member, its extended headers applied; None at the end."""
        records: pax.Records = {}
        name = link = None
        while (block := self._block()) is not None:
            kind = kind_of(block)
            if kind not in _EXTENSIONS:
                return read_member(
                    block, {**self._global, **records} if self._global else records, name, link
                )
            if kind in _PAX:
                records.update(self._pax(block))
            elif kind == _PAX_FOR_ALL:
                self._global.update(self._pax(block))
            elif kind == _LONG_NAME:
                name = self._extension(block).rstrip(b"\0")
            else:
                link = self._extension(block).rstrip(b"\0")
        return None

    def _block(self) -> bytes | None:
        """Return the next header block, verified; None at the end."""
        if not self._stream.has_more():
            if self._guarded:
                return None
            raise ArchiveError("it has no end mark: it is truncated")
        block = self._stream.read(BLOCK)
        if block == _END:
            return None
        if not is_valid(block):
            raise ArchiveError(f"the header after member {shown(self._last)} has a wrong checksum")
        return block

    def _extension(self, block: bytes) -> bytes:
        size = size_of(block)
        if size > _LONGEST_EXTENSION:
            raise ArchiveError(f"an extended header claims {size:,} bytes")
        data = self._stream.read(size)
        self._stream.skip(-size % BLOCK)
        self._members.count()
        return data

    def _pax(self, block: bytes) -> pax.Records:
        return pax.records(self._extension(block))

    def _store(self, member: Member) -> None:
        """Write one member, or pass over it when ``strip`` takes it."""
        path = self._members.place(member.name)
        kind = member.kind
        if kind in _SPECIAL:
            raise ArchiveError(f"member {shown(member.name)} is {_SPECIAL[kind]}")
        if kind == _LABEL or path is None:
            self._pass(member)
        elif kind in _DIRECTORIES:
            self._tree.directory(path, member.mode, member.mtime)
            self._pass(member)
        elif kind == SYMLINK:
            self._tree.symlink(path, member.link, member.mtime)
        elif kind == HARDLINK:
            self._hardlink(member, path)
        elif (layout := sparse.layout(member.block, member.size, member.records, self._stream)) is not None:
            self._sparse(member, path, layout)
        else:
            self._file(member, path)

    def _pass(self, member: Member) -> None:
        self._stream.skip(member.size + -member.size % BLOCK)

    def _hardlink(self, member: Member, path: bytes) -> None:
        """Link to another member, whose name is stripped as its own was."""
        target = place(member.link, self._members.strip)
        if not target:
            raise ArchiveError(
                f"hard link {shown(member.name)} points at {shown(member.link)}, "
                f"which strip = {self._members.strip} removes"
            )
        self._tree.hardlink(path, target)

    def _file(self, member: Member, path: bytes) -> None:
        if member.kind not in _FILE:
            raise ArchiveError(f"member {shown(member.name)} is of the unknown kind {shown(member.kind)}")
        if member.name.endswith(b"/"):  # how archives before POSIX marked directories
            self._tree.directory(path, member.mode, member.mtime)
            self._pass(member)
            return
        self._tree.file(path, self._stream.content(member.size), member.mode, member.mtime)
        self._stream.skip(-member.size % BLOCK)

    def _sparse(self, member: Member, path: bytes, layout: sparse.Layout) -> None:
        pieces = ((offset, self._stream.pieces(length)) for offset, length in layout.segments)
        self._tree.sparse(path, pieces, layout.size, member.mode, member.mtime)
        self._stream.skip(-member.size % BLOCK)
