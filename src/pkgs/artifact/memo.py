"""A small memory for answers that are slow to get and seldom change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from pkgs.digests import digest_bytes


class Memo(Protocol):
    """Remembers short texts between runs."""

    def get(self, key: str) -> str | None:
        """Return what was put under ``key``, or None."""

    def put(self, key: str, value: str) -> None:
        """Remember ``value``; failing to is no error."""


class FileMemo:
    """A memo of one file a key, in ``directory``; only its owner can read it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, key: str) -> str | None:
        """See :class:`Memo`."""
        try:
            return self._path(key).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None

    def put(self, key: str, value: str) -> None:
        """See :class:`Memo`."""
        path = self._path(key)
        temporary = path.with_name(f"{path.name}.{os.urandom(8).hex()}")  # containers number processes alike
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.write_text(value, encoding="utf-8")
            temporary.replace(path)
        except OSError:
            return

    def _path(self, key: str) -> Path:
        return self._directory / digest_bytes(key.encode()).hex[:32]
