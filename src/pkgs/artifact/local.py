"""``file:`` sources: files of this machine, copied as if they were downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pkgs.errors import FetchError

_PIECE = 1 << 20
_WRITE = "write file:///absolute/path"


def local_path(url: str) -> Path | None:
    """Return the path that ``url`` names (``file:/path``, ``file:///path``, ``/path``), else None.

    Percent escapes count only in the form with ``//``. Raises :class:`FetchError` for a relative path
    or a host.
    """
    if url.startswith("file://"):
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise FetchError(f"{url!r} is not a URL that can be fetched", _WRITE) from error
        if parts.netloc not in ("", "localhost"):
            raise FetchError(f"{url} names a file of another machine", _WRITE)
        path = unquote(parts.path, errors="surrogateescape")
    elif url.startswith(("file:", "/")):
        path = url.removeprefix("file:")
    else:
        return None
    if not path.startswith("/"):
        raise FetchError(f"{url} is not absolute", "write file:///absolute/path, or file://${env}/path")
    return Path(path)


def checked_file(path: Path) -> Path:
    """Return ``path`` if it is a file; raise :class:`FetchError` that says what it is instead."""
    if path.is_dir():
        raise FetchError(f"{path} is a directory, not a file", "name an archive, or one file")
    if not path.is_file():
        raise FetchError(f"there is no file {path}", "check the path in the manifest's source")
    return path


def pieces(path: Path) -> Iterator[bytes]:
    """Yield the content of ``path`` in pieces of 1 MiB; raise :class:`FetchError`."""
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
    except OSError as error:
        raise FetchError(f"cannot read {path}: {error.strerror}", "check its permissions") from error
