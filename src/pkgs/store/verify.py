"""Verification: whether trees and blobs are what their records say, to the file."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from pkgs.digests import Digest, digest_file
from pkgs.errors import StoreError
from pkgs.state import State
from pkgs.store.files import remove_tree
from pkgs.store.records import listing_path, read_listing, read_record, record_path
from pkgs.store.treedigest import SEALED, Entry, TreeSum, entries, sort_key

MOST_FAULTS = 20
# What begins the part of a glob that is no plain text.
_MAGIC = re.compile(r"[*?[]")


class Condition(Enum):
    """What was found in a place."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Expectation:
    """A tree that should be there; ``tree`` is its content's digest and ``blob`` its archive's, where known.

    A missing blob is no fault, since the tree stands without it; a damaged one is.
    """

    label: str
    key: Digest
    tree: Digest | None = None
    blob: Digest | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: ``faults`` names up to :data:`MOST_FAULTS` files and what is wrong with each."""

    expectation: Expectation
    condition: Condition
    faults: tuple[str, ...] = ()


def examine(state: State, expectation: Expectation, *, deep: bool) -> Verdict:
    """Return what is found in the place of ``expectation``.

    ``deep`` reads every byte; otherwise sizes, modes and times are compared. To repair it, see
    ``Trees.ensure(anew=True)`` and :func:`drop_bad_blob`.
    """
    if not state.tree(expectation.key).is_dir():
        return Verdict(expectation, Condition.MISSING)
    faults = tuple(islice(_faults(state, expectation, deep), MOST_FAULTS))
    return Verdict(expectation, Condition.DAMAGED if faults else Condition.WHOLE, faults)


def glance(state: State, key: Digest, globs: Sequence[str]) -> Path | None:
    """Return what ``globs`` match in a tree, but is not as it was unpacked: the first such file or link.

    Only kinds, sizes and where links lead are compared: copies of a state directory, such as images of
    containers, may have lost times. What cannot be read counts as right.
    """
    root = state.tree(key)
    with suppress(OSError, StoreError):
        for listed in read_listing(listing_path(state, key), [_MAGIC.split(glob)[0] for glob in globs]):
            if listed.kind != "d" and any(_matches(listed.path, glob) for glob in globs):
                path = root / listed.path
                if not _alike(listed, path):
                    return path
    return None


def _matches(path: str, glob: str) -> bool:
    """Tell whether a glob matches a path, part by part."""
    parts, patterns = path.split("/"), glob.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _alike(listed: Entry, path: Path) -> bool:
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if listed.kind == "l":
        return stat.S_ISLNK(status.st_mode) and str(path.readlink()) == listed.content
    return stat.S_ISREG(status.st_mode) and status.st_size == listed.size


def blob_fault(state: State, digest: Digest) -> str:
    """Return what is wrong with a blob's bytes, reading them all; "" if nothing, or if it is not there."""
    path = state.blob(digest)
    try:
        found = digest_file(path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    return "" if found == digest else f"{path}: its digest is {found}"


def drop_bad_blob(state: State, digest: Digest) -> None:
    """Remove a blob whose bytes are not what its name says, so that it is fetched again.

    For the holder of its lock: another process may be about to put a good one there.
    """
    if blob_fault(state, digest):
        try:
            remove_tree(state.blob(digest))
        except OSError as error:
            hint = "remove the file as its owner, or set PKGS_STATE_DIR to another directory"
            raise StoreError(f"{state.blob(digest)} cannot be removed: {error.strerror}", hint) from error


def _faults(state: State, expectation: Expectation, deep: bool) -> Iterator[str]:
    record = read_record(state, expectation.key)
    root = state.tree(expectation.key)
    if record is None:
        yield f"{record_path(state, expectation.key)}: cannot be read, or is not there"
        return
    if expectation.tree not in (None, record.tree):
        yield f"{root}: its digest is {record.tree}, the lock says {expectation.tree}"
    yield from filter(None, [_root_fault(root)])
    total = TreeSum()
    try:
        yield from _differences(root, listing_path(state, expectation.key), total, deep)
    except StoreError as error:
        yield error.message
        return
    except OSError as error:
        yield f"{os.fsdecode(error.filename or root)}: cannot be read: {error.strerror}"
        return
    if deep and total.result().digest != record.tree:
        yield f"{root}: its digest is {total.result().digest}, recorded was {record.tree}"
    if deep and expectation.blob:
        yield from filter(None, [blob_fault(state, expectation.blob)])


def _root_fault(root: Path) -> str:
    mode = root.lstat().st_mode
    if not stat.S_ISDIR(mode):
        return f"{root}: of another kind"
    return (
        "" if stat.S_IMODE(mode) == SEALED else f"{root}: mode {stat.S_IMODE(mode):o} instead of {SEALED:o}"
    )


def _differences(root: Path, listing: Path, total: TreeSum, deep: bool) -> Iterator[str]:
    """Walk the tree and its listing side by side: both are in the same order."""
    found = _counted(entries(root, hashed=deep), total)
    for listed, there in _paired(read_listing(listing), found):
        if there is None and listed is not None:
            yield f"{root / listed.path}: missing"
        elif listed is None and there is not None:
            yield f"{root / there.path}: not in the package"
        elif listed is not None and there is not None:
            what = _change(listed, there, deep)
            if what:
                yield f"{root / there.path}: {what}"


def _counted(found: Iterator[Entry], total: TreeSum) -> Iterator[Entry]:
    for entry in found:
        total.add(entry)
        yield entry


def _paired(listed: Iterator[Entry], found: Iterator[Entry]) -> Iterator[tuple[Entry | None, Entry | None]]:
    left, right = next(listed, None), next(found, None)
    while left is not None or right is not None:
        if left and right and left.path == right.path:
            yield left, right
            left, right = next(listed, None), next(found, None)
        elif right is None or (left and sort_key(left.path) < sort_key(right.path)):
            yield left, None
            left = next(listed, None)
        else:
            yield None, right
            right = next(found, None)


def _change(listed: Entry, found: Entry, deep: bool) -> str:
    if listed.kind != found.kind:
        return "of another kind"
    if listed.kind == "l":
        return "" if listed.content == found.content else f"points at {found.content}"
    if listed.size != found.size:
        return f"{found.size} bytes instead of {listed.size}"
    if deep and listed.content != found.content:
        return "other content"
    if listed.mode != found.mode:
        return f"mode {found.mode:o} instead of {listed.mode:o}"
    if listed.mtime != found.mtime and not deep:
        return "touched since it was unpacked"
    return ""
