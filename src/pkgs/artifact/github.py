"""Private releases on GitHub: assets that only the API gives out, to a token.

Source: hermit, cache/github.go:17-131. Public releases are fetched like any other URL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote

from pkgs.artifact.documents import from_json
from pkgs.artifact.failures import shown
from pkgs.artifact.locations import Location
from pkgs.artifact.web import Web
from pkgs.digests import Digest
from pkgs.errors import FetchError
from pkgs.globs import Glob
from pkgs.platforms import Platform

TOKENS = ("PKGS_GITHUB_TOKEN", "HERMIT_GITHUB_TOKEN", "GITHUB_TOKEN")
"""Where a token is looked for, in this order."""

_LARGEST_RELEASE = 8 << 20


class GithubClient:
    """Finds release assets of the repositories that match ``patterns`` (``github-token-auth``'s ``match``).

    Without a token, or for other repositories, no URL is this client's. ``web`` and ``api`` are GitHub's two
    origins.
    """

    def __init__(
        self,
        asking: Web,
        environ: Mapping[str, str],
        patterns: Sequence[str],
        *,
        web: str = "https://github.com",
        api: str = "https://api.github.com",
    ) -> None:
        self._asking = asking
        self._token = next((environ[name] for name in TOKENS if environ.get(name)), "")
        self._globs = [Glob.compile(pattern) for pattern in patterns]
        self._asset = re.compile(re.escape(web) + "/([^/]+)/([^/]+)/releases/download/([^/]+)/([^/?#]+)")
        self._api = api

    def locate(self, url: str, platform: Platform, digest: Digest | None) -> Sequence[Location] | None:  # noqa: ARG002
        """See :class:`pkgs.artifact.locations.Client`."""
        found = self._asset.fullmatch(url)
        if not found or not self._token:
            return None
        owner, repository, tag, asset = map(unquote, found.groups())
        if not any(glob.matches(f"{owner}/{repository}") for glob in self._globs):
            return None
        path = f"{self._api}/repos/{quote(owner, '')}/{quote(repository, '')}/releases/tags/{quote(tag, '')}"
        return (self._located(self._release(path), asset, url),)

    def _release(self, url: str) -> Mapping[str, object]:
        headers = {"Authorization": f"token {self._token}"}
        accept = "application/vnd.github+json"
        try:
            release = from_json(self._asking.text(Location(url, headers), _LARGEST_RELEASE, accept))
        except ValueError as error:
            raise FetchError(f"{shown(url)} does not answer as GitHub's API does") from error
        return release if isinstance(release, Mapping) else {}

    def _located(self, release: Mapping[str, object], name: str, url: str) -> Location:
        listed = release.get("assets")
        assets = [asset for asset in listed if isinstance(asset, Mapping)] if isinstance(listed, list) else []
        address = next((asset.get("url") for asset in assets if asset.get("name") == name), None)
        if not isinstance(address, str) or not address.startswith(f"{self._api}/"):
            names = ", ".join(str(asset.get("name")) for asset in assets) or "none"
            raise FetchError(f"the release of {shown(url)} has no asset {name}", f"its assets are: {names}")
        headers = {"Authorization": f"token {self._token}", "Accept": "application/octet-stream"}
        return Location(address, headers)
