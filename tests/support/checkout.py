"""This checkout as others meet it: copied fresh, or as a ``pkgs`` on the PATH."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def fresh_checkout(target: Path) -> Path:
    """Copy every file of the working tree that git knows, or would, to ``target``; return it."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listing.stdout.split("\0")):
        if os.path.lexists(ROOT / name):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    return target


def pkgs_on_path(folder: Path) -> Path:
    """Put a ``pkgs`` that runs this checkout into ``folder``, as pip would; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "pkgs"
    source = shlex.quote(str(ROOT / "src"))
    script.write_text(f'#!/bin/sh\nPYTHONPATH={source} exec {shlex.quote(sys.executable)} -m pkgs "$@"\n')
    script.chmod(0o755)
    return folder
