"""Taking a bundle in: what is in it goes into the state directory, each download verified by its digest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
_AGAIN = "bring it again, and compare its digest with what `pkgs bundle` printed"


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
        wheels = _files(work, path, "wheels/*.whl")
        blobs = dict(_blobs(work, path))
        packs = dict(_packs(work, path))
        claim(frozenset((*blobs, *packs)))
        fresh = sum(_place(state.blob(digest), blob, verified=True) for digest, blob in blobs.items())
        fresh += sum(_place(state.pack(commit), pack) for commit, pack in packs.items())
        _place_sources(state, work)
        _place_own_wheel(state, wheels)
        libraries = _place_wheels(state, wheels)
    finally:
        remove_tree(work)
    return Loaded(tuple(index["platforms"]), frozenset(blobs), frozenset(packs), fresh, libraries)


def _index(work: Path, path: Path) -> Mapping[str, Any]:
    try:
        index: Mapping[str, Any] = json.loads((work / INDEX).read_bytes())
        if index["format"] != FORMAT:
            raise ArchiveError(
                f"{path} is a bundle of another format: {index['format']}, this pkgs knows {FORMAT}",
                "use the pkgs that made it, or a newer one",
            )
        platforms = index["platforms"]
        if isinstance(platforms, list) and all(isinstance(each, str) for each in platforms):
            return index
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass  # the next sentence says all that a user can use
    raise ArchiveError(f"{path} is no bundle of pkgs", "make one with: pkgs bundle FILE.tar.zst")


def _files(work: Path, path: Path, pattern: str) -> list[Path]:
    """Return the files that match; a link could be verified here, and lead elsewhere from the store."""
    found = sorted(work.glob(pattern))
    for each in found:
        if each.is_symlink() or not each.is_file():
            raise ArchiveError(f"{path} holds {str(each.relative_to(work))!r}, which is no file", _AGAIN)
    return found


def _blobs(work: Path, path: Path) -> Iterator[tuple[Digest, Path]]:
    """Yield every blob, verified."""
    for blob in _files(work, path, "blobs/sha256/*/*"):
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
                _AGAIN,
            )
        yield digest, blob


def _packs(work: Path, path: Path) -> Iterator[tuple[Digest, Path]]:
    """Yield what may be packs of git repositories: git verifies them by the commit that the lock names."""
    for pack in _files(work, path, "git/*.pack"):
        if _DIGEST.fullmatch(pack.stem):
            yield Digest(pack.stem), pack


def _place(target: Path, file: Path, *, verified: bool = False) -> bool:
    """Put a file where none is, or a verified one where a damaged one is, which has another size."""
    if target.is_file() and not (verified and target.stat().st_size != file.stat().st_size):
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
        real = revision.is_dir() and not revision.is_symlink()
        if named and real and not target.exists():
            with storing(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    revision.replace(target)
                except OSError:
                    if not target.is_dir():  # another process has brought the same
                        raise


def _place_own_wheel(state: State, wheels: Iterable[Path]) -> None:
    """Put pkgs' own wheel among the downloads, where its digest is its name whatever is in it."""
    for wheel in wheels:
        if wheel.name.startswith("pkgs-"):
            copy = temp_sibling(wheel)
            copy.write_bytes(wheel.read_bytes())
            _place(state.blob(digest_file(copy)), copy, verified=True)


def _place_wheels(state: State, found: Sequence[Path]) -> Path | None:
    wheels = state.root / "wheels"
    with storing(wheels):
        for wheel in found:
            wheels.mkdir(parents=True, exist_ok=True)
            wheel.replace(wheels / wheel.name)
    return wheels if found else None
