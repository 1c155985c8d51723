"""Compressed streams: gzip, bzip2, xz and zstandard, of one frame or many.

The only module that imports zstandard. Every call is bounded in what it returns, so that a bomb is
noticed after a chunk and not after it has filled the memory.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import IO, Protocol, cast

from pkgs.errors import ArchiveError
from pkgs.store.unpack.limits import Budget
from pkgs.store.unpack.stream import CHUNK
from pkgs.store.unpack.zstdframes import FrameWalker

# What decompressing may take: xz -9 takes 65 MiB, zstd --ultra -22 128 MiB.
_MEMORY = 512 << 20
_WINDOW = 1 << 27
_LEVEL = 6
_MAGICS = {
    b"\x1f\x8b\x08": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
}
# What follows the first byte (0x50 to 0x5f) of a frame to be skipped, as pzstd begins with (RFC 8878, 3.1.2).
_SKIPPABLE = b"\x2a\x4d\x18"
_BLOCK_MAGICS = (b"1AY&SY", b"\x17rE8P\x90")

Read = Callable[[int], bytes]


class _Engine(Protocol):
    """What the standard library's decompressors share."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


class _Inflater:
    """zlib's decompressor, with the interface of bz2's and lzma's."""

    def __init__(self, wbits: int = 31) -> None:
        self._engine = zlib.decompressobj(wbits)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._engine.decompress(self._engine.unconsumed_tail + data, max_length)

    @property
    def eof(self) -> bool:
        return self._engine.eof

    @property
    def needs_input(self) -> bool:
        return not self._engine.eof and not self._engine.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._engine.unused_data


def codec(head: bytes) -> str | None:
    """Name the compression of a stream that begins with ``head`` (10 bytes are enough)."""
    for magic, name in _MAGICS.items():
        if head.startswith(magic) and (name != "bzip2" or head[4:10] in _BLOCK_MAGICS):
            return name
    return "zstandard" if head[1:4] == _SKIPPABLE and head[0] >> 4 == 5 else None


def decompress(read: Read, name: str, budget: Budget) -> Generator[bytes, None, None]:
    """Yield what the stream of codec ``name`` holds; raise :class:`ArchiveError` if it is damaged."""
    makers: dict[str, Callable[[], _Engine]] = {
        "gzip": _Inflater,
        "bzip2": bz2.BZ2Decompressor,
        "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY),
    }
    if name == "zstandard":
        yield from _zstandard(read, budget)
    else:
        yield from _guarded(_frames(read, makers[name], budget, name), name)


def raw(read: Read, method: int, budget: Budget) -> Iterator[bytes]:
    """Yield what a zip member packed with ``method`` holds: 8, 12, 93 or 95."""
    if method == 8:
        yield from _guarded(_frame(read, _Inflater(-15), b"", budget), "deflate")
        return
    yield from decompress(read, {12: "bzip2", 93: "zstandard", 95: "xz"}[method], budget)


def _frames(read: Read, make: Callable[[], _Engine], budget: Budget, name: str) -> Iterator[bytes]:
    """Decompress one frame after another; zeros may follow the last, as tapes' padding did."""
    data = b""
    first = True
    while True:
        data = data or _take(read, budget)
        if not first:
            data = data.lstrip(b"\0")
            while not data and (data := _take(read, budget)):
                data = data.lstrip(b"\0")
            if not data:
                return
            data = _begin(read, data, name, budget)
        engine = make()
        yield from _frame(read, engine, data, budget)
        data, first = engine.unused_data, False


def _begin(read: Read, data: bytes, name: str, budget: Budget) -> bytes:
    """Return ``data``, long enough to tell, which must begin another frame."""
    while len(data) < 10 and (more := _take(read, budget)):
        data += more
    if codec(data) != name and not (name == "bzip2" and data.startswith(b"BZh")):
        raise ArchiveError(f"something else follows its {name} data")
    return data


def _frame(read: Read, engine: _Engine, data: bytes, budget: Budget) -> Iterator[bytes]:
    while not engine.eof:
        starved = engine.needs_input and not data and not (data := _take(read, budget))
        chunk = engine.decompress(data, CHUNK)
        if starved and not chunk and not engine.eof:
            raise ArchiveError("its compressed data ends too early: it is truncated")
        data = b""
        budget.produced(len(chunk))
        if chunk:
            yield chunk


def _take(read: Read, budget: Budget) -> bytes:
    data = read(CHUNK)
    budget.took(len(data))
    return data


def _guarded(chunks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Pass ``chunks`` on, naming the codecs' errors as ours."""
    try:
        yield from chunks
    except MemoryError as error:
        raise ArchiveError(f"its {name} data needs too much memory") from error
    except lzma.LZMAError as error:
        raise ArchiveError(f"its {name} data is damaged ({error})") from error
    except (zlib.error, OSError, EOFError, ValueError) as error:
        raise ArchiveError(f"its {name} data is damaged ({error})") from error


def _zstandard(read: Read, budget: Budget) -> Iterator[bytes]:
    import zstandard  # deferred: 10 ms, and not every archive is one

    source = _Walked(read, budget)
    engine = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    reader = engine.stream_reader(cast("IO[bytes]", source), read_size=CHUNK, read_across_frames=True)
    try:
        while chunk := reader.read(CHUNK):
            budget.produced(len(chunk))
            yield chunk
    except zstandard.ZstdError as error:
        raise ArchiveError(f"its zstandard data is damaged ({error})") from error
    source.walker.finish()


class _Walked:
    """A file to read from that checks, by the way, that the frames are whole: zstandard's reader does not."""

    def __init__(self, read: Read, budget: Budget) -> None:
        self.walker = FrameWalker()
        self._read = read
        self._budget = budget

    def read(self, size: int) -> bytes:
        data = self._read(size)
        self._budget.took(len(data))
        self.walker.feed(data)
        return data


@contextmanager
def compressing(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Yield a stream that writes zstandard to ``file``: the same bytes in give the same bytes out.

    One thread, one level; what it takes most of (downloads) is compressed already.
    """
    import zstandard  # deferred: 10 ms, and few write archives

    engine = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, threads=0)
    with engine.stream_writer(file, closefd=False) as stream:
        yield cast("IO[bytes]", stream)
