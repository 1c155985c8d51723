"""A root: one environment's record of what it uses."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pkgs.digests import Digest
from pkgs.errors import PkgsError, StoreError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Root:
    """An environment's record: the trees (by key), blobs (by digest) and links outside the store it uses.

    ``watched`` are paths of which at least one is there as long as the environment is, such as its lock;
    without any, its directory alone tells. ``pending`` are those of the others that a change of the
    environment which is under way has claimed: they go again unless it succeeds.
    """

    bin_dir: Path
    trees: frozenset[Digest] = frozenset()
    blobs: frozenset[Digest] = frozenset()
    links: frozenset[Path] = frozenset()
    watched: tuple[Path, ...] = ()
    pending: frozenset[Digest | Path] = frozenset()

    def exists(self) -> bool:
        """Say whether the environment is still there; one that must not be looked at counts as there."""
        if not _may_exist(self.bin_dir):
            return False
        return not self.watched or any(_may_exist(path) for path in self.watched)

    @property
    def uses(self) -> frozenset[Digest | Path]:
        """Everything together."""
        return self.trees | self.blobs | self.links

    def without_pending(self) -> Root:
        """Return the record as it is without the change under way."""
        return replace(
            self,
            trees=self.trees - self.pending,
            blobs=self.blobs - self.pending,
            links=self.links - self.pending,
            pending=frozenset(),
        )

    def joined(self, more: Root) -> Root:
        """Return the record with what another one has besides; pending stays what is pending."""
        return replace(
            self,
            trees=self.trees | more.trees,
            blobs=self.blobs | more.blobs,
            links=self.links | more.links,
            watched=tuple(sorted({*self.watched, *more.watched})),
        )

    def text(self) -> str:
        """Return the record as JSON."""
        document = {
            "format": FORMAT,
            "bin": str(self.bin_dir),
            "trees": _texts(self.trees),
            "blobs": _texts(self.blobs),
            "links": _texts(self.links),
            "watched": _texts(self.watched),
            "pending": _texts(self.pending),
        }
        return f"{json.dumps(document, indent=1)}\n"


def read_root(path: Path) -> Root | None:
    """Return the record in a file; None if there is none, or nothing that is one.

    Raises :class:`StoreError` for one that cannot be read: what it claims must not be taken for unclaimed.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        hint = "look at the disk, and at who may read it; then run the command again"
        raise StoreError(f"{path} cannot be read: {error.strerror}", hint) from error
    with suppress(ValueError, KeyError, TypeError, PkgsError):
        found = json.loads(text)
        if found["format"] == FORMAT:
            return Root(
                Path(found["bin"]),
                frozenset(map(Digest, found["trees"])),
                frozenset(map(Digest, found["blobs"])),
                frozenset(map(Path, found.get("links", ()))),
                tuple(map(Path, found["watched"])),
                frozenset(map(_use, found.get("pending", ()))),
            )
    return None


def _texts(uses: Iterable[Digest | Path]) -> list[str]:
    return sorted(use.hex if isinstance(use, Digest) else str(use) for use in uses)


def _use(text: str) -> Digest | Path:
    return Path(text) if text.startswith("/") else Digest(text)


def _may_exist(path: Path) -> bool:
    try:
        path.lstat()
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENOTDIR)
    return True
