"""Results worth keeping, in files that may vanish, be damaged, or not be writable at any time.

Every file begins with the digest of its rest, so that damage is found and the result made again. Files are
replaced whole; of several writers the last one wins, and all wrote what is true. Results that depend on this
program's code lie below a name of that code, so that another pkgs never reads them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pkgs
from pkgs import __version__
from pkgs.errors import StoreError
from pkgs.state import State
from pkgs.store.files import atomic_write, remove_tree

Json = Any

_DIGEST_LENGTH = 64
_OTHERS = 3
# What turns a text into what is kept.
_CODE = (
    "versions.py",
    "manifest",
    "package",
    "environment/config.py",
    "environment/configschema.py",
    "environment/configvalues.py",
    "source/codec.py",
    "source/parsed.py",
    "source/summary.py",
)


@dataclass(frozen=True, slots=True)
class Cache:
    """A directory of results; None keeps nothing."""

    directory: Path | None

    @classmethod
    def of(cls, state: State) -> Cache:
        """Return the cache of this very program."""
        return cls(state.index / _code_id())

    def read(self, name: str) -> Json | None:
        """Return the result kept as ``name``, or None."""
        if self.directory is None:
            return None
        try:
            data = (self.directory / name).read_bytes()
            if _digest(data[_DIGEST_LENGTH:]) == data[:_DIGEST_LENGTH]:
                return json.loads(data[_DIGEST_LENGTH:])
        except (OSError, ValueError):
            pass
        return None

    def write(self, name: str, value: Json) -> None:
        """Keep ``value`` as ``name`` if the directory can be written."""
        if self.directory is None:
            return
        data = json.dumps(value, separators=(",", ":")).encode()
        if not self.directory.exists():
            _drop_old(self.directory.parent)
        try:
            atomic_write(self.directory / name, _digest(data) + data)
        except StoreError:
            pass  # a read-only state directory costs time, nothing else

    def of_text(self, kind: str, text: str, make: Callable[[], Json]) -> Json:
        """Return what ``make`` returns for ``text``, which is called only if that is not known yet."""
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        name = f"{kind}/{digest[:2]}/{digest}"
        value = self.read(name)
        if value is None:
            value = make()
            self.write(name, value)
        return value


def _drop_old(directory: Path) -> None:
    """Remove what other versions of this program have kept, the latest few excepted."""
    try:
        others = sorted(directory.iterdir(), key=lambda path: path.stat().st_mtime)
        for other in others[:-_OTHERS]:
            remove_tree(other)
    except OSError:
        pass  # another process does the same, or nothing can be written: it costs space, nothing else


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def _code_id() -> str:
    """Return a name of the code that results depend on: its version, and when its files were written."""
    package = os.path.dirname(pkgs.__file__)  # noqa: PTH120 - see stamp
    hasher = hashlib.sha256(__version__.encode())
    for path in sorted(file for part in _CODE for file in _files(f"{package}/{part}")):
        hasher.update(f"{path} {stamp(path)[:3:2]}\n".encode(errors="surrogateescape"))
    return hasher.hexdigest()[:16]


def _files(path: str) -> list[str]:
    """Return the modules in a package, or the one module that ``path`` is."""
    if path.endswith(".py"):
        return [path]
    with os.scandir(path) as entries:
        return [entry.path for entry in entries if entry.name.endswith(".py")]


def stamp(path: str | Path) -> tuple[int, int, int, int]:
    """Return what changes whenever a file does: times of content and inode in ns, size, inode number."""
    status = os.stat(path)  # noqa: PTH116 - a Path costs as much again, thousands of times
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
