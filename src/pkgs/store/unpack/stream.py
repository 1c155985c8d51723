"""Bytes that come once and in order, read by exact lengths."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator

from pkgs.errors import ArchiveError

CHUNK = 1 << 18
_QUEUED = 8
# Up to which size (bytes) a file is better had as a whole.
SMALL = 1 << 16


class Stream:
    """Read an iterator of chunks by lengths; running out is an :class:`ArchiveError`."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._buffer = b""
        self._at = 0

    def peek(self, size: int) -> bytes:
        """Return the next ``size`` bytes, or as many as there are, without consuming them."""
        while len(self._buffer) - self._at < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._buffer = self._buffer[self._at :] + chunk
            self._at = 0
        return self._buffer[self._at : self._at + size]

    def has_more(self) -> bool:
        """Tell whether there is at least one byte more."""
        return self._at < len(self._buffer) or bool(self.peek(1))

    def read(self, size: int) -> bytes:
        """Return exactly ``size`` bytes; meant for few."""
        end = self._at + size
        if end <= len(self._buffer):
            data = self._buffer[self._at : end]
            self._at = end
            return data
        return b"".join(self.pieces(size))

    def content(self, size: int) -> bytes | Iterator[memoryview | bytes]:
        """Return exactly ``size`` bytes, in pieces if they are many; consume them all."""
        return self.read(size) if size <= SMALL else self.pieces(size)

    def pieces(self, size: int) -> Iterator[memoryview | bytes]:
        """Yield exactly ``size`` bytes in pieces; consume them all."""
        while size:
            if self._at == len(self._buffer):
                self._refill()
            piece = memoryview(self._buffer)[self._at : self._at + size]
            self._at += len(piece)
            size -= len(piece)
            yield piece

    def skip(self, size: int) -> None:
        """Pass over ``size`` bytes."""
        end = self._at + size
        if end <= len(self._buffer):
            self._at = end
            return
        for _ in self.pieces(size):
            pass

    def drain(self) -> None:
        """Read to the end, so that checksums behind the last member are verified too."""
        self._buffer, self._at = b"", 0
        for _ in self._chunks:
            pass

    def rest(self) -> Iterator[bytes]:
        """Yield all that is left."""
        if self._at < len(self._buffer):
            yield self._buffer[self._at :]
        self._buffer, self._at = b"", 0
        yield from self._chunks

    def _refill(self) -> None:
        self._buffer, self._at = b"", 0
        for chunk in self._chunks:
            if chunk:
                self._buffer = chunk
                return
        raise ArchiveError("it ends before its last member does: it is truncated")


def in_chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield all that ``read`` returns."""
    while chunk := read(CHUNK):
        yield chunk


def ahead(chunks: Iterator[bytes]) -> Generator[bytes, None, None]:
    """Yield ``chunks`` as a second thread produces them, a few ahead.

    Decompression and system calls run outside the interpreter's lock, so that the two sides overlap.
    """
    filled: queue.Queue[bytes | BaseException | None] = queue.Queue(_QUEUED)
    stop = threading.Event()
    worker = threading.Thread(target=_fill, args=(chunks, filled, stop), name="unpack", daemon=True)
    worker.start()
    try:
        while (item := filled.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        _wait(worker, filled)


def _fill(
    chunks: Iterator[bytes], filled: queue.Queue[bytes | BaseException | None], stop: threading.Event
) -> None:
    try:
        for chunk in chunks:
            filled.put(chunk)
            if stop.is_set():
                break
    except BaseException as error:  # handed to the reader, which raises it
        filled.put(error)
    else:
        filled.put(None)


def _wait(worker: threading.Thread, filled: queue.Queue[bytes | BaseException | None]) -> None:
    """Let the worker see that it should stop, which it may have to be woken for."""
    while worker.is_alive():
        while not filled.empty():
            filled.get_nowait()
        worker.join(0.01)
