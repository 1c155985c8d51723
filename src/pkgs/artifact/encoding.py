"""Undoing a content encoding."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from pkgs.errors import FetchError

_PIECE = 1 << 20


def gunzip(path: Path, limit: int) -> None:
    """Replace the gzip file at ``path`` by what it holds, at most ``limit`` bytes.

    Raises :class:`FetchError`, and leaves the file as it was.
    """
    plain = path.with_name(path.name + ".plain")
    try:
        _decompress(path, plain, limit)
        plain.replace(path)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FetchError("it is said to be encoded with gzip, but is not, or only in part") from error
    finally:
        plain.unlink(missing_ok=True)


def _decompress(path: Path, plain: Path, limit: int) -> None:
    left = limit
    with gzip.open(path, "rb") as source, plain.open("wb") as target:
        while piece := source.read(_PIECE):
            left -= len(piece)
            if left < 0:
                raise FetchError(f"decoded, it is longer than {limit} bytes")
            target.write(piece)
