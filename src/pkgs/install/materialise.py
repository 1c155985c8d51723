"""Make packages present, with what they need at run time: verified, unpacked, and where they live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pkgs.artifact.model import Artifact
from pkgs.artifact.select import artifacts_of
from pkgs.digests import Digest
from pkgs.environment.expose import tools
from pkgs.environment.lock import Lock
from pkgs.errors import LockError, PkgsError, together
from pkgs.install.locking import to_artifact
from pkgs.install.lookup import runtime_packages
from pkgs.install.obtain import claim_all, obtain, remake
from pkgs.install.place import located, settled
from pkgs.install.recipes import is_executable, is_program, recipe_of
from pkgs.install.recorded import recorded_tree
from pkgs.install.wanted import Wanted, wanted
from pkgs.install.workspace import Workspace
from pkgs.package.model import Package
from pkgs.references import Reference
from pkgs.store.trees import Tree

if TYPE_CHECKING:
    from concurrent.futures import Future

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Installed:
    """A package that is present, resolved where it lives, its tree, and the artifact that the tree is of.

    ``recorded`` is the tree's digest as the lock is to have it. ``dependencies`` are what it needs at run
    time, each after what needs it.
    """

    package: Package
    tree: Tree
    artifact: Artifact
    recorded: Digest
    dependencies: tuple[Installed, ...] = ()


@dataclass(frozen=True, slots=True)
class Located:
    """A package resolved at the place of its tree, whether or not that is there; ``blob`` is its download.

    ``rivals`` are the keys of other trees that it would be looked for at if one of them came to be.
    """

    package: Package
    key: Digest
    blob: Digest | None = None
    rivals: tuple[Digest, ...] = ()


def materialise(
    workspace: Workspace,
    references: Iterable[Reference],
    lock: Lock,
    installed: Callable[[], Sequence[Package]],
) -> tuple[Installed, ...]:
    """Make ``references`` and what they need at run time present, several at once; return the former.

    ``installed`` returns the packages that may stand for a bare name among runtime dependencies. One
    failure stops none of the others, so that what they fetched need not be fetched again; then one error
    tells all that failed. Raises :class:`PkgsError`.
    """
    requests = {reference: wanted(workspace, reference, lock) for reference in references}
    needs = {
        reference: [package.reference for package in _runtime(workspace, request, lock, installed)]
        for reference, request in requests.items()
    }
    for reference in (each for needed in needs.values() for each in needed):
        if reference not in requests:
            requests[reference] = wanted(workspace, reference, lock)
    if len(requests) > 1:
        claim_all(workspace, requests.values())
    done = in_parallel(lambda request: _materialise(workspace, request), requests.values(), workspace.jobs)
    present = dict(zip(requests, done, strict=True))
    return tuple(
        replace(present[reference], dependencies=tuple(present[each] for each in needed))
        for reference, needed in needs.items()
    )


def _runtime(
    workspace: Workspace, request: Wanted, lock: Lock, installed: Callable[[], Sequence[Package]]
) -> tuple[Package, ...]:
    if not request.package.runtime_dependencies:
        return ()
    return runtime_packages(workspace, request.package, installed(), lock)


def _materialise(workspace: Workspace, request: Wanted) -> Installed:
    artifact, tree = obtain(workspace, request)
    package = settled(workspace, request.entry.manifest, request.reference, tree)
    if not all(map(_starts, tools(package).values())):
        tree = remake(workspace, request, artifact)
        package = settled(workspace, request.entry.manifest, request.reference, tree)
    return Installed(package, tree, artifact, _held_to_lock(workspace, request, tree))


def _held_to_lock(workspace: Workspace, request: Wanted, tree: Tree) -> Digest:
    """Return the digest to record of a tree; refuse one that contradicts the lock if frozen, else warn."""
    recorded = recorded_tree(workspace.state, request, tree.key, tree.digest)
    if recorded.stands:
        return recorded.digest
    what = f"{request.reference} has the tree {tree.digest}, but the lock says {recorded.digest}"
    if workspace.frozen:
        raise LockError(
            what,
            "the download is right, so see whether the store was changed: pkgs verify --deep --repair; to "
            f"accept the tree, on {workspace.platform}, run: pkgs install --no-frozen; then commit pkgs.lock",
        )
    workspace.reporter.warn(
        f"{what}: the download is right, so see whether the store was changed (pkgs verify --deep --repair); "
        "if that does not help, this records the tree as it is: pkgs install"
    )
    return tree.digest


def _starts(tool: Path) -> bool:
    """Tell whether a tool is as good as pkgs can make it: executable, or no program at all."""
    return is_executable(tool) or not is_program(tool)


def in_parallel(work: Callable[[_T], _R], items: Iterable[_T], jobs: int) -> list[_R]:
    """Do ``work`` on all ``items``, ``jobs`` at once, and return the results in order.

    An interrupt or a bug ends the waiting at once; a :class:`PkgsError` lets the others be done first.
    """
    items = list(items)
    if len(items) <= 1:
        return [work(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor  # deferred: 13 ms

    pool = ThreadPoolExecutor(max(1, jobs))
    try:
        futures = [pool.submit(work, item) for item in items]
        _wait(futures)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    failures = [error for future in futures if isinstance(error := future.exception(), PkgsError)]
    if failures:
        raise together(failures)
    return [future.result() for future in futures]


def _wait(futures: Sequence[Future[_R]]) -> None:
    from concurrent.futures import FIRST_EXCEPTION, wait  # deferred: 13 ms

    pending = set(futures)
    while pending:
        done, pending = wait(pending, return_when=FIRST_EXCEPTION)
        for future in done:
            error = future.exception()
            if error and not isinstance(error, PkgsError):
                raise error


def locate(workspace: Workspace, reference: Reference, lock: Lock) -> Located | None:
    """Return the package resolved where it is or will be, without fetching or making anything.

    None when that cannot be known yet: nobody has recorded which bytes it is. Raises :class:`ResolveError`.
    """
    request = wanted(workspace, reference, lock)
    keys = dict(_keys(workspace, request))
    found = next((key for key in keys if workspace.store.trees.find(key)), None)
    key = found or next(iter(keys), None)
    if key is None:
        return None
    package = located(workspace, request.entry.manifest, reference, workspace.state.tree(key))
    rivals = () if found else tuple(other for other in keys if other != key)
    return Located(package, key, keys[key], rivals)


def _keys(workspace: Workspace, request: Wanted) -> Iterator[tuple[Digest, Digest | None]]:
    held = request.locked.artifacts.get(workspace.platform, ()) if request.locked else ()
    for artifact in [*map(to_artifact, held)] or artifacts_of(request.package):
        if artifact.pinned:
            yield recipe_of(request, artifact).key(), artifact.digest
