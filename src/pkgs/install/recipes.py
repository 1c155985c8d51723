"""How a package's tree is made: its recipe, and what pkgs does to it after unpacking."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from pkgs.artifact.git import commit_digest
from pkgs.artifact.model import Artifact
from pkgs.digests import Digest, digest_bytes
from pkgs.environment.expose import matches
from pkgs.environment.files import files_beside
from pkgs.errors import StoreError
from pkgs.install.place import at
from pkgs.install.wanted import Wanted
from pkgs.install.workspace import Workspace
from pkgs.store.actions import run_actions
from pkgs.store.files import contained
from pkgs.store.recipe import Recipe

# What a kernel starts: ELF, scripts, and Mach-O for one or several processors.
_PROGRAMS = (
    b"\x7fELF",
    b"#!",
    b"\xfe\xed\xfa",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)


def recipe_of(wanted: Wanted, artifact: Artifact) -> Recipe:
    """Return how the tree of ``artifact``, which is pinned, is made.

    Raises :class:`SourceError` for a file that is not beside the manifest.
    """
    source = wanted.entry.source
    files = [(to, from_) for from_, places in files_beside(wanted.package).items() for to in places]
    return Recipe(
        blob=_content(artifact),
        name=file_name(artifact.url),
        strip=artifact.strip,
        dont_extract=wanted.package.dont_extract,
        actions=wanted.package.triggers.get("unpack", ()),
        binaries=wanted.package.binaries,
        files=tuple((to, digest_bytes(source.file(from_))) for to, from_ in sorted(files)),
        apps=wanted.package.apps if wanted.package.platform.os == "darwin" else (),
        mutable=wanted.package.mutable,
    )


def _content(artifact: Artifact) -> Digest | None:
    if artifact.commit:
        return commit_digest(artifact.commit)
    return artifact.digest


def file_name(url: str) -> str:
    """Return the name that a single downloaded file gets: the last part of its URL's path."""
    return PurePosixPath(unquote(urlsplit(url).path)).name or "download"


def finish(workspace: Workspace, wanted: Wanted, building: Path) -> list[Path]:
    """Put the manifest's files into a tree that is being made, and carry out its unpack trigger.

    Programs that the manifest exposes can be executed afterwards, whatever their archive says. Returns the
    files that were changed, but not by the trigger.
    """
    package = at(workspace, wanted.unplaced, wanted.package.reference, building)
    changed = _put_files(package.files, building, wanted)
    run_actions(
        package.triggers.get("unpack", ()),
        root=Path(package.root),
        copy_source=wanted.entry.source.file,
        allowed=(building,),
        environ=workspace.environ,
    )
    for pattern in package.binaries:
        for match in matches(pattern, package.root):
            changed += _make_executable(Path(package.root, match), building)
    return changed


def _put_files(files: Mapping[str, str], building: Path, wanted: Wanted) -> list[Path]:
    targets = []
    for from_, to in files.items():
        target = contained(building, os.path.relpath(Path(building, to), building))
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise StoreError(
                f"{wanted.package.reference} puts its file {from_} at {to}, where a directory is",
                "name the file in files, such as ${root}/NAME",
            )
        target.unlink(missing_ok=True)
        target.write_bytes(wanted.entry.source.file(from_))
        targets.append(target)
    return targets


def _make_executable(path: Path, building: Path) -> list[Path]:
    """Let everyone who may read a program of the package execute it; return what was changed."""
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(building)) or not path.is_file():
        return []
    if is_executable(path) or not is_program(path):
        return []
    mode = path.stat().st_mode
    path.chmod(mode | (mode & 0o444) >> 2)
    return [path]


def is_executable(path: Path) -> bool:
    """Tell whether a file's owner may execute it."""
    return bool(path.stat().st_mode & 0o100)


def is_program(path: Path) -> bool:
    """Tell by its first bytes whether a file is something that a kernel starts."""
    with path.open("rb") as file:
        return file.read(4).startswith(_PROGRAMS)
