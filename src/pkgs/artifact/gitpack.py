"""Packs: one commit of a git repository, without its history, in one file that git itself can read.

The same commit gives the same bytes on every machine: objects are sorted by name, and stored as they are.
Format: git's gitformat-pack(5), version 2, of zlib streams (RFC 1950) that hold stored blocks only (RFC 1951,
3.2.4). git verifies all of it by the names of the objects, so a pack need not be trusted.
"""

from __future__ import annotations

import hashlib
import shutil
import struct
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from pkgs.artifact.git import Git, GitSource, begin, fetch_commit
from pkgs.errors import FetchError

_KINDS = {b"commit": 1, b"tree": 2, b"blob": 3}
_BLOCK = 65535
_SHA256_LENGTH = 64


def write_pack(source: GitSource, pack: Path, environ: Mapping[str, str], timeout: float = 1800) -> None:
    """Fetch the commit that ``source`` names and write its pack; ``timeout`` in seconds for each call of git.

    Raises :class:`FetchError`, and then ``pack`` is not there.
    """
    git = Git(source, environ, timeout)
    with tempfile.TemporaryDirectory(prefix="pkgs-git-") as place:
        repository = Path(place)
        begin(git, source.ref, repository)
        fetch_commit(git, source, repository)
        listed = git.run(["-C", place, "rev-list", "--objects", "--max-count=1", source.ref, "--"])
        names = sorted(line.split(" ")[0] for line in listed.splitlines())
        wanted = repository / ".git" / "wanted"
        wanted.write_text("".join(f"{name}\n" for name in names))
        with git.reading(["-C", place, "cat-file", "--batch"], wanted) as objects, _fresh(pack) as file:
            _write(file, objects, len(names), _hasher(source.ref))


def checkout(pack: Path, commit: str, into: Path, environ: Mapping[str, str], timeout: float = 1800) -> None:
    """Put the files of ``commit`` into the directory ``into``, which is new or empty.

    Raises :class:`FetchError` for a pack that is damaged or of another commit; then ``into`` is not there.
    """
    git = Git(GitSource(str(pack), commit), environ, timeout)
    try:
        begin(git, commit, into)
        git.run(["-C", str(into), "index-pack", "--stdin"], pack)
        git.run(["-C", str(into), "checkout", "--quiet", "--detach", commit, "--"])
        shutil.rmtree(into / ".git")
    except (FetchError, OSError):
        shutil.rmtree(into, ignore_errors=True)
        raise


@contextmanager
def _fresh(path: Path) -> Iterator[BinaryIO]:
    """Open a new file; it is there only if it was written to its end."""
    try:
        with path.open("xb") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _hasher(commit: str) -> hashlib._Hash:
    """Return what git of this repository makes names with; here it makes a checksum."""
    return hashlib.sha256() if len(commit) == _SHA256_LENGTH else hashlib.sha1(usedforsecurity=False)


def _write(file: BinaryIO, objects: IO[bytes], count: int, hasher: hashlib._Hash) -> None:
    for piece in _pieces(objects, count):
        file.write(piece)
        hasher.update(piece)
    file.write(hasher.digest())


def _pieces(objects: IO[bytes], count: int) -> Iterator[bytes]:
    """Yield a pack of the ``count`` objects that ``git cat-file --batch`` prints, but for its checksum."""
    yield struct.pack(">4sLL", b"PACK", 2, count)
    for _ in range(count):
        words = objects.readline().split()
        if len(words) != 3:
            raise FetchError(f"git lacks an object that it has named: {words[:1]}", "run the command again")
        size = int(words[2])
        yield _head(_KINDS[words[1]], size)
        yield from _stored(objects, size)
        objects.read(1)  # a newline


def _head(kind: int, size: int) -> bytes:
    """Return an object's kind and size: four bits of the size first, then seven in each byte."""
    first, size = kind << 4 | size & 0b1111, size >> 4
    head = bytearray([first])
    while size:
        head[-1] |= 0x80
        head.append(size & 0x7F)
        size >>= 7
    return bytes(head)


def _stored(objects: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield a zlib stream of the next ``size`` bytes, not compressed."""
    yield b"\x78\x01"
    checksum = 1
    while True:
        block = objects.read(min(size, _BLOCK))
        size -= len(block)
        yield struct.pack("<BHH", not size, len(block), len(block) ^ 0xFFFF) + block
        checksum = zlib.adler32(block, checksum)
        if not size:
            break
        if not block:
            raise FetchError("git ended in the middle of an object", "run the command again")
    yield struct.pack(">L", checksum)
