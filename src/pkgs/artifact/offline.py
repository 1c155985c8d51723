"""Offline: a transport that refuses every request, and the fetcher made of it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from pkgs.artifact.failures import AttemptError, shown
from pkgs.artifact.fetch import HttpFetcher
from pkgs.artifact.transport import Answer, Request


class OfflineTransport:
    """Refuses every request, and says how to do without."""

    def send(self, request: Request) -> AbstractContextManager[Answer]:
        """Raise :class:`AttemptError`."""
        raise AttemptError(
            f"{shown(request.url)} is needed, but pkgs is offline",
            "run it once without --offline, or bring the file with `pkgs bundle`",
        )


class OfflineFetcher(HttpFetcher):
    """A fetcher that reaches ``file:`` sources and nothing else; no package client is asked for anything."""

    def __init__(self) -> None:
        super().__init__(OfflineTransport())
