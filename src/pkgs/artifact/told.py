"""Fetching, told of: for whoever looks for a fault (``--debug``, ``--trace``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pkgs.artifact.failures import shown
from pkgs.artifact.fetch import Fetcher, Probe, Received
from pkgs.artifact.model import Artifact
from pkgs.platforms import Platform
from pkgs.progress import Reporter, Task


@dataclass(frozen=True, slots=True)
class ToldFetcher:
    """Fetches with another fetcher, and tells ``reporter`` what; no secret of a URL is shown."""

    fetcher: Fetcher
    reporter: Reporter

    def fetch(self, artifact: Artifact, platform: Platform, into: Path, task: Task) -> Received:
        """See :class:`~pkgs.artifact.fetch.Fetcher`."""
        self.reporter.debug(f"fetching {shown(artifact.url)} for {platform}")
        received = self.fetcher.fetch(artifact, platform, into, task)
        self.reporter.debug(f"got {received.size} bytes, {received.digest}, from {shown(received.url)}")
        return received

    def text(self, url: str, limit: int = 1 << 20) -> str:
        """See :class:`~pkgs.artifact.fetch.Fetcher`."""
        self.reporter.debug(f"reading {shown(url)}")
        return self.fetcher.text(url, limit)

    def probe(self, url: str, platform: Platform | None = None) -> Probe:
        """See :class:`~pkgs.artifact.fetch.Fetcher`."""
        probe = self.fetcher.probe(url, platform)
        self.reporter.debug(f"asked whether {shown(url)} is there: {probe.reason or 'yes'}")
        return probe
