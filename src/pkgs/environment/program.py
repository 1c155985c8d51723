"""The pkgs that an environment is pinned to, and the key under which it is set up in the state directory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pkgs.digests import Digest
from pkgs.environment.tables import Table
from pkgs.errors import LockError


@dataclass(frozen=True, slots=True)
class Program:
    """One pkgs: its hashed requirements, and either ``path`` or ``sha256`` for its own code.

    ``path`` leads from the environment's directory to the package's source (pkgs' own checkout); ``sha256``
    is the wheel's digest and ``url`` where to get it when the store lacks it ("" for nowhere).
    ``requirements`` are lines of a requirements file: ``name==version --hash=sha256:… --hash=…``.
    """

    version: str
    requirements: tuple[str, ...]
    path: str = ""
    sha256: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if bool(self.path) == bool(self.sha256):
            raise LockError("pkgs itself needs either a path or a sha256 in the lock")

    @property
    def id(self) -> str:
        """The key of ``STATE/self/``: equal for all checkouts that need the same libraries."""
        return program_id(self.sha256, self.requirements)

    def encode(self) -> dict[str, Any]:
        """Return the lock's table ``[pkgs]``; ``id`` comes first, since the wrapper's shell reads it."""
        table = {
            "id": self.id,
            "version": self.version,
            "path": self.path,
            "sha256": self.sha256,
            "url": self.url,
        }
        return {
            **{key: value for key, value in table.items() if value},
            "requirements": list(self.requirements),
        }

    @classmethod
    def decode(cls, values: Mapping[str, Any]) -> Program:
        """Read the lock's table ``[pkgs]``; raise :class:`LockError` when ``id`` is not what it should be."""
        table = Table("pkgs", values)
        sha256 = table.text("sha256", "")
        found = table.text("id")
        program = cls(
            version=table.text("version"),
            requirements=table.texts("requirements"),
            path=table.text("path", ""),
            sha256=table.parsed(Digest.parse, sha256).hex if sha256 else "",
            url=table.text("url", ""),
        )
        if found != program.id:
            raise LockError("the id of pkgs itself does not fit its requirements", "run: pkgs lock")
        return program


def program_id(sha256: str, requirements: Iterable[str]) -> str:
    """Return the key of a program: 32 hexadecimal digits over its wheel's digest and its requirements.

    ``sha256`` is "" in a checkout. The wrapper's bootstrap.py holds the same function; a test compares them.
    """
    lines = ["pkgs program 1", sha256, *sorted(" ".join(line.split()) for line in requirements)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]
