"""Zip: members as the central directory has them, each checked against its own header, length and CRC."""

from __future__ import annotations

import fnmatch
import os
import stat
import struct
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing

from pkgs.errors import ArchiveError
from pkgs.store.unpack import compression
from pkgs.store.unpack.limits import Budget
from pkgs.store.unpack.links import read_target
from pkgs.store.unpack.members import Members
from pkgs.store.unpack.names import shown
from pkgs.store.unpack.sniff import permissions
from pkgs.store.unpack.stream import SMALL, ahead, in_chunks
from pkgs.store.unpack.tree import Tree
from pkgs.store.unpack.zipdirectory import ZipMember, read_directory

_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_METHODS = {_STORED, _DEFLATED, 12, 93, 95}
_ENCRYPTED = 0x2041
# Info-ZIP notes what it read from a pipe as a pipe, and unpacks it as the file that was meant.
_FILES = {0, stat.S_IFREG, stat.S_IFIFO}
_WORTH_A_THREAD = 1 << 22
_WHEEL = "*.dist-info/WHEEL"
_SCRIPTS = "*.data/scripts/*"


class ZipReader:
    """Unpack the zip open at ``fd`` into ``tree``."""

    def __init__(self, fd: int, tree: Tree, budget: Budget, members: Members) -> None:
        self._fd = fd
        self._tree = tree
        self._budget = budget
        self._members = members
        self._paths: set[bytes] = set()
        self._wheel = False

    def unpack(self) -> None:
        """Unpack all members, in the order of their data."""
        members, directory = read_directory(self._fd, self._budget)
        self._wheel = any(fnmatch.fnmatchcase(os.fsdecode(member.name), _WHEEL) for member in members)
        end = 0
        for member in members:
            start, end = self._data(member, end, directory)
            self._store(member, start)

    def _data(self, member: ZipMember, free: int, directory: int) -> tuple[int, int]:
        """Return where the data of ``member`` begins and ends, which is between ``free`` and the directory.

        Its own header must say the same of it as the directory.
        """
        if member.offset < free:
            raise ArchiveError(f"member {shown(member.name)} overlaps another one")
        size = _LOCAL.size + len(member.raw_name)
        header = os.pread(self._fd, size, member.offset) if member.offset < directory else b""
        if len(header) < _LOCAL.size or not header.startswith(b"PK\3\4"):
            raise ArchiveError(f"member {shown(member.name)} is not where the directory says: it is damaged")
        flags: int = _LOCAL.unpack_from(header)[2]
        name_length, extra_length = struct.unpack_from("<2H", header, 26)
        if name_length != len(member.raw_name) or header[_LOCAL.size :] != member.raw_name:
            raise ArchiveError(f"member {shown(member.name)} has another name in its own header")
        if (flags | member.flags) & _ENCRYPTED:
            raise ArchiveError(f"member {shown(member.name)} is encrypted")
        start = member.offset + _LOCAL.size + int(name_length) + int(extra_length)
        if start + member.packed > directory:
            raise ArchiveError(f"member {shown(member.name)} reaches into the directory: it is damaged")
        return start, start + member.packed

    def _store(self, member: ZipMember, start: int) -> None:
        path = self._members.place(member.name)
        if path is None:
            return
        kind = stat.S_IFMT(member.mode or 0)
        if member.name.endswith(b"/") or kind == stat.S_IFDIR:
            self._tree.directory(path, stat.S_IMODE(member.mode or 0o755), member.mtime)
            return
        if path in self._paths:
            raise ArchiveError(f"member {shown(member.name)} is there twice")
        self._paths.add(path)
        if kind == stat.S_IFLNK:
            target = read_target(member.name, member.size, self._content(member, start))
            self._tree.symlink(path, target, member.mtime)
        elif kind in _FILES:
            self._file(member, start, path)
        else:
            raise ArchiveError(f"member {shown(member.name)} is a device or a socket")

    def _file(self, member: ZipMember, start: int, path: bytes) -> None:
        chunks = self._content(member, start)
        if member.size <= SMALL:
            content = b"".join(chunks)
            self._tree.file(path, content, self._mode(member, content), member.mtime)
            return
        with closing(ahead(chunks) if member.packed > _WORTH_A_THREAD else chunks) as ready:
            first = next(ready, b"")
            self._tree.file(path, _again(first, ready), self._mode(member, first), member.mtime)

    def _mode(self, member: ZipMember, first: bytes) -> int:
        """Return the permissions: as stored, else by the content; a wheel's scripts run."""
        if self._wheel and fnmatch.fnmatchcase(os.fsdecode(member.name), _SCRIPTS):
            return 0o755
        return stat.S_IMODE(member.mode or 0) or permissions(first)

    def _content(self, member: ZipMember, start: int) -> Generator[bytes, None, None]:
        """Yield the content, counted and checked to the last byte."""
        if member.method not in _METHODS:
            raise ArchiveError(
                f"member {shown(member.name)} is compressed by method {member.method}, which is not known"
            )
        crc = size = 0
        for chunk in self._unpacked(member, start):
            size += len(chunk)
            if size > member.size:
                raise ArchiveError(
                    f"member {shown(member.name)} is longer than it says ({member.size:,} bytes)"
                )
            crc = zlib.crc32(chunk, crc)
            yield chunk
        if size != member.size:
            raise ArchiveError(f"member {shown(member.name)} is shorter than it says ({member.size:,} bytes)")
        if crc != member.crc:
            raise ArchiveError(f"member {shown(member.name)} is damaged: its CRC differs")

    def _unpacked(self, member: ZipMember, start: int) -> Iterator[bytes]:
        span = _Span(self._fd, start, member.packed)
        if member.method == _STORED:
            if member.packed != member.size:
                raise ArchiveError(f"member {shown(member.name)} is stored, but its two sizes differ")
            return self._budget.taking(in_chunks(span.read))
        return self._named(compression.raw(span.read, member.method, self._budget), member)

    def _named(self, chunks: Iterator[bytes], member: ZipMember) -> Iterator[bytes]:
        try:
            yield from chunks
        except ArchiveError as error:
            raise ArchiveError(f"member {shown(member.name)}: {error.message}", error.hint) from error


class _Span:
    """A part of the file, read from its beginning to its end."""

    def __init__(self, fd: int, start: int, length: int) -> None:
        self._fd = fd
        self._at = start
        self._end = start + length

    def read(self, size: int) -> bytes:
        data = os.pread(self._fd, min(size, self._end - self._at), self._at)
        self._at += len(data)
        return data


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
