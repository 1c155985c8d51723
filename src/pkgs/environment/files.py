"""The files beside a manifest that become parts of its package."""

from __future__ import annotations

from collections.abc import Mapping

from pkgs.manifest.model import Copy
from pkgs.package.model import Package


def files_beside(package: Package) -> Mapping[str, list[str]]:
    """Return each file's name, relative to the manifest, and where it goes.

    They come from ``files`` and from the copy actions of the unpack trigger; a copy from an absolute path
    stays within the package, symbolic places included.
    """
    found = {name: [to] for name, to in package.files.items()}
    for action in package.triggers.get("unpack", ()):
        if isinstance(action, Copy) and not action.from_.startswith(("/", "$")):
            found.setdefault(action.from_, []).append(action.to)
    return found
