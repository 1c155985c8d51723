"""7z, through 7-Zip's own program: py7zr would bring seven compiled libraries for a kind that is rare."""

from __future__ import annotations

import calendar
import itertools
import stat
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgs.errors import ArchiveError
from pkgs.store.unpack.external import Helper
from pkgs.store.unpack.limits import Budget
from pkgs.store.unpack.members import Members
from pkgs.store.unpack.names import shown
from pkgs.store.unpack.sniff import is_executable
from pkgs.store.unpack.stream import Stream
from pkgs.store.unpack.tree import Tree

_NAMES = ("7zz", "7z", "7za", "7zr")
_HINT = "install 7-Zip (package 7zip or p7zip-full), or ask for another kind of archive"
_KINDS = {"l": stat.S_IFLNK, "d": stat.S_IFDIR, "-": stat.S_IFREG}
_LONGEST_LINK = 4095


@dataclass(frozen=True, slots=True)
class _Member:
    name: bytes
    size: int
    crc: int | None
    mode: int
    mtime: int | None


class SevenZipReader:
    """Unpack the 7z file ``archive`` into ``tree``."""

    def __init__(
        self, archive: Path, tree: Tree, budget: Budget, members: Members, *, environ: Mapping[str, str]
    ) -> None:
        self._archive = str(archive.absolute())
        self._tree = tree
        self._budget = budget
        self._members = members
        self._helper = Helper(_NAMES, _HINT, environ)

    def unpack(self) -> None:
        """Unpack all members, whose contents 7-Zip prints one after the other in the order of its listing."""
        listing = self._helper.run("l", "-slt", "-ba", "-sccUTF-8", "-t7z", "--", self._archive)
        self._budget.took(Path(self._archive).stat().st_size)
        with self._helper.output("x", "-so", "-bd", "-t7z", "--", self._archive) as chunks:
            stream = Stream(chunks)
            for member in _members(listing):
                self._store(member, stream)
            if stream.peek(1):
                raise ArchiveError("it holds more than its listing says")

    def _store(self, member: _Member, stream: Stream) -> None:
        path = self._members.place(member.name)
        content = _checked(member, stream)
        if path is None:
            for _ in content:
                pass
        elif stat.S_ISDIR(member.mode):
            self._tree.directory(path, stat.S_IMODE(member.mode) or 0o755, member.mtime)
        elif stat.S_ISLNK(member.mode):
            if member.size > _LONGEST_LINK:
                raise ArchiveError(f"symbolic link {shown(member.name)} has no usable target")
            self._tree.symlink(path, b"".join(content), member.mtime)
        else:
            first = next(content, b"")
            mode = stat.S_IMODE(member.mode) or (0o755 if is_executable(bytes(first)) else 0o644)
            self._tree.file(path, itertools.chain([first], content), mode, member.mtime)


def _checked(member: _Member, stream: Stream) -> Iterator[memoryview | bytes]:
    crc = 0
    for piece in stream.pieces(member.size):
        crc = zlib.crc32(piece, crc)
        yield piece
    if member.crc is not None and crc != member.crc:
        raise ArchiveError(f"member {shown(member.name)} is damaged: its CRC differs")


def _members(listing: bytes) -> Iterator[_Member]:
    """Read a listing: a block of ``Key = value`` lines for each member."""
    for block in listing.replace(b"\r\n", b"\n").split(b"\n\n"):
        lines = (line.partition(b" = ") for line in block.split(b"\n"))
        fields = {key.strip(): value for key, equals, value in lines if equals}
        if b"Path" in fields:
            yield _member(fields)


def _member(fields: Mapping[bytes, bytes]) -> _Member:
    name = fields[b"Path"]
    if fields.get(b"Encrypted") == b"+":
        raise ArchiveError(f"member {shown(name)} is encrypted")
    try:
        return _Member(
            name=name,
            size=int(fields.get(b"Size") or b"0"),
            crc=int(fields[b"CRC"], 16) if fields.get(b"CRC") else None,
            mode=_mode(fields.get(b"Attributes", b"").decode("ascii")),
            mtime=_mtime(fields.get(b"Modified", b"").decode("ascii")),
        )
    except ValueError as error:
        raise ArchiveError(f"what 7-Zip says of member {shown(name)} makes no sense") from error


def _mode(attributes: str) -> int:
    """Read ``A -rwxr-xr-x``, or ``D`` where the maker knew no Unix modes."""
    words = attributes.split()
    text = words[-1] if words and len(words[-1]) == 10 else ""
    if not text:
        return stat.S_IFDIR if "D" in attributes else stat.S_IFREG
    if text[0] not in _KINDS:
        raise ArchiveError("it holds a device, a socket or a pipe")
    bits = sum(1 << 8 - index for index, letter in enumerate(text[1:]) if letter in "rwxst")
    return _KINDS[text[0]] | bits


def _mtime(text: str) -> int | None:
    if not text:
        return None
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%d %H:%M:%S")) * 1_000_000_000
