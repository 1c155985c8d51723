"""Which files of an unpacked package become tools."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from pkgs.errors import EnvError
from pkgs.package.model import Package


def tools(package: Package) -> dict[str, Path]:
    """Return the tools of a package that is unpacked at its ``root``: name → file, by name.

    ``binaries`` are globs as Go's filepath.Glob reads them: ``*`` stays within one directory and also matches
    a leading dot. Raises :class:`EnvError` for a glob that matches no file, or one outside the package.
    """
    found: dict[str, Path] = {}
    for pattern in package.binaries:
        found.update((path.name, path) for path in _matches(package, pattern))
    return dict(sorted(found.items()))


def matches(pattern: str, root: str) -> list[str]:
    """Return what a glob of ``binaries`` matches below ``root``, sorted."""
    return sorted(glob.glob(pattern, root_dir=root, include_hidden=True))  # noqa: PTH207


def _matches(package: Package, pattern: str) -> Iterator[Path]:
    matched = False
    for match in matches(pattern, package.root):
        path = Path(os.path.normpath(os.path.join(package.root, match)))  # noqa: PTH118
        if not path.is_relative_to(package.root):
            raise EnvError(f"{package.reference} exposes {pattern!r}, which lies outside the package")
        if path.is_file():
            matched = True
            yield path
    if not matched:
        raise EnvError(
            f"{package.reference} has no file that matches its binaries {pattern!r}", _there(package)
        )


def _there(package: Package) -> str:
    try:
        names = sorted(entry.name for entry in os.scandir(package.root))
    except OSError:
        return f"there is no directory {package.root}; the manifest's root, strip or triggers may be wrong"
    shown = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    return f"the package holds: {shown}; the manifest's binaries, root or strip may be wrong"
