"""The outline of zstandard frames (RFC 8878): only enough of it to tell whether a stream is whole."""

from __future__ import annotations

from pkgs.errors import ArchiveError

_FRAME = 0xFD2FB528
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)
_RLE, _RESERVED = 1, 3


class FrameWalker:
    """Follow frames and blocks through a stream that is fed in pieces of any size."""

    def __init__(self) -> None:
        self._pending = b""
        self._skip = 0
        self._step, self._size = self._magic, 5
        self._checksum = False

    def feed(self, data: bytes) -> None:
        """Walk over ``data``."""
        at = 0
        while at < len(data):
            if self._skip:
                passed = min(self._skip, len(data) - at)
                self._skip -= passed
                at += passed
                continue
            wanted = self._wanted()
            self._pending += data[at : at + wanted]
            at += wanted
            self._advance()

    def finish(self) -> None:
        """Raise :class:`ArchiveError` unless the stream ended between two frames."""
        if self._skip or self._pending or self._step != self._magic:
            raise ArchiveError("its zstandard data ends too early: it is truncated")

    def _wanted(self) -> int:
        return self._size - len(self._pending)

    def _advance(self) -> None:
        if self._wanted() <= 0:
            field, self._pending = self._pending, b""
            self._step(field)

    def _magic(self, field: bytes) -> None:
        magic = int.from_bytes(field[:4], "little")
        if magic in _SKIPPABLE:
            self._pending, self._step, self._size = field[4:], self._skippable, 4
            return
        if magic != _FRAME:
            raise ArchiveError("something else follows its zstandard data")
        descriptor = field[4]
        single = descriptor >> 5 & 1
        self._checksum = bool(descriptor >> 2 & 1)
        content = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
        self._skip = (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3] + content
        self._step, self._size = self._block, 3

    def _skippable(self, field: bytes) -> None:
        self._skip = int.from_bytes(field, "little")
        self._step, self._size = self._magic, 5

    def _block(self, field: bytes) -> None:
        header = int.from_bytes(field, "little")
        kind = header >> 1 & 3
        if kind == _RESERVED:
            raise ArchiveError("its zstandard data is damaged (reserved block type)")
        self._skip = 1 if kind == _RLE else header >> 3
        if header & 1:
            self._skip += 4 if self._checksum else 0
            self._step, self._size = self._magic, 5
