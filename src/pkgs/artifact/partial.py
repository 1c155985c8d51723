"""A download under way: the bytes so far, and beside them what is needed to go on after a cut."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from pkgs.errors import StoreError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the bytes came from: the URL as shown, its ETag ("" if none), and the whole size if known."""

    url: str
    etag: str
    total: int | None


class Partial:
    """The file being written, and its companion ``….resume`` (JSON) that is there while it is incomplete."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._note = path.with_name(path.name + ".resume")

    def progress(self) -> Progress | None:
        """Return what an earlier run noted, or None if there is nothing to go on with."""
        try:
            noted = json.loads(self._note.read_text(encoding="utf-8"))
            return _progress(noted) if self.path.stat().st_size else None
        except (OSError, ValueError):
            return None

    @property
    def size(self) -> int:
        """How many bytes are there."""
        return self.path.stat().st_size

    def discard(self) -> None:
        """Forget all bytes."""
        with _writing(self.path):
            self._note.unlink(missing_ok=True)
            self.path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Say that the file is whole."""
        with _writing(self.path):
            self._note.unlink(missing_ok=True)

    @contextmanager
    def begin(self, progress: Progress) -> Iterator[BinaryIO]:
        """Yield the file, emptied; its origin is noted first."""
        self.discard()
        with _writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._note.write_text(json.dumps(asdict(progress)), encoding="utf-8")
            with self.path.open("wb") as file:
                yield file

    @contextmanager
    def go_on(self) -> Iterator[BinaryIO]:
        """Yield the file, positioned at its end."""
        with _writing(self.path), self.path.open("ab") as file:
            yield file


def _progress(noted: object) -> Progress | None:
    if not isinstance(noted, Mapping):
        return None
    url, etag, total = noted.get("url"), noted.get("etag"), noted.get("total")
    if not isinstance(url, str) or not isinstance(etag, str) or not isinstance(total, int | None):
        return None
    return Progress(url, etag, total)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn a full disk and its kin into a sentence; what filled the disk does not stay there."""
    try:
        yield
    except OSError as error:
        where = path.parent
        if error.errno in _FULL:
            with suppress(OSError):
                path.unlink()
        hint = "free some space (see: pkgs gc), or set PKGS_STATE_DIR to a directory that can be written"
        raise StoreError(f"cannot write to {where}: {error.strerror or error}", hint) from error
