"""Debian packages: the ``data.tar`` inside an ar archive (deb(5))."""

from __future__ import annotations

from collections.abc import Iterator

from pkgs.errors import ArchiveError
from pkgs.store.unpack.stream import Stream

_MAGIC = b"!<arch>\n"
_HEADER = 60


def data_member(stream: Stream) -> Iterator[bytes]:
    """Yield the bytes of the member ``data.tar*``, still compressed; then read to the end."""
    if stream.read(len(_MAGIC)) != _MAGIC:
        raise ArchiveError("it is not a Debian package")
    while stream.peek(1):
        name, size = _header(stream.read(_HEADER))
        if name.startswith(b"data.tar"):
            yield from map(bytes, stream.pieces(size))
            stream.drain()
            return
        stream.skip(size + size % 2)
    raise ArchiveError("it has no member data.tar")


def _header(header: bytes) -> tuple[bytes, int]:
    digits = header[48:58].strip()
    if header[58:] != b"`\n" or not digits.isdigit():
        raise ArchiveError("a header of its ar archive is damaged")
    return header[:16].rstrip(b" /"), int(digits)
