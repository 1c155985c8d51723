r"""The digest of a tree: one name for all its paths, kinds, executable bits, link targets and contents.

Version 1 is the SHA-256 of one line for each entry below the root, in the order of a walk that visits the
names of a directory sorted as bytes, a directory before what is in it:

    d PATH                            a directory
    l PATH -> TARGET                  a symbolic link
    f SHA256 x PATH                   a file; `-` instead of `x` where its owner cannot execute it

Paths and targets are bytes, with `\` written `\\` and a newline `\n`; in the path of a link `->` is written
`-\>`. Owners, times, sizes of directories and other permission bits do not count, so that the same archive
gives the same digest on every machine.
"""

# ruff: noqa: PTH101, PTH115, PTH208
# Strings, because a Path for each of 100,000 files would cost more than the work itself.
from __future__ import annotations

import hashlib
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pkgs.digests import Digest
from pkgs.errors import StoreError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

HEADING = b"pkgs tree 1\n"
# The permissions of directories and executables in a sealed tree.
SEALED = 0o555
# From this size on (bytes) another thread hashes: below it, handing over costs more than it saves.
_BIG = 1 << 18
_PENDING = 256
_CHUNK = 1 << 20


class Entry(NamedTuple):
    """One path of a tree. ``kind`` is ``d``, ``l`` or ``f``.

    ``content`` is a SHA-256 in hex, or a link's target. ``mode`` holds the permission bits, ``size`` bytes,
    ``mtime`` nanoseconds; the last two are 0 unless it is a file.
    """

    kind: str
    path: str
    content: str
    mode: int
    size: int
    mtime: int

    @property
    def line(self) -> bytes:
        """The entry's line in the digest."""
        path = _escaped(self.path)
        if self.kind == "f":
            return b"f %b %b %b\n" % (self.content.encode(), b"x" if self.mode & 0o100 else b"-", path)
        if self.kind == "l":
            return b"l %b -> %b\n" % (path.replace(b"->", b"-\\>"), _escaped(self.content))
        return b"d %b\n" % path


@dataclass(frozen=True, slots=True)
class TreeDigest:
    """A tree's digest, the number of its files and their size together (bytes)."""

    digest: Digest
    files: int
    size: int


class Known(Protocol):
    """Knows files without looking at them; see :class:`pkgs.store.written.Written`."""

    def entry(self, path: bytes) -> Entry | None:
        """Return the entry of the sealed file at ``path`` below the root, None if one has to look."""


def digest_tree(
    root: Path,
    *,
    seal: bool = False,
    visit: Callable[[Entry], None] | None = None,
    known: Known | None = None,
) -> TreeDigest:
    """Digest the tree below ``root``; ``visit`` is shown each entry in order.

    What ``known`` knows is not looked at. ``seal`` makes everything read-only on the way: directories and
    executables 0555, other files 0444. Memory does not grow with the tree, but for the names in the largest
    directories. Raises :class:`StoreError` for anything but files, directories and links.
    """
    total = TreeSum()
    for entry in entries(root, seal=seal, known=known):
        total.add(entry)
        if visit:
            visit(entry)
    if seal:
        root.chmod(SEALED)
    return total.result()


class TreeSum:
    """Adds up entries, in the order of the walk, to the digest of their tree."""

    def __init__(self) -> None:
        self._hasher = hashlib.sha256(HEADING)
        self._files = 0
        self._size = 0

    def add(self, entry: Entry) -> None:
        """Take in the next entry."""
        self._hasher.update(entry.line)
        if entry.kind == "f":
            self._files += 1
            self._size += entry.size

    def result(self) -> TreeDigest:
        """Return the digest of what was taken in so far."""
        return TreeDigest(Digest(self._hasher.hexdigest()), self._files, self._size)


def entries(
    root: Path, *, seal: bool = False, hashed: bool = True, known: Known | None = None
) -> Iterator[Entry]:
    """Yield the entries below ``root`` in the order of the digest; without ``hashed``, files lack content."""
    with _Hashing() as hashing:
        for entry in _walk(os.fsencode(root), _Look(seal, hashed), known):
            if isinstance(entry, Entry) and not hashing.queue:
                yield entry
            else:
                hashing.queue.append(entry if isinstance(entry, Entry) else hashing.submit(entry))
                yield from hashing.ready()
        yield from hashing.rest()


def sort_key(path: str) -> list[bytes]:
    """Return a key that sorts paths as the walk visits them."""
    return [os.fsencode(part) for part in path.split("/")]


class _Hashing:
    """Entries on their way: in order, while threads hash the big files among them."""

    def __init__(self) -> None:
        self.queue: deque[Entry | Future[Entry]] = deque()
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> _Hashing:
        return self

    def __exit__(self, *_: object) -> None:
        if self._threads:
            self._threads.shutdown(cancel_futures=True)

    def submit(self, entry: Callable[[], Entry]) -> Future[Entry]:
        return self._pool().submit(entry)

    def ready(self) -> Iterator[Entry]:
        """Yield what is finished at the head of the queue, waiting only if the queue is long."""
        while self.queue:
            head = self.queue[0]
            if isinstance(head, Entry):
                yield head
            elif head.done() or len(self.queue) > _PENDING:
                yield head.result()
            else:
                return
            self.queue.popleft()

    def rest(self) -> Iterator[Entry]:
        while self.queue:
            head = self.queue.popleft()
            yield head if isinstance(head, Entry) else head.result()

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:
            from concurrent.futures import ThreadPoolExecutor  # deferred: only big files need it

            self._threads = ThreadPoolExecutor(min(4, os.cpu_count() or 1), "digest")
        return self._threads


def _walk(root: bytes, look: _Look, known: Known | None) -> Iterator[Entry | Callable[[], Entry]]:
    """Yield an entry for each path, or how to get it; directories before their content, sealed after it."""
    stack = [(b"", root, iter(sorted(os.listdir(root))))]
    while stack:
        prefix, directory, names = stack[-1]
        for name in names:
            path, place = prefix + name, directory + b"/" + name
            entry = (known and known.entry(path)) or look(path, place)
            yield entry
            if isinstance(entry, Entry) and entry.kind == "d":
                stack.append((path + b"/", place, iter(sorted(os.listdir(place)))))
                break
        else:
            stack.pop()
            if look.seal and stack:
                os.chmod(directory, SEALED)


@dataclass(frozen=True, slots=True)
class _Look:
    """Looks at what is in a place."""

    seal: bool
    hashed: bool

    def __call__(self, path: bytes, place: bytes) -> Entry | Callable[[], Entry]:
        status = os.lstat(place)
        name = os.fsdecode(path)
        if stat.S_ISREG(status.st_mode):
            return self._file(name, place, status)
        if stat.S_ISDIR(status.st_mode):
            return Entry("d", name, "", SEALED if self.seal else stat.S_IMODE(status.st_mode), 0, 0)
        if stat.S_ISLNK(status.st_mode):
            return Entry("l", name, os.fsdecode(os.readlink(place)), 0, 0, 0)
        raise StoreError(
            f"{os.fsdecode(place)} is neither a file nor a directory nor a link",
            "a package holds no devices",
        )

    def _file(self, name: str, place: bytes, status: os.stat_result) -> Entry | Callable[[], Entry]:
        size, mtime = status.st_size, status.st_mtime_ns
        mode = _seal(place, status) if self.seal else stat.S_IMODE(status.st_mode)
        if not self.hashed:
            return Entry("f", name, "", mode, size, mtime)
        if size >= _BIG:
            return lambda: Entry("f", name, _hash(place, _CHUNK), mode, size, mtime)
        return Entry("f", name, _hash(place, size + 1), mode, size, mtime)


def _seal(place: bytes, status: os.stat_result) -> int:
    """Make a file read-only; return its permissions."""
    mode = stat.S_IMODE(status.st_mode)
    sealed = SEALED if mode & 0o111 else 0o444
    if mode != sealed:
        os.chmod(place, sealed)
    return sealed


def _hash(path: bytes, chunk_size: int) -> str:
    hasher = hashlib.sha256()
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        while chunk := os.read(fd, chunk_size):
            hasher.update(chunk)
    finally:
        os.close(fd)
    return hasher.hexdigest()


def _escaped(text: str) -> bytes:
    if "\\" in text or "\n" in text:
        text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return os.fsencode(text)
