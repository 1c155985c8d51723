"""Digests: what bytes are called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pkgs.errors import PkgsError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 digest, as 64 lower-case hexadecimal digits."""

    hex: str

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.hex):
            raise PkgsError(
                f"{self.hex!r} is not a SHA-256 digest",
                "a digest is 64 hexadecimal digits",
            )

    def __str__(self) -> str:
        return f"sha256:{self.hex}"

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read ``sha256:HEX`` or bare hexadecimal digits of either case; raise :class:`PkgsError`."""
        return cls(text.removeprefix("sha256:").strip().lower())


def digest_bytes(data: bytes) -> Digest:
    """Return the digest of ``data``."""
    return Digest(hashlib.sha256(data).hexdigest())


def digest_file(path: Path) -> Digest:
    """Return the digest of a file's content, read in pieces of 1 MiB."""
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            hasher.update(chunk)
    return Digest(hasher.hexdigest())


def hashing(chunks: Iterable[bytes], hasher: hashlib._Hash) -> Iterator[bytes]:
    """Pass ``chunks`` through unchanged while ``hasher`` reads along."""
    for chunk in chunks:
        hasher.update(chunk)
        yield chunk
