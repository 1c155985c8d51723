"""Copy a directory into a tree, under the same rules as an archive."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pkgs.store.unpack.stream import CHUNK
from pkgs.store.unpack.tree import Tree


def copy_into(tree: Tree, source: Path, below: bytes = b"") -> None:
    """Copy what ``source`` holds to ``below`` in the tree; sockets, pipes and devices are passed over."""
    for entry in sorted(os.scandir(os.fsencode(source)), key=lambda entry: entry.name):
        status = entry.stat(follow_symlinks=False)
        path = below + b"/" + entry.name if below else entry.name
        if stat.S_ISDIR(status.st_mode):
            tree.directory(path, status.st_mode, status.st_mtime_ns)
            copy_into(tree, Path(os.fsdecode(entry.path)), path)
        elif stat.S_ISLNK(status.st_mode):
            target = os.readlink(entry.path)  # noqa: PTH115 - names are bytes here
            tree.symlink(path, target, status.st_mtime_ns)
        elif stat.S_ISREG(status.st_mode):
            tree.file(path, _content(entry.path), status.st_mode, status.st_mtime_ns)


def _content(path: bytes) -> Iterator[bytes]:
    with Path(os.fsdecode(path)).open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
