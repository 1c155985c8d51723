"""Packages from git repositories: cloned, or taken out of the pack that a bundle has brought."""

from __future__ import annotations

from pathlib import Path

from pkgs.artifact.git import GitSource, clone, commit_digest
from pkgs.artifact.gitpack import checkout, write_pack
from pkgs.artifact.model import Artifact
from pkgs.artifact.placed import placed
from pkgs.digests import Digest
from pkgs.errors import FetchError
from pkgs.install.workspace import Workspace
from pkgs.store.blobs import blob_lock
from pkgs.store.files import clean_on_failure, storing, temp_sibling


def fill(workspace: Workspace, artifact: Artifact, building: Path) -> None:
    """Put the files of a repository's commit into ``building``; raises :class:`FetchError`."""
    pack = workspace.state.pack(commit_digest(artifact.commit))
    if pack.is_file():
        try:
            return checkout(pack, artifact.commit, building, workspace.environ)
        except FetchError as error:
            workspace.reporter.warn(f"{error.message}; the pack is removed, and the repository is asked")
            pack.unlink(missing_ok=True)
    clone(_source(workspace, artifact), building, workspace.environ)
    return None


def packed(workspace: Workspace, artifact: Artifact, label: str) -> Digest:
    """Make the pack of a repository's commit unless it is there; return what stands for the commit.

    Raises :class:`FetchError` and :class:`StoreError`.
    """
    digest = commit_digest(artifact.commit)
    pack = workspace.state.pack(digest)
    held = workspace.store.locks.hold(blob_lock(digest.hex), what=label, waiting=workspace.reporter.info)
    with held, workspace.reporter.task(label), storing(pack):
        if not pack.is_file():
            pack.parent.mkdir(parents=True, exist_ok=True)
            fresh = temp_sibling(pack)
            with clean_on_failure(fresh):
                write_pack(_source(workspace, artifact), fresh, workspace.environ)
                fresh.chmod(0o444)
                fresh.rename(pack)
    return digest


def _source(workspace: Workspace, artifact: Artifact) -> GitSource:
    source = GitSource.parse(placed(artifact.url, workspace.places))
    if source is None:
        raise ValueError(f"{artifact.url} is no git repository")
    return GitSource(source.repository, artifact.commit)
