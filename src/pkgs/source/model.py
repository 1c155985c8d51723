"""A manifest source: a named collection of manifests and the files beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """A manifest's text and where it is from. ``path`` is the file itself, for messages and for watching."""

    name: str
    text: str
    path: Path
    source: str


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did. ``before`` and ``after`` are commits, "" where there is none.

    ``problem`` says why a source stands where it stood; ``usable`` whether it can be read all the same.
    """

    uri: str
    before: str = ""
    after: str = ""
    problem: str = ""
    usable: bool = True

    @property
    def changed(self) -> bool:
        """Whether the source now stands elsewhere."""
        return self.before != self.after


class Source(Protocol):
    """Where manifests are read from. ``uri`` is as the configuration wrote it, but for secrets."""

    @property
    def uri(self) -> str:
        """The source's name in configurations, locks and messages."""

    @property
    def commit(self) -> str:
        """The commit the source stands at, or "" for a plain directory; obtains a source not yet here."""

    @property
    def here(self) -> bool:
        """Whether the source can be read without asking a network."""

    @property
    def directory(self) -> Path:
        """The directory with the manifests at its top; obtains a source not yet here."""

    def names(self) -> Sequence[str]:
        """Return the names of all packages that have a manifest here, sorted."""

    def read(self, name: str) -> ManifestFile | None:
        """Return the manifest of ``name``, or None; raise :class:`SourceError` if it cannot be read."""

    def path(self, name: str) -> Path | None:
        """Return the file that holds, or would hold, the manifest of ``name``; None where no file decides."""

    def file(self, relative: str) -> bytes:
        """Return the content of a file beside the manifests, never from outside the source."""

    def follow(self, commit: str) -> bool:
        """Read this commit, which the lock names, from now on; tell whether that was another one before."""

    def refresh(self) -> Refreshed:
        """Bring the source to its newest state; a failure leaves it as it was and is told in the answer."""
