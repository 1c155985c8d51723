"""One look at an environment, which what is written for shells and for the next command is made from."""

from __future__ import annotations

from dataclasses import dataclass

from pkgs.install.contents import Contents, read_contents, watched_files
from pkgs.install.workspace import Workspace
from pkgs.shim.stamps import Watched, observe


@dataclass(frozen=True, slots=True)
class Look:
    """What an environment holds, and its files as they were before that was read from them."""

    workspace: Workspace
    watched: tuple[Watched, ...]
    contents: Contents


def look(workspace: Workspace) -> Look:
    """Look at the environment; waits out the tick of the clock in which it was changed, 20 ms at most."""
    watched = observe(watched_files(workspace))
    fresh = workspace.afresh()
    return Look(fresh, watched, read_contents(fresh))
