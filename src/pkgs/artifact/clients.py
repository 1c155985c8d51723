"""The fetcher of a process: one transport, and the clients of all kinds of URLs over it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pkgs.artifact.certificates import CertificateClient
from pkgs.artifact.fetch import Fetcher, HttpFetcher
from pkgs.artifact.github import GithubClient
from pkgs.artifact.locations import Client, Location
from pkgs.artifact.memo import FileMemo
from pkgs.artifact.model import NPM, OCI, PYPI
from pkgs.artifact.offline import OfflineFetcher
from pkgs.artifact.transport import HttpxTransport, Timeouts
from pkgs.artifact.web import Web
from pkgs.digests import Digest
from pkgs.platforms import Platform


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
    web, remembered, certificates = Web(transport), FileMemo(memo), CertificateClient(environ)

    def npm() -> Client:
        from pkgs.artifact.npm import NpmClient

        return NpmClient(web, environ, home, remembered, project)

    def pypi() -> Client:
        from pkgs.artifact.pypi import PypiClient

        return PypiClient(web, environ, home, remembered, warn)

    def oci() -> Client:
        from pkgs.artifact.oci import OciClient

        return OciClient(web, environ, home, certificates.tls)

    kinds = (_Kind(NPM, npm), _Kind(PYPI, pypi), _Kind(OCI, oci))
    return HttpFetcher(transport, (GithubClient(web, environ, private), certificates, *kinds))


class _Kind:
    """A client whose modules are loaded when the first URL of its kind comes: most commands see none."""

    def __init__(self, prefix: str, make: Callable[[], Client]) -> None:
        self._prefix = prefix
        self._make = functools.cache(make)
        self._making = threading.Lock()

    def locate(self, url: str, platform: Platform, digest: Digest | None) -> Sequence[Location] | None:
        """See :class:`pkgs.artifact.locations.Client`."""
        if not url.startswith(self._prefix):
            return None
        with self._making:
            client = self._make()
        return client.locate(url, platform, digest)
