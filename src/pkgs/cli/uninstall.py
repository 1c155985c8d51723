"""``pkgs uninstall``: remove packages from the environment."""

from __future__ import annotations

import argparse

from pkgs.app import App
from pkgs.cli.flags import add_frozen
from pkgs.cli.staging import stage

EPILOG = """\
Removes the links and the lock's entries. What was unpacked stays in the store, where other environments
may use it, until pkgs gc.

example:
  pkgs uninstall tiup
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("packages", nargs="+", metavar="PACKAGE", help="a pinned package's name")
    add_frozen(parser)


def run(args: argparse.Namespace, app: App) -> int:
    """Uninstall."""
    from pkgs.environment.install import uninstall

    outcome = uninstall(app.workspace(frozen=args.frozen), args.packages)
    stage(app, outcome.changed)
    for reference in outcome.removed:
        app.reporter.info(f"removed {reference}")
    return 0
