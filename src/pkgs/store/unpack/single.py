"""Files that are no archives: programs, scripts and whatever is kept as it is."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator

from pkgs.errors import ArchiveError
from pkgs.store.unpack.sniff import HEAD, permissions
from pkgs.store.unpack.tree import Tree

_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")


def unpacked_name(name: str) -> str:
    """Return ``name`` without one suffix of compression, as hermit's extractExecutable has it."""
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and name != suffix:
            return name.removesuffix(suffix)
    return name


def store(tree: Tree, name: str, chunks: Iterable[bytes]) -> None:
    """Write ``chunks`` as the file ``name``; programs and scripts become executable by themselves."""
    if not name or "/" in name or "\0" in name or name in {".", ".."}:
        raise ArchiveError(f"{name!r} is not a name for a file")
    first, rest = _first(iter(chunks))
    tree.file(os.fsencode(name), itertools.chain([first], rest), permissions(first))


def _first(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Take enough off ``chunks`` to see what they are."""
    head = b""
    while len(head) < HEAD and (chunk := next(chunks, b"")):
        head += chunk
    return head, chunks
