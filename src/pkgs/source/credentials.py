"""Credentials of git repositories, given to git without showing them to anybody.

git is told by variables, not by arguments: others see a process's arguments. The header is bound to the
repository's origin; libcurl, which git uses, drops it when it is redirected to another host.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from pkgs.artifact.github import TOKENS
from pkgs.artifact.locations import Location, basic
from pkgs.globs import Glob
from pkgs.source.uris import without_secrets

_GITHUB = re.compile(r"https://github\.com/([^/]+/[^/]+?)(?:\.git)?")


def git_environ(
    repository: str, environ: Mapping[str, str], private: Sequence[str] = ()
) -> Mapping[str, str]:
    """Return the variables with which git may read ``repository``.

    Credentials are those in its URL, or a GitHub token if ``private`` (patterns of ``owner/name``) covers it.
    """
    clean = without_secrets(repository)
    headers = Location.of(repository).headers if repository.startswith(("http://", "https://")) else {}
    token = _token(clean, environ, private)
    if not headers and token:
        headers = basic("x-access-token", token)
    if not headers:
        return environ
    parts = urlsplit(clean)
    key = f"http.{parts.scheme}://{parts.netloc}/.extraHeader"
    return _configured(environ, key, f"Authorization: {headers['Authorization']}")


def _token(repository: str, environ: Mapping[str, str], private: Sequence[str]) -> str:
    found = _GITHUB.fullmatch(repository)
    if not found or not any(Glob.compile(pattern).matches(found[1]) for pattern in private):
        return ""
    return next((environ[name] for name in TOKENS if environ.get(name)), "")


def _configured(environ: Mapping[str, str], key: str, value: str) -> Mapping[str, str]:
    """Add a setting of git's to those that ``environ`` holds already (git-config(1), GIT_CONFIG_COUNT)."""
    count = environ.get("GIT_CONFIG_COUNT", "")
    number = int(count) if count.isdigit() else 0
    return {
        **environ,
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": key,
        f"GIT_CONFIG_VALUE_{number}": value,
    }
