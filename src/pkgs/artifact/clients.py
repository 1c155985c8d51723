"""The fetcher of a process: one transport, and the clients of all kinds of URLs over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pkgs.artifact.fetch import Fetcher, HttpFetcher
from pkgs.artifact.github import GithubClient
from pkgs.artifact.memo import FileMemo
from pkgs.artifact.npm import NpmClient
from pkgs.artifact.oci import OciClient
from pkgs.artifact.offline import OfflineFetcher
from pkgs.artifact.pypi import PypiClient
from pkgs.artifact.transport import HttpxTransport, Timeouts
from pkgs.artifact.web import Web


def fetcher_of(
    environ: Mapping[str, str],
    home: Path,
    project: Path,
    memo: Path,
    *,
    private: Sequence[str] = (),
    offline: bool = False,
    warn: Callable[[str], None] = lambda _: None,
) -> Fetcher:
    """Return the fetcher for a user's configuration.

    ``project`` is the directory whose ``.npmrc`` counts, ``memo`` where answers of package clients are
    remembered, ``private`` the patterns of GitHub repositories that get a token.
    """
    if offline:
        return OfflineFetcher()
    transport = HttpxTransport(environ, Timeouts.of(environ))
    web, remembered = Web(transport), FileMemo(memo)
    clients = (
        NpmClient(web, environ, home, remembered, project),
        PypiClient(web, environ, home, remembered, warn),
        GithubClient(web, environ, private),
        OciClient(web, environ, home),
    )
    return HttpFetcher(transport, clients)
