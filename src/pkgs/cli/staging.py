"""After a command that changes an environment: git learns of it, if the environment wants that."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pkgs.app import App


def stage(app: App, changed: Iterable[Path]) -> None:
    """Stage what a command changed in the environment (``manage-git``)."""
    paths = tuple(changed)
    if paths and app.config.manage_git:
        from pkgs.environment.git_index import stage as stage_in

        stage_in(app.environment.root, paths, app.environ, app.reporter)
