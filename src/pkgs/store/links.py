"""Links outside of the store: where a manifest's ``dest`` is, and where macOS looks for applications.

Whose they are is told by where they lead: only a link into the store is pkgs' own, to be replaced or removed.
"""

from __future__ import annotations

from pathlib import Path

from pkgs.state import State


def own_target(state: State, link: Path) -> Path | None:
    """Return where in a package the link ``link`` leads; None if it is no link, or somebody's own."""
    try:
        target = link.readlink()
    except OSError:
        return None
    return target if target.is_relative_to(state.trees) or target.is_relative_to(state.mutable) else None


def is_own(state: State, link: Path) -> bool:
    """Tell whether there is a link at ``link`` that leads to a package."""
    return own_target(state, link) is not None
