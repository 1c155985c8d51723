"""GitHub as writers of manifests ask it: releases, their assets, what a repository is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pkgs.artifact.documents import from_json
from pkgs.artifact.failures import AttemptError, shown
from pkgs.artifact.github import TOKENS
from pkgs.artifact.locations import Location
from pkgs.artifact.patience import Patience
from pkgs.artifact.web import Ask, Web
from pkgs.errors import FetchError

API_VARIABLE = "PKGS_GITHUB_API"
"""Where the API is, for a GitHub of one's own; the default is the public one's."""
_PUBLIC = "https://api.github.com"
_LARGEST = 16 << 20
_PAGE = 100
_PAGES = 2
_TAG = re.compile(r"/releases/tag/([^/?#]+)")
_REFUSED = (401, 403, 429)


@dataclass(frozen=True, slots=True)
class Release:
    """A release: its tag, and the download URLs of its assets by name."""

    tag: str
    assets: Mapping[str, str]


class Github:
    """Asks the API with the user's token, if there is one, and does without where that is refused.

    Nothing is asked twice. ``warn`` is told of a token that does not work, once.
    """

    def __init__(
        self,
        web: Web,
        environ: Mapping[str, str],
        warn: Callable[[str], None],
        *,
        site: str = "https://github.com",
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._web = web
        self._api = environ.get(API_VARIABLE) or _PUBLIC
        self._variable = next((name for name in TOKENS if environ.get(name)), "")
        self._token = environ.get(self._variable, "")
        self._warn = warn
        self._site = site
        self._answers: dict[str, Any] = {}
        self._patience = patience

    def serves(self, url: str) -> bool:
        """Say whether ``url`` is one of GitHub's: with an API of one's own, any may be."""
        return self._api != _PUBLIC or url.startswith(f"{self._site}/")

    def latest_tag(self, repository: str) -> str:
        """Return the tag of the newest release; without the API, that of the page for it."""
        try:
            return self.release(repository).tag
        except AttemptError as error:
            if error.status not in _REFUSED:
                raise
            tag = self._redirected(repository)
            if not tag:
                raise
            return tag

    def tags(self, repository: str) -> list[str]:
        """Return the tags of up to 200 releases, in the API's order (newest first), drafts left out."""
        found: list[str] = []
        for page in range(1, _PAGES + 1):
            path = f"/repos/{_path(repository)}/releases?per_page={_PAGE}&page={page}"
            releases = self._ask(path)
            listed = releases if isinstance(releases, list) else []
            found += [_release(each).tag for each in listed if not each.get("draft")]
            if len(listed) < _PAGE:
                break
        return found

    def release(self, repository: str, tag: str = "") -> Release:
        """Return the release of ``tag``, or the newest; raise :class:`FetchError`."""
        which = f"tags/{quote(tag, '')}" if tag else "latest"
        return _release(self._ask(f"/repos/{_path(repository)}/releases/{which}"))

    def about(self, repository: str) -> Mapping[str, Any]:
        """Return what the API says of a repository, among it ``description`` and ``homepage``."""
        found = self._ask(f"/repos/{_path(repository)}")
        return found if isinstance(found, Mapping) else {}

    def _ask(self, path: str) -> Any:
        try:
            if path not in self._answers:
                self._answers[path] = self._get(path, self._token)
            return self._answers[path]
        except AttemptError as error:
            if not self._token or error.status not in _REFUSED:
                _hint(error, self._token)
                raise
            self._warn(
                f"GitHub answers {error.status} to the token in {self._variable}: "
                "it has expired or lacks rights, or its quota is used up; asking without it"
            )
            self._token = ""
            return self._ask(path)

    def _get(self, path: str, token: str) -> Any:
        url = f"{self._api}{path}"
        headers = {"Authorization": f"token {token}"} if token else {}
        location, kind = Location(url, headers), "application/vnd.github+json"
        text = self._patience.first_success((url,), lambda _: self._web.text(location, _LARGEST, kind))
        try:
            return from_json(text)
        except ValueError as error:
            raise FetchError(f"{shown(url)} does not answer as GitHub's API does") from error

    def _redirected(self, repository: str) -> str:
        """Return the tag that the page of the newest release leads to; that takes no token and no quota."""
        try:
            with self._web.open(
                Location(f"{self._site}/{_path(repository)}/releases/latest"), Ask()
            ) as answer:
                found = _TAG.search(answer.url)
        except FetchError:
            return ""
        return found[1] if found else ""


def _hint(error: AttemptError, token: str) -> None:
    if error.status in _REFUSED and not token:
        error.hint = f"GitHub allows few questions without a token: set {TOKENS[0]}"


def _path(repository: str) -> str:
    return quote(repository.removesuffix(".git").strip("/"), "/")


def _release(document: Any) -> Release:
    if not isinstance(document, Mapping) or not isinstance(document.get("tag_name"), str):
        raise FetchError("GitHub's API describes a release without a tag")
    assets = [each for each in document.get("assets", ()) if isinstance(each, Mapping)]
    urls = {str(each.get("name")): str(each.get("browser_download_url")) for each in assets}
    return Release(document["tag_name"], urls)
