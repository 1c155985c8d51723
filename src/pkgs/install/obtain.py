"""From what is wanted to its tree in the store: downloads, git repositories, directories, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from itertools import takewhile
from pathlib import Path

from pkgs.artifact.failures import shown
from pkgs.artifact.git import GitSource, commit_digest, remote_commit
from pkgs.artifact.local import local_path
from pkgs.artifact.model import NOTHING, Artifact
from pkgs.artifact.placed import placed
from pkgs.digests import Digest
from pkgs.environment.expose import globs
from pkgs.errors import ArchiveError, DigestMismatchError, FetchError, PkgsError, together
from pkgs.install.recipes import finish, recipe_of
from pkgs.install.repositories import fill
from pkgs.install.wanted import Wanted, artifacts_for
from pkgs.install.workspace import Workspace
from pkgs.package.model import Places
from pkgs.platforms import Platform
from pkgs.store.ahead import Ahead
from pkgs.store.treedigest import digest_tree
from pkgs.store.trees import Tree
from pkgs.store.verify import glance

DOWNLOAD, GIT, DIRECTORY, EMPTY = "download", "git", "directory", "empty"


def kind_of(workspace: Workspace, artifact: Artifact) -> str:
    """Tell how an artifact is had: DOWNLOAD, GIT, DIRECTORY or EMPTY."""
    if artifact.url == NOTHING:
        return EMPTY
    if GitSource.parse(artifact.url):
        return GIT
    path = local_path(placed(artifact.url, workspace.places))
    return DIRECTORY if path and path.is_dir() else DOWNLOAD


def obtain(workspace: Workspace, wanted: Wanted, *, anew: bool = False) -> tuple[Artifact, Tree]:
    """Return the tree of the first artifact that is present, or else that can be had, and that artifact.

    Nothing is fetched where a tree is there and its tools are as they were unpacked; ``anew`` makes it again
    all the same. Raises :class:`LockError`, :class:`FetchError`, :class:`ArchiveError` and
    :class:`StoreError`.
    """
    artifacts = artifacts_for(workspace, wanted)
    keys = _keys(wanted, artifacts)
    claim(workspace, keys.values(), (artifact.digest for artifact in keys))
    for artifact, key in keys.items():
        tree = workspace.store.trees.find(key)
        if tree and anew:
            return artifact, remake(workspace, wanted, artifact)
        damaged = tree and _damaged(workspace, wanted, tree)
        if damaged:
            workspace.reporter.warn(
                f"{wanted.reference}: {damaged}: not as it was unpacked, which is made good"
            )
        elif tree:
            return artifact, tree
    return _first_had(workspace, wanted, artifacts)


def _damaged(workspace: Workspace, wanted: Wanted, tree: Tree) -> Path | None:
    """Return a tool in a tree that is not as it was unpacked, seen by kind and size alone."""
    return glance(workspace.state, tree.key, globs(wanted.package, Places.symbolic().dest))


def remake(workspace: Workspace, wanted: Wanted, artifact: Artifact) -> Tree:
    """Make the tree of a present artifact again, as pkgs makes it today."""
    return _make(workspace, wanted, [artifact], anew=True)[1]


def claim_all(workspace: Workspace, requests: Iterable[Wanted]) -> None:
    """Claim everything that is wanted in one go, which spares each its turn with the record.

    What cannot be claimed yet is told of when it is its turn.
    """
    trees: list[Digest] = []
    blobs: list[Digest | None] = []
    for wanted in requests:
        with suppress(PkgsError):
            keys = _keys(wanted, artifacts_for(workspace, wanted))
            trees += keys.values()
            blobs += (artifact.digest for artifact in keys)
    claim(workspace, trees, blobs)


def _keys(wanted: Wanted, artifacts: Iterable[Artifact]) -> dict[Artifact, Digest]:
    """Return the keys of the trees of those artifacts that are pinned."""
    return {artifact: recipe_of(wanted, artifact).key() for artifact in artifacts if artifact.pinned}


def claim(workspace: Workspace, trees: Iterable[Digest], blobs: Iterable[Digest | None]) -> None:
    """Keep gc from what this environment is about to use."""
    digests = (digest for digest in blobs if digest)
    workspace.store.roots.add(workspace.owner, workspace.reporter, trees=trees, blobs=digests)


def _first_had(workspace: Workspace, wanted: Wanted, artifacts: Sequence[Artifact]) -> tuple[Artifact, Tree]:
    """Try ``artifacts`` in order; one that cannot be unpacked is as good as none, whatever its digest."""
    failures: list[PkgsError] = []
    left = list(artifacts)
    while left:
        choice = _alike(workspace, left)
        try:
            return _make(workspace, wanted, choice)
        except FetchError as error:
            failures.append(error)
        except _UnfitError as error:
            failures.append(error)
            choice = [artifact for artifact in choice if artifact.url == error.url]
        left = [artifact for artifact in left if artifact not in choice]
        if left:
            _tell(workspace, wanted, failures[-1])
    if not failures:
        raise FetchError(f"{wanted.reference} has no origin for {workspace.platform}")
    raise together(failures)


def _alike(workspace: Workspace, artifacts: Sequence[Artifact]) -> list[Artifact]:
    """Return all downloads that ``artifacts`` begin with, or else the first one."""
    downloads = takewhile(lambda artifact: kind_of(workspace, artifact) == DOWNLOAD, artifacts)
    return list(downloads) or [artifacts[0]]


def _tell(workspace: Workspace, wanted: Wanted, error: PkgsError) -> None:
    if isinstance(error, ArchiveError):
        workspace.reporter.warn(f"{error.message}; trying the next origin")
    else:
        workspace.reporter.info(f"{wanted.reference}: trying the next origin: {error.message}")


def _make(
    workspace: Workspace, wanted: Wanted, artifacts: Sequence[Artifact], *, anew: bool = False
) -> tuple[Artifact, Tree]:
    """Make the tree of one artifact, or of the first download of several that can be had."""
    label, trees = str(wanted.reference), workspace.store.trees
    with _ahead(workspace, wanted, artifacts[0], anew=anew) as ahead:
        artifact, source = _pinned(workspace, artifacts, workspace.platform, label, ahead)
        recipe = recipe_of(wanted, artifact)
        claim(workspace, (recipe.key(),), ())
        with _named(wanted, artifact):
            tree = trees.ensure(
                recipe,
                source,
                label=label,
                reporter=workspace.reporter,
                finish=partial(_finish, workspace, wanted, artifact),
                anew=anew,
                good=lambda tree: not _damaged(workspace, wanted, tree),
                ahead=ahead,
            )
    return artifact, tree


def _ahead(
    workspace: Workspace, wanted: Wanted, artifact: Artifact, *, anew: bool
) -> AbstractContextManager[Ahead | None]:
    """Let a download that is pinned, and not here yet, be unpacked while it arrives."""
    store = workspace.store
    downloaded = kind_of(workspace, artifact) == DOWNLOAD and artifact.digest is not None
    if anew or not downloaded or store.blobs.find([artifact]):
        return nullcontext()
    return store.trees.ahead(recipe_of(wanted, artifact), label=str(wanted.reference))


class _UnfitError(ArchiveError):
    """The archive that is had from ``url`` cannot be unpacked."""

    def __init__(self, message: str, hint: str, url: str) -> None:
        super().__init__(message, hint)
        self.url = url


@contextmanager
def _named(wanted: Wanted, artifact: Artifact) -> Iterator[None]:
    """Say of an archive that cannot be unpacked whose it is, and where it is from."""
    try:
        yield
    except ArchiveError as error:
        message = f"{wanted.reference}: {error.message} (it is {shown(artifact.url)})"
        raise _UnfitError(message, error.hint, artifact.url) from error


def _pinned(
    workspace: Workspace,
    artifacts: Sequence[Artifact],
    platform: Platform,
    label: str,
    ahead: Ahead | None = None,
) -> tuple[Artifact, Path | None]:
    """Return one artifact, pinned, and where on this disk it is; ``artifacts`` are downloads, or just one."""
    kind = kind_of(workspace, artifacts[0])
    if kind == DIRECTORY:
        return _directory(workspace, artifacts[0], label)
    if kind == GIT:
        return _at_commit(workspace, artifacts[0], label), None
    if kind == EMPTY:
        return artifacts[0], None
    return _download(workspace, artifacts, platform, label, ahead)


def had(workspace: Workspace, artifacts: Sequence[Artifact], platform: Platform, label: str) -> Artifact:
    """Return one of ``artifacts``, pinned by what was got of it; raises :class:`FetchError`."""
    downloads = [artifact for artifact in artifacts if kind_of(workspace, artifact) == DOWNLOAD]
    return _pinned(workspace, downloads or artifacts[:1], platform, label)[0]


def _download(
    workspace: Workspace,
    artifacts: Sequence[Artifact],
    platform: Platform,
    label: str,
    ahead: Ahead | None = None,
) -> tuple[Artifact, Path]:
    blob = workspace.store.blobs.ensure(
        artifacts,
        platform,
        workspace.fetcher,
        workspace.reporter,
        label,
        claim=lambda digest: claim(workspace, (), (digest,)),
        ahead=ahead,
    )
    if blob.artifact.digest is None:
        workspace.reporter.warn(f"{label}: no digest was recorded; trusting {blob.digest} on first use")
    return replace(blob.artifact, digest=blob.digest, size=blob.size), blob.path


def _directory(workspace: Workspace, artifact: Artifact, label: str) -> tuple[Artifact, Path]:
    path = local_path(placed(artifact.url, workspace.places))
    assert path is not None
    found = digest_tree(path)
    if artifact.digest not in (None, found.digest):
        raise DigestMismatchError(
            f"{label}: the directory {path} is not what is recorded: {found.digest}, not {artifact.digest}",
            "to take it as it is now, run: pkgs lock --update PACKAGE",
        )
    return replace(artifact, digest=found.digest, size=found.size), path


def _at_commit(workspace: Workspace, artifact: Artifact, label: str) -> Artifact:
    """Return a git artifact with the commit that its tag or branch names now, unless it has one already."""
    source = GitSource.parse(placed(artifact.url, workspace.places))
    if artifact.commit or source is None:
        return artifact
    commit = remote_commit(source, workspace.environ)
    if commit != source.ref:
        workspace.reporter.warn(f"{label}: no commit was recorded; trusting {commit} on first use")
    return replace(artifact, commit=commit)


def _finish(workspace: Workspace, wanted: Wanted, artifact: Artifact, building: Path) -> list[Path]:
    if artifact.commit:
        claim(workspace, (), (commit_digest(artifact.commit),))
        with workspace.reporter.task(str(wanted.reference)):
            fill(workspace, artifact, building)
    return finish(workspace, wanted, building)
