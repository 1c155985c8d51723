"""``pkgs uninstall``: remove packages from the environment."""

from __future__ import annotations

import argparse

from pkgs.app import App
from pkgs.cli.changes import add_dry_run, print_json, tell
from pkgs.cli.flags import add_frozen
from pkgs.cli.staging import stage

EPILOG = """\
Removes the links and the lock's entries. What was unpacked stays in the store, where other environments
may use it, until pkgs gc. What was installed only because these packages required it is removed too.

examples:
  pkgs uninstall tiup
  pkgs uninstall --dry-run gradle    print what would go, one line a package
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("packages", nargs="+", metavar="PACKAGE", help="a pinned package's name")
    parser.add_argument("--json", action="store_true", help="print what changed as JSON")
    add_dry_run(parser)
    add_frozen(parser)


def run(args: argparse.Namespace, app: App) -> int:
    """Uninstall."""
    from pkgs.install.install import uninstall

    outcome = uninstall(app.workspace(frozen=args.frozen), args.packages, dry_run=args.dry_run)
    stage(app, outcome.changed)
    tell(args, app, outcome.changes)
    if args.json:
        print_json(app, outcome.changes.document())
    return 0
