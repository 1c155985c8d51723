"""Link farms: directories of links to the tools of a runtime dependency, to be put on the PATH of others.

    STATE/envs/<bin directory>/.pkgs1/deps/<reference>-<digest of the links>/

A farm never changes: another set of links is another directory, made aside and renamed into place. So a plan
that names one names exactly what it was made with. What is not needed any more goes with ``gc``: a shell may
still have it on its PATH.
"""

from __future__ import annotations

import os
from pathlib import Path

from pkgs.digests import digest_bytes
from pkgs.environment.expose import tools
from pkgs.install.workspace import Workspace
from pkgs.package.model import Package
from pkgs.store.files import clean_on_failure, remove_tree, storing, temp_sibling

_LENGTH = 16


def link_farm(workspace: Workspace, package: Package) -> Path:
    """Return the directory that holds links to the tools of ``package``; it is made if need be."""
    links = tools(package)
    text = "\n".join(f"{name}\t{target}" for name, target in links.items())
    digest = digest_bytes(os.fsencode(text)).hex[:_LENGTH]
    farm = workspace.state.farms(workspace.owner) / f"{package.reference}-{digest}"
    if not farm.is_dir():
        _make(farm, links)
    return farm


def _make(farm: Path, links: dict[str, Path]) -> None:
    fresh = temp_sibling(farm)
    with storing(farm), clean_on_failure(fresh):
        fresh.mkdir(parents=True)
        for name, target in links.items():
            (fresh / name).symlink_to(target)
        try:
            fresh.rename(farm)
        except OSError:
            if not farm.is_dir():
                raise
            remove_tree(fresh)  # another process was faster, and made the same
