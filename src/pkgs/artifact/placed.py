"""Sources on this machine: ``${env}/packages/tool.tgz`` means another file in every checkout.

Locks and recipes keep such a source as it is written, so that they are the same everywhere. Only what is
about to be fetched gets the real path.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from pkgs.artifact.fetch import Fetcher, Probe, Received
from pkgs.artifact.model import Artifact
from pkgs.platforms import Platform
from pkgs.progress import Task


@dataclass(frozen=True, slots=True)
class PlacedFetcher:
    """Fetches with another fetcher; ``places`` is symbol → directory, such as ``${env}`` → its root."""

    fetcher: Fetcher
    places: Mapping[str, str]

    def fetch(self, artifact: Artifact, platform: Platform, into: Path, task: Task) -> Received:
        """See :class:`~pkgs.artifact.fetch.Fetcher`."""
        urls = {self._placed(url): url for url in (artifact.url, *artifact.mirrors)}
        url, *mirrors = urls
        received = self.fetcher.fetch(
            replace(artifact, url=url, mirrors=tuple(mirrors)), platform, into, task
        )
        return replace(received, url=urls.get(received.url, received.url))

    def text(self, url: str, limit: int = 1 << 20) -> str:
        """See :class:`~pkgs.artifact.fetch.Fetcher`."""
        return self.fetcher.text(self._placed(url), limit)

    def probe(self, url: str, platform: Platform | None = None) -> Probe:
        """See :class:`~pkgs.artifact.fetch.Fetcher`."""
        return self.fetcher.probe(self._placed(url), platform)

    def _placed(self, url: str) -> str:
        return placed(url, self.places)


def placed(url: str, places: Mapping[str, str]) -> str:
    """Return ``url`` with directories in the place of symbols."""
    for symbol, directory in places.items():
        url = url.replace(f"file://{symbol}", f"file://{quote(os.fsencode(directory))}").replace(
            symbol, directory
        )
    return url
