"""Git repositories as manifest sources: ``….git``, or ``….git#REF`` for a tag, a branch or a commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pkgs.artifact.git import GitSource, clone, remote_commit
from pkgs.errors import FetchError, SourceError
from pkgs.source.access import Access
from pkgs.source.credentials import git_environ
from pkgs.source.remote import RemoteSource
from pkgs.source.uris import without_secrets


@dataclass(frozen=True, slots=True)
class GitOrigin:
    """A repository; ``environ`` is what git is run with, credentials included."""

    source: GitSource
    environ: Mapping[str, str]

    @property
    def local(self) -> bool:
        """Whether the repository is on this machine."""
        return self.source.repository.startswith(("file://", "/"))

    def newest(self) -> str:
        """Return the commit that the ref names now."""
        return remote_commit(self.source, self.environ)

    ask = newest

    def obtain(self, revision: str, into: Path) -> str:
        """Fetch one commit, without its history; the newest is what the ref names for all who ask."""
        try:
            return clone(replace(self.source, ref=revision or self.newest()), into, self.environ)
        except FetchError as error:
            way = "; if its history was rewritten, follow the newest: pkgs update" if revision else ""
            raise FetchError(error.message, error.hint + way) from error


def git_source(uri: str, url: str, access: Access) -> RemoteSource:
    """Return the source of the repository at ``url``, which is called ``uri``; nothing is cloned yet."""
    source = GitSource.parse(without_secrets(url))
    if source is None:
        raise SourceError(f"{uri} is not a git repository", "its URI has to end in .git, or .git#REF")
    environ = git_environ(url.partition("#")[0], access.environ, access.private)
    return RemoteSource(uri, GitOrigin(source, environ), access)
