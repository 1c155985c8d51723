"""Bundles: everything an environment needs, for the platforms chosen, in one file for where no network is.

A bundle is a tar, compressed with zstandard, laid out like a state directory:

    bundle.json                       what is in it
    pkgs.lock                         the lock it was made from
    manifests/<name>.hcl              the manifests of its packages, to be read
    blobs/sha256/<ab>/<abcd…>         downloads
    git/<digest>.pack                 packages that are git repositories, one commit each
    sources/<source>/<revision>/…     the manifest sources that are not part of a checkout
    wheels/<name>.whl                 pkgs itself and its libraries

The same lock gives the same bytes on every machine: members are sorted and have no owners; their time is
``SOURCE_DATE_EPOCH`` or a constant.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pkgs.artifact.failures import summary
from pkgs.artifact.git import commit_digest
from pkgs.artifact.model import Artifact
from pkgs.digests import Digest
from pkgs.environment.lock import Lock, LockedPackage, print_lock
from pkgs.errors import FetchError, LockError, together
from pkgs.install.locking import covered, to_artifact
from pkgs.install.obtain import DOWNLOAD, GIT, claim, kind_of
from pkgs.install.repositories import packed
from pkgs.install.workspace import Workspace
from pkgs.platforms import Platform
from pkgs.references import Reference
from pkgs.store.files import clean_on_failure, storing, temp_sibling
from pkgs.store.unpack.compression import compressing

FORMAT = 1
INDEX = "bundle.json"
# 1980-01-01: the earliest that every archiver can write.
_TIME = 315532800


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link as a member."""

    target: str


Content = Path | bytes | Link


@dataclass(frozen=True, slots=True)
class Collected:
    """What goes into a bundle: member name → content; and sentences about what could not."""

    members: Mapping[str, Content]
    packages: Mapping[str, Mapping[str, str]]
    left_out: tuple[str, ...] = ()


@dataclass(slots=True)
class _Collection:
    members: dict[str, Content] = field(default_factory=dict)
    packages: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def collect(
    workspace: Workspace,
    references: Sequence[Reference],
    lock: Lock,
    platforms: Sequence[Platform],
    *,
    every: bool,
) -> Collected:
    """Gather what ``references`` need on ``platforms``, downloading what is not in the store.

    With ``every`` a platform that a package does not offer, or that nobody has a digest for, is left out;
    without, that is a :class:`LockError`. One failure does not stop the other downloads.
    """
    found, failures = _Collection(), []
    for name in _with_runtime(references, lock):
        for platform in platforms:
            try:
                _add(found, workspace, Reference.parse(name), lock, platform)
            except FetchError as error:
                failures.append(error)
            except LockError as error:
                if not every:
                    raise
                found.left_out.append(error.message)
    if failures:
        raise together(failures)
    _add_sources(found, workspace)
    found.members["pkgs.lock"] = print_lock(lock).encode()
    return Collected(found.members, found.packages, tuple(found.left_out))


def _with_runtime(references: Iterable[Reference], lock: Lock) -> list[str]:
    """Return what is to be had, by name: with what it needs at run time."""
    names = [str(reference) for reference in references]
    for name in names:  # grows while it is read
        locked = lock.packages.get(name)
        names += [each for each in (locked.runtime if locked else ()) if each not in names]
    return sorted(names)


def _add(
    found: _Collection, workspace: Workspace, reference: Reference, lock: Lock, platform: Platform
) -> None:
    locked = covered(lock.packages.get(str(reference)), reference, platform)
    entry = workspace.catalog.get(reference.name)
    found.members[f"manifests/{reference.name}.hcl"] = entry.file.text.encode()
    origin = _first_had(workspace, reference, locked, platform)
    listed = found.packages.setdefault(str(reference), {})
    if origin:
        digest, member, path = origin
        listed[str(platform)] = digest.hex
        found.members[member] = path


def _first_had(
    workspace: Workspace, reference: Reference, locked: LockedPackage, platform: Platform
) -> tuple[Digest, str, Path] | None:
    """Return the member for the first origin of the lock that can be had, wherever that works.

    One whose tree the lock knows can also be unpacked, so it comes first. None if there is nothing to bring.
    """
    failures: dict[str, FetchError] = {}
    for held in sorted(locked.artifacts[platform], key=lambda each: not each.tree):
        artifact, label = to_artifact(held), f"{reference} {platform}"
        try:
            if kind_of(workspace, artifact) == DOWNLOAD:
                blob = _present(workspace, artifact, platform, label)
                return blob, blob_member(blob), workspace.state.blob(blob)
            if kind_of(workspace, artifact) == GIT:
                commit = _packed(workspace, artifact, label)
                return commit, f"git/{commit.hex}.pack", workspace.state.pack(commit)
        except FetchError as error:
            failures[artifact.url] = error
    if failures:
        raise summary(failures)
    return None


def _packed(workspace: Workspace, artifact: Artifact, label: str) -> Digest:
    claim(workspace, (), (commit_digest(artifact.commit),))
    return packed(workspace, artifact, label)


def _present(workspace: Workspace, artifact: Artifact, platform: Platform, label: str) -> Digest:
    claim(workspace, (), (artifact.digest,))
    blobs = workspace.store.blobs
    return blobs.ensure([artifact], platform, workspace.fetcher, workspace.reporter, label).digest


def blob_member(digest: Digest) -> str:
    """Return the name of a blob in a bundle."""
    return f"blobs/sha256/{digest.hex[:2]}/{digest.hex}"


def _add_sources(found: _Collection, workspace: Workspace) -> None:
    """Add the sources that are kept in the state directory, whole: a part would pass for all of it."""
    sources = workspace.state.sources
    for source in workspace.catalog.sources:
        if source.commit and source.directory.is_relative_to(sources):
            inside = os.path.realpath(source.directory)
            for path in source.directory.rglob("*"):
                content = _content(path, inside)
                if content:
                    found.members[f"sources/{_utf8(path.relative_to(sources))}"] = content


def _content(path: Path, inside: str) -> Content | None:
    """Return what a bundle holds of something in a source: of links those that lead to what it holds, too."""
    if path.is_symlink():
        leads = Path(os.path.realpath(path)).is_relative_to(inside) and path.exists()
        return Link(_utf8(path.readlink())) if leads else None
    return path if path.is_file() else None


def _utf8(path: Path) -> str:
    """Return a name as it is written in UTF-8, whatever this process takes names for."""
    return os.fsencode(path).decode("utf-8", "surrogateescape")


def own_wheel(workspace: Workspace, lock: Lock) -> dict[str, Content]:
    """Return pkgs' own wheel as a member; nothing in pkgs' own checkout. Raises :class:`FetchError`."""
    program = lock.program
    if program is None or not program.sha256:
        return {}
    artifact = Artifact(program.url, Digest(program.sha256))
    if workspace.store.blobs.find([artifact]) is None:
        workspace.program()  # puts the wheel of the running pkgs into the store, which may be that one
    if not program.url and workspace.store.blobs.find([artifact]) is None:
        raise FetchError(
            f"the wheel of pkgs {program.version} is not in the store, and the lock names no URL for it",
            "run `pkgs init` with that version once on this machine, or leave pkgs out: --without-pkgs",
        )
    digest = _present(workspace, artifact, workspace.platform, f"pkgs {program.version}")
    return {f"wheels/pkgs-{program.version}-py3-none-any.whl": workspace.state.blob(digest)}


def write_bundle(path: Path, collected: Collected, platforms: Sequence[Platform], time: int | None) -> None:
    """Write a bundle; ``time`` is what ``SOURCE_DATE_EPOCH`` says, in seconds. Raises :class:`StoreError`."""
    index = {
        "format": FORMAT,
        "platforms": sorted(map(str, platforms)),
        "packages": collected.packages,
    }
    members = {**collected.members, INDEX: f"{json.dumps(index, indent=1, sort_keys=True)}\n".encode()}
    names = [INDEX, *sorted(name for name in members if name != INDEX)]
    temp = temp_sibling(path)
    with storing(path), clean_on_failure(temp):
        path.parent.mkdir(parents=True, exist_ok=True)
        with temp.open("xb") as file, compressing(file) as stream:
            _write_tar(
                stream.write, ((name, members[name]) for name in names), _TIME if time is None else time
            )
        temp.replace(path)


class _Writer(io.RawIOBase):
    """A file that can only be written to; tarfile asks where it stands."""

    def __init__(self, write: Callable[[bytes], int]) -> None:
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._write(data)
        return len(data)


def _write_tar(write: Callable[[bytes], int], members: Iterator[tuple[str, Content]], time: int) -> None:
    writer = _Writer(write)
    with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT, encoding="utf-8") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.mtime, info.mode = time, 0o644
            if isinstance(content, Link):
                info.type, info.linkname = tarfile.SYMTYPE, content.target
                tar.addfile(info)
            elif isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                info.size = content.stat().st_size
                with content.open("rb") as file:
                    tar.addfile(info, file)
