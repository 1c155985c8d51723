"""Credentials of git repositories, given to git without showing them to anybody.

How git is told: :func:`pkgs.artifact.git.with_login`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pkgs.artifact.git import with_login
from pkgs.artifact.github import TOKENS
from pkgs.artifact.locations import without_login
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
    if repository.startswith(("http://", "https://")):
        _, login = without_login(repository)
        if login:
            return with_login(environ, clean, login[0], login[1] or "")
    token = _token(clean, environ, private)
    return with_login(environ, clean, "x-access-token", token) if token else environ


def _token(repository: str, environ: Mapping[str, str], private: Sequence[str]) -> str:
    found = _GITHUB.fullmatch(repository)
    if not found or not any(Glob.compile(pattern).matches(found[1]) for pattern in private):
        return ""
    return next((environ[name] for name in TOKENS if environ.get(name)), "")
