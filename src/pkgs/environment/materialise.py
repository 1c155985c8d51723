"""Make a pinned package present: its bytes verified in the store, its tree unpacked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from pkgs.artifact.model import Artifact
from pkgs.artifact.select import artifacts_of
from pkgs.digests import Digest, digest_bytes
from pkgs.environment.freeze import frozen
from pkgs.environment.lock import Lock, LockedPackage
from pkgs.environment.locking import covered, refuse_contradiction, symbolic, to_artifact
from pkgs.environment.workspace import Workspace
from pkgs.errors import PkgsError, together
from pkgs.manifest.model import Copy, Manifest
from pkgs.package.model import Package, Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import ExactSelector
from pkgs.references import Reference
from pkgs.source.catalog import Entry
from pkgs.store.actions import run_actions
from pkgs.store.files import contained
from pkgs.store.recipe import Recipe
from pkgs.store.trees import Tree


@dataclass(frozen=True, slots=True)
class Installed:
    """A package that is present, resolved at its real places, its tree, and the artifact that the tree is of."""

    package: Package
    tree: Tree
    artifact: Artifact


def materialise_all(
    workspace: Workspace, references: Sequence[Reference], lock: Lock
) -> tuple[Installed, ...]:
    """Make all of ``references`` present, several at once, and return them in that order.

    One failure stops none of the others; then one error tells all that failed.
    """
    with ThreadPoolExecutor(workspace.jobs) as pool:
        futures = [
            pool.submit(materialise, workspace, reference, lock.packages.get(str(reference)))
            for reference in references
        ]
    failures = [error for future in futures if (error := future.exception())]
    unexpected = [error for error in failures if not isinstance(error, PkgsError)]
    if unexpected:
        raise unexpected[0]
    if failures:
        raise together([error for error in failures if isinstance(error, PkgsError)])
    return tuple(future.result() for future in futures)


def materialise(workspace: Workspace, reference: Reference, locked: LockedPackage | None) -> Installed:
    """Return the package, fetching and unpacking whatever is missing.

    The lock decides which bytes; where it says nothing the manifest does, unless the workspace is frozen.
    Raises :class:`LockError` for what a frozen lock does not cover, and what fetching and unpacking raise.
    """
    entry = workspace.catalog.get(reference.name)
    manifest = frozen(entry.manifest, reference, locked.version if locked else "")
    package = symbolic(manifest, reference, workspace.platform, workspace.today)
    artifacts = _artifacts(workspace, package, locked)
    artifact, tree = _obtain(workspace, replace(entry, manifest=manifest), package, artifacts)
    return Installed(at(workspace, manifest, reference, tree.path), tree, artifact)


def at(workspace: Workspace, manifest: Manifest, reference: Reference, tree: Path) -> Package:
    """Resolve ``reference`` as it stands unpacked in ``tree``."""
    places = Places(
        dest=str(tree),
        env=str(workspace.environment.root),
        home=workspace.home,
        state=str(workspace.state.root),
    )
    return resolve(manifest, ExactSelector(reference), workspace.platform, places, today=workspace.today)


def _artifacts(workspace: Workspace, package: Package, locked: LockedPackage | None) -> list[Artifact]:
    if workspace.frozen:
        locked = covered(locked, package.reference, workspace.platform)
    if locked:
        refuse_contradiction(package, locked)
        held = locked.artifacts.get(workspace.platform)
        if held:
            return [to_artifact(artifact) for artifact in held]
    return list(artifacts_of(package))


@dataclass(frozen=True, slots=True)
class Located:
    """A package resolved at the place of its tree, whether or not that is there."""

    package: Package
    key: Digest


def locate(workspace: Workspace, reference: Reference, locked: LockedPackage | None) -> Located | None:
    """Return the package resolved where it is or will be unpacked, without fetching anything.

    None when that cannot be known yet: nobody has recorded a digest. Raises :class:`ResolveError`.
    """
    entry = workspace.catalog.get(reference.name)
    manifest = frozen(entry.manifest, reference, locked.version if locked else "")
    package = symbolic(manifest, reference, workspace.platform, workspace.today)
    held = locked.artifacts.get(workspace.platform, ()) if locked else ()
    artifacts = [to_artifact(artifact) for artifact in held] or artifacts_of(package)
    keys = [_recipe(entry, package, artifact).key() for artifact in artifacts if artifact.digest]
    present = next((key for key in keys if workspace.store.trees.find(key)), keys[0] if keys else None)
    if present is None:
        return None
    return Located(at(workspace, manifest, reference, workspace.state.tree(present)), present)


def _obtain(
    workspace: Workspace, entry: Entry, package: Package, artifacts: list[Artifact]
) -> tuple[Artifact, Tree]:
    """Return the tree of the first artifact that is present, or else that can be had."""
    keys = {artifact: _recipe(entry, package, artifact).key() for artifact in artifacts if artifact.digest}
    _claim(workspace, keys.values(), (artifact.digest for artifact in keys))
    for artifact, key in keys.items():
        tree = workspace.store.trees.find(key)
        if tree:
            return artifact, tree
    label = str(package.reference)
    blob = workspace.store.blobs.ensure(
        artifacts,
        workspace.platform,
        workspace.fetcher,
        workspace.reporter,
        label,
        claim=lambda digest: _claim(workspace, (), (digest,)),
    )
    if blob.artifact.digest is None:
        workspace.reporter.warn(f"{label}: no digest was recorded; trusting {blob.digest} on first use")
    artifact = replace(blob.artifact, digest=blob.digest, size=blob.size)
    recipe = _recipe(entry, package, artifact)
    _claim(workspace, (recipe.key(),), ())
    tree = workspace.store.trees.ensure(
        recipe,
        blob.path,
        label=label,
        reporter=workspace.reporter,
        finish=partial(_finish, workspace, entry, package.reference),
    )
    return artifact, tree


def _claim(workspace: Workspace, trees: Iterable[Digest], blobs: Iterable[Digest | None]) -> None:
    """Keep gc from what this environment is about to use."""
    bin_dir = workspace.environment.bin_dir
    digests = (digest for digest in blobs if digest)
    workspace.store.roots.add(bin_dir, workspace.reporter, trees=trees, blobs=digests)


def _recipe(entry: Entry, package: Package, artifact: Artifact) -> Recipe:
    actions = package.triggers.get("unpack", ())
    copied = [(action.to, action.from_) for action in actions if isinstance(action, Copy)]
    files = [(to, from_) for from_, to in package.files.items()]
    return Recipe(
        blob=artifact.digest,
        name=file_name(artifact.url),
        strip=artifact.strip,
        dont_extract=package.dont_extract,
        actions=actions,
        files=tuple((to, digest_bytes(entry.source.file(from_))) for to, from_ in sorted(copied + files)),
        mutable=package.mutable,
    )


def file_name(url: str) -> str:
    """Return the name that a single downloaded file gets: the last part of its URL's path."""
    return PurePosixPath(unquote(urlsplit(url).path)).name or "download"


def _finish(workspace: Workspace, entry: Entry, reference: Reference, building: Path) -> None:
    """Put the manifest's files into a tree that is being made, and carry out its unpack trigger."""
    package = at(workspace, entry.manifest, reference, building)
    for from_, to in package.files.items():
        target = contained(building, str(Path(to).relative_to(building)))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(entry.source.file(from_))
    run_actions(
        package.triggers.get("unpack", ()),
        root=Path(package.root),
        copy_source=entry.source.file,
        allowed=(building,),
    )
