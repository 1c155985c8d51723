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
from pkgs.store.unpack.links import read_target
from pkgs.store.unpack.members import Members
from pkgs.store.unpack.names import shown
from pkgs.store.unpack.sniff import HEAD, permissions
from pkgs.store.unpack.stream import Stream
from pkgs.store.unpack.tree import Tree

_NAMES = ("7zz", "7z", "7za", "7zr")
_HINT = "install 7-Zip (package 7zip or p7zip-full), or ask for another kind of archive"
_KINDS = {"l": stat.S_IFLNK, "d": stat.S_IFDIR, "-": stat.S_IFREG}
# 7-Zip notes what it read from a pipe as a pipe, and unpacks it as the file that was meant.
_PIPE = "p"
_LONGEST_LINE = 1 << 16


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
        self._archive = archive.absolute()
        self._tree = tree
        self._budget = budget
        self._members = members
        self._helper = Helper(_NAMES, _HINT, environ)
        # With a password, be it a wrong one, it does not ask for the right one.
        self._words = ("-t7z", "-pnone", "--", str(self._archive))

    def unpack(self) -> None:
        """Unpack all members, whose contents 7-Zip prints one after the other in the order of its listing."""
        self._budget.took(self._archive.stat().st_size)
        with (
            self._helper.output("x", "-so", "-bd", *self._words) as contents,
            self._helper.output("l", "-slt", "-ba", "-sccUTF-8", *self._words) as listing,
        ):
            stream = Stream(self._counted(contents))
            for member in _members(_lines(listing)):
                self._store(member, stream)
            if stream.has_more():
                raise ArchiveError("it holds more than its listing says")

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._budget.produced(len(chunk))
            yield chunk

    def _store(self, member: _Member, stream: Stream) -> None:
        path = self._members.place(member.name)
        head = stream.peek(min(member.size, HEAD))
        content = _checked(member, stream)
        if path is None:
            for _ in content:
                pass
        elif stat.S_ISDIR(member.mode):
            self._tree.directory(path, stat.S_IMODE(member.mode) or 0o755, member.mtime)
        elif stat.S_ISLNK(member.mode):
            self._tree.symlink(path, read_target(member.name, member.size, content), member.mtime)
        else:
            self._tree.file(path, content, stat.S_IMODE(member.mode) or permissions(head), member.mtime)


def _checked(member: _Member, stream: Stream) -> Iterator[memoryview | bytes]:
    crc = 0
    for piece in stream.pieces(member.size):
        crc = zlib.crc32(piece, crc)
        yield piece
    if member.crc is not None and crc != member.crc:
        raise ArchiveError(f"member {shown(member.name)} is damaged: its CRC differs")


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    pending = b""
    for chunk in chunks:
        *lines, pending = (pending + chunk).split(b"\n")
        yield from lines
        if len(pending) > _LONGEST_LINE:
            raise ArchiveError(f"a member's name claims {len(pending):,} bytes")
    yield pending


def _members(lines: Iterator[bytes]) -> Iterator[_Member]:
    """Read a listing: a block of ``Key = value`` lines for each member."""
    fields: dict[bytes, bytes] = {}
    for line in itertools.chain(lines, [b""]):
        key, equals, value = line.rstrip(b"\r").partition(b" = ")
        if equals:
            fields[key] = value
            continue
        if b"Path" in fields:
            yield _member(fields)
        fields = {}


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
    if text[0] == _PIPE:
        return stat.S_IFREG
    if text[0] not in _KINDS:
        raise ArchiveError("it holds a device or a socket")
    bits = sum(1 << 8 - index for index, letter in enumerate(text[1:]) if letter in "rwxst")
    return _KINDS[text[0]] | bits


def _mtime(text: str) -> int | None:
    if not text:
        return None
    seconds, _, fraction = text.partition(".")
    since_epoch = calendar.timegm(time.strptime(seconds, "%Y-%m-%d %H:%M:%S"))
    return since_epoch * 1_000_000_000 + int(fraction[:9].ljust(9, "0"))
