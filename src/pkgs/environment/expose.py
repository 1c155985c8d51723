"""Which files of an unpacked package become tools."""

# ruff: noqa: PTH116, PTH118, PTH208
# Strings and system calls: what glob and pathlib cannot read counts as not there.
from __future__ import annotations

import errno
import fnmatch
import glob
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pkgs.errors import EnvError, StoreError
from pkgs.package.model import Package

_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}


def tools(package: Package) -> dict[str, Path]:
    """Return the tools of a package that is unpacked at its ``root``: name → file, by name.

    Raises :class:`EnvError` for a glob that matches no file, or one outside the package, and
    :class:`StoreError` for what cannot be read.
    """
    found: dict[str, Path] = {}
    try:
        for pattern in package.binaries:
            found.update((path.name, path) for path in _files(package, pattern))
    except OSError as error:
        raise StoreError(
            f"{package.reference}: {error.filename} cannot be read: {error.strerror}",
            "look at the disk, and at who may read it; then run the command again",
        ) from error
    return dict(sorted(found.items()))


def matches(pattern: str, root: str) -> list[str]:
    """Return what a glob of ``binaries`` matches below ``root``, sorted.

    It is read as Go's filepath.Glob does: ``*`` stays within one directory and also matches a leading dot.
    One that begins with a slash is below ``root``, too. Raises :class:`OSError` for what cannot be read.
    """
    pattern = pattern.lstrip("/")
    found = [""]
    for part in pattern.split("/") if glob.has_magic(pattern) else [pattern]:
        found = [
            os.path.join(place, name) for place in found for name in _names(os.path.join(root, place), part)
        ]
    return sorted(found)


def globs(package: Package, dest: str) -> list[str]:
    """Return ``binaries`` as seen from ``dest``, the place of the package; what is outside of it, not."""
    top = f"{dest}/"
    whole = [os.path.normpath(os.path.join(package.root, each.lstrip("/"))) for each in package.binaries]
    return [each.removeprefix(top) for each in whole if each.startswith(top)]


def _names(directory: str, part: str) -> list[str]:
    """Return the names in a directory that one part of a glob, or a path without stars, matches."""
    try:
        if glob.has_magic(part):
            return fnmatch.filter(os.listdir(directory), part)
        os.lstat(os.path.join(directory, part))
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
        return []
    return [part]


def _files(package: Package, pattern: str) -> Iterator[Path]:
    matched = False
    for match in matches(pattern, package.root):
        path = Path(os.path.normpath(os.path.join(package.root, match)))
        if not path.is_relative_to(package.root):
            raise EnvError(f"{package.reference} exposes {pattern!r}, which lies outside the package")
        if _is_file(path):
            matched = True
            yield path
    if not matched:
        raise EnvError(
            f"{package.reference} has no file that matches its binaries {pattern!r}", _there(package)
        )


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
        return False


def _there(package: Package) -> str:
    try:
        names = sorted(os.listdir(package.root))
    except (FileNotFoundError, NotADirectoryError):
        return f"there is no directory {package.root}; the manifest's root, strip or triggers may be wrong"
    shown = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    lost = f"; if it has lost the file since: pkgs verify --repair {package.reference.name}"
    return f"the package holds: {shown}; the manifest's binaries, root or strip may be wrong" + (
        lost if package.mutable else ""
    )
