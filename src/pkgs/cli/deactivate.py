"""``pkgs deactivate``: print what undoes an activation, for a shell that has no ``deactivate-pkgs``."""

from __future__ import annotations

import argparse

from pkgs.cli.activate import calling_shell
from pkgs.cli.needs import Process
from pkgs.environment.transform import revert
from pkgs.shim.shells import DIALECTS, assignments, dialect

EPILOG = """\
An active shell has the function deactivate-pkgs, which does the same and more.

example:
  eval "$(pkgs deactivate)"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--shell", metavar="SHELL", help=f"one of {', '.join(DIALECTS)} (default: the calling one)"
    )


def run(args: argparse.Namespace, app: Process) -> int:
    """Print the script for the shell, to be evaluated by it."""
    changes = {**revert(app.environ).all(), "ACTIVE_PKGS": None}
    app.out.write(assignments(changes, dialect(args.shell or calling_shell(app.environ))))
    return 0
