"""Taking a bundle in: what is in it goes into the state directory, each download verified by its digest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pkgs.digests import Digest, digest_file
from pkgs.errors import ArchiveError, DigestMismatchError, PkgsError
from pkgs.install.bundle import FORMAT, INDEX
from pkgs.progress import Reporter
from pkgs.state import State
from pkgs.store.files import remove_tree, storing, temp_sibling
from pkgs.store.unpack import unpack

_DIGEST = re.compile(r"[0-9a-f]{64}")
_REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?|sha256-[0-9a-f]{64}")
_MODE = 0o444


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came with a bundle: its platforms, its blobs, and the directory of libraries of pkgs, if any.

    ``packs`` stand for commits of git repositories. ``fresh`` counts what was not here before of both.
    """

    platforms: tuple[str, ...]
    blobs: frozenset[Digest]
    packs: frozenset[Digest]
    fresh: int
    wheels: Path | None


def load_bundle(
    path: Path, state: State, reporter: Reporter, claim: Callable[[frozenset[Digest]], None]
) -> Loaded:
    """Put the content of the bundle ``path`` into the state directory; what is there stays.

    ``claim`` is told what comes before it is put anywhere, so that gc keeps it: it may not be had otherwise.
    Raises :class:`ArchiveError` for what is no bundle, and :class:`DigestMismatchError`, before anything is
    put anywhere, for one that was tampered with or damaged.
    """
    if not path.is_file():
        raise ArchiveError(f"there is no bundle {path}", "make one with: pkgs bundle FILE.tar.zst")
    work = temp_sibling(state.partial / "bundle")
    try:
        with storing(work), reporter.task(path.name):
            work.mkdir(parents=True)
            unpack(path, work, name=path.name)
        index = _index(work, path)
        blobs = dict(_blobs(work, path))
        packs = dict(_packs(work))
        claim(frozenset((*blobs, *packs)))
        fresh = sum(_place(state.blob(digest), blob) for digest, blob in blobs.items())
        fresh += sum(_place(state.pack(commit), pack) for commit, pack in packs.items())
        _place_sources(state, work)
        _place_own_wheel(state, work)
        wheels = _place_wheels(state, work)
    finally:
        remove_tree(work)
    return Loaded(tuple(index["platforms"]), frozenset(blobs), frozenset(packs), fresh, wheels)


def _index(work: Path, path: Path) -> Mapping[str, Any]:
    try:
        index: Mapping[str, Any] = json.loads((work / INDEX).read_bytes())
        if index["format"] == FORMAT and isinstance(index["platforms"], list):
            return index
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArchiveError(
            f"{path} is no bundle of pkgs", "make one with: pkgs bundle FILE.tar.zst"
        ) from error
    raise ArchiveError(
        f"{path} is a bundle of another format: {index.get('format')}, this pkgs knows {FORMAT}",
        "use the pkgs that made it, or a newer one",
    )


def _blobs(work: Path, path: Path) -> Iterator[tuple[Digest, Path]]:
    """Yield every blob, verified."""
    for blob in sorted(work.glob("blobs/sha256/*/*")):
        try:
            digest = Digest(blob.name)
        except PkgsError as error:
            raise ArchiveError(
                f"{path} holds {blob.name!r} among its downloads, which is no digest"
            ) from error
        found = digest_file(blob)
        if found != digest:
            raise DigestMismatchError(
                f"{path} is not what was made: {digest.hex[:16]}… in it has {found}",
                "bring it again, and compare its digest with what `pkgs bundle` printed",
            )
        yield digest, blob


def _packs(work: Path) -> Iterator[tuple[Digest, Path]]:
    """Yield what may be packs of git repositories: git verifies them by the commit that the lock names."""
    for pack in sorted(work.glob("git/*.pack")):
        if _DIGEST.fullmatch(pack.stem):
            yield Digest(pack.stem), pack


def _place(target: Path, file: Path) -> bool:
    if target.is_file():
        return False
    with storing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        file.chmod(_MODE)
        file.replace(target)
    return True


def _place_sources(state: State, work: Path) -> None:
    for revision in sorted(work.glob("sources/*/*")):
        target = state.sources / revision.parent.name / revision.name
        named = _DIGEST.fullmatch(target.parent.name) and _REVISION.fullmatch(target.name)
        if named and revision.is_dir() and not target.exists():
            with storing(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    revision.replace(target)
                except OSError:
                    if not target.is_dir():  # another process has brought the same
                        raise


def _place_own_wheel(state: State, work: Path) -> None:
    """Put pkgs' own wheel among the downloads, where its digest is its name whatever is in it."""
    for wheel in work.glob("wheels/pkgs-*.whl"):
        copy = temp_sibling(wheel)
        copy.write_bytes(wheel.read_bytes())
        _place(state.blob(digest_file(copy)), copy)


def _place_wheels(state: State, work: Path) -> Path | None:
    wheels = state.root / "wheels"
    found = sorted(work.glob("wheels/*.whl"))
    with storing(wheels):
        for wheel in found:
            wheels.mkdir(parents=True, exist_ok=True)
            wheel.replace(wheels / wheel.name)
    return wheels if found else None
