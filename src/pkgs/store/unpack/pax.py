"""PAX records: what extended headers say of the members that follow them (POSIX, pax, "Extended Header")."""

from __future__ import annotations

from collections.abc import Iterator

from pkgs.errors import ArchiveError

Records = dict[str, bytes]

SPARSE_MAP = "GNU.sparse.map"
_PAIRS = {"GNU.sparse.offset", "GNU.sparse.numbytes"}
# What unpacking asks for; an archive could name others without end.
_USED = {
    "path",
    "linkpath",
    "size",
    "mtime",
    "GNU.sparse.major",
    "GNU.sparse.name",
    "GNU.sparse.realsize",
    "GNU.sparse.size",
    SPARSE_MAP,
}


def records(data: bytes) -> Records:
    """Return those ``LENGTH KEY=VALUE`` records of an extended header that are of use."""
    found: Records = {}
    pairs: list[bytes] = []
    for key, value in _split(data):
        if key in _PAIRS:
            pairs.append(value)
        elif key in _USED:
            found[key] = value
    if pairs:  # version 0.0 of sparse files repeats two keys; 0.1 says the same in one
        found[SPARSE_MAP] = b",".join(pairs)
    return found


def _split(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at < len(data):
        blank = data.find(b" ", at, at + 12)
        length = data[at:blank] if blank > 0 else b""
        end = at + int(length) if length.isdigit() else 0
        key, equals, value = data[blank + 1 : end - 1].partition(b"=")
        if not equals or end > len(data) or data[end - 1 : end] != b"\n":
            raise ArchiveError("an extended header is damaged")
        yield key.decode("utf-8", "replace"), value
        at = end
