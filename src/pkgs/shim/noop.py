"""A note that there is nothing to install, for :mod:`pkgs.cli.noop` to read before anything is imported."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from pkgs import __version__
from pkgs.errors import StoreError
from pkgs.install.whole import needed_paths
from pkgs.shim.look import Look
from pkgs.shim.stamps import Watched
from pkgs.store.files import atomic_write

NOTE = "whole"
HEADING = f"pkgs {__version__} whole 1"


def note_whole(seen: Look) -> None:
    """Write the note if everything pinned is there; where it cannot be written, nothing is lost but time."""
    workspace = seen.workspace
    needed = needed_paths(workspace, seen.contents)
    if needed is None:
        return
    text = os.fsencode("\n".join(_lines(seen.watched, sorted({str(path) for path in needed}))))
    with suppress(StoreError):
        atomic_write(workspace.state.env(workspace.environment.bin_dir) / NOTE, text, 0o600)


def _lines(watched: Sequence[Watched], needed: Sequence[str]) -> list[str]:
    """Return the note: each watched file with its time in ns ("-" for absent), then what has to be there."""
    times = [f"{'-' if each.mtime_ns is None else each.mtime_ns} {each.path}" for each in watched]
    return [HEADING, *times, *(f"+ {path}" for path in needed), "end"]
