"""cpio in its "new ASCII" format, as RPM packages hold it (cpio(5)); hard links carry their data last."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass

from pkgs.errors import ArchiveError
from pkgs.store.unpack.links import read_target
from pkgs.store.unpack.members import Members
from pkgs.store.unpack.names import shown
from pkgs.store.unpack.rpm import RpmFiles
from pkgs.store.unpack.stream import Stream
from pkgs.store.unpack.tree import Tree

_NEW = (b"070701", b"070702")
_INDEXED = b"07070X"  # rpm's own, for packages over 4 GB
_END = b"TRAILER!!!"
_HEX = re.compile(rb"[0-9A-Fa-f]*").fullmatch
_LONGEST_NAME = 4096


@dataclass(frozen=True, slots=True)
class _Member:
    name: bytes
    mode: int
    mtime: int
    size: int
    inode: tuple[int, ...]
    links: int


class CpioReader:
    """Unpack a cpio archive; ``files`` describe members that hold only a number."""

    def __init__(self, stream: Stream, tree: Tree, members: Members, *, files: RpmFiles) -> None:
        self._stream = stream
        self._tree = tree
        self._members = members
        self._files = files
        self._waiting: dict[tuple[int, ...], list[tuple[bytes, _Member]]] = {}

    def unpack(self) -> None:
        """Unpack all members."""
        while (member := self._next()) is not None:
            self._store(member)
        for waiting in filter(None, self._waiting.values()):  # several names of an empty file
            self._write(waiting[0][1], [path for path, _ in waiting])
        self._stream.drain()

    def _next(self) -> _Member | None:
        magic = self._stream.read(6)
        if magic == _INDEXED:
            return self._indexed()
        if magic not in _NEW:
            raise ArchiveError("a header of its cpio archive is damaged")
        digits = self._stream.read(104)
        if not _HEX(digits):
            raise ArchiveError("a header of its cpio archive is damaged")
        fields = [int(digits[at : at + 8], 16) for at in range(0, 104, 8)]
        inode, mode, _, _, links, mtime, size, *device, _, _, length, _ = fields
        if not 0 < length <= _LONGEST_NAME:
            raise ArchiveError(f"a member's name claims {length:,} bytes")
        name = self._stream.read(length).rstrip(b"\0")
        self._stream.skip(-(110 + length) % 4)
        return None if name == _END else _Member(name, mode, mtime, size, (inode, *device), links)

    def _indexed(self) -> _Member:
        number = self._stream.read(8)
        if not _HEX(number):
            raise ArchiveError("a header of its cpio archive is damaged")
        file = self._files.file(int(number, 16))
        self._stream.skip(2)
        return _Member(file.name, file.mode, file.mtime, file.size, (), 1)

    def _store(self, member: _Member) -> None:
        path = self._members.place(member.name)
        kind = stat.S_IFMT(member.mode)
        if kind not in {stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
            raise ArchiveError(f"member {shown(member.name)} is a device, a socket or a pipe")
        if kind == stat.S_IFREG:
            self._file(member, path)
        elif path is None:
            self._stream.skip(member.size)
        elif kind == stat.S_IFDIR:
            self._tree.directory(path, stat.S_IMODE(member.mode), member.mtime * 1_000_000_000)
        else:
            target = read_target(member.name, member.size, self._stream.pieces(member.size))
            self._tree.symlink(path, target, member.mtime * 1_000_000_000)
        self._stream.skip(-member.size % 4)

    def _file(self, member: _Member, path: bytes | None) -> None:
        """Write a file; of several names for one only the last, stripped or not, comes with the data."""
        paths = [] if path is None else [path]
        if member.links > 1:
            waiting = self._waiting.setdefault(member.inode, [])
            if not member.size:
                waiting += [(path, member) for path in paths]
                return
            paths += [path for path, _ in self._waiting.pop(member.inode)]
        self._write(member, paths)

    def _write(self, member: _Member, paths: list[bytes]) -> None:
        if not paths:
            self._stream.skip(member.size)
            return
        mode = stat.S_IMODE(member.mode)
        self._tree.file(paths[0], self._stream.content(member.size), mode, member.mtime * 1_000_000_000)
        for path in paths[1:]:
            self._tree.hardlink(path, paths[0])
