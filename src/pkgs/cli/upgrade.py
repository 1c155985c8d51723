"""``pkgs upgrade``: pin newer versions, and let channels move."""

from __future__ import annotations

import argparse
import time

from pkgs.app import App
from pkgs.cli.changes import add_dry_run, print_json, tell
from pkgs.cli.flags import add_frozen
from pkgs.cli.staging import stage

EPILOG = """\
A version is replaced by the newest of the same major version (1.10.2 by 1.11.4, never by 2.0.0: name that
to pkgs install). A channel stays pinned and moves to its newest version; its new bytes are recorded in
pkgs.lock. Where a channel names no version, its origin is asked whether the file has changed, without names
only when the channel's update interval is over.

examples:
  pkgs upgrade                       everything that is pinned
  pkgs upgrade terraform             this package, however short ago it was asked for
  pkgs upgrade --dry-run             print what would change, one line a package
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "packages", nargs="*", metavar="PACKAGE", help="pinned packages; nothing means all of them"
    )
    parser.add_argument("-j", "--jobs", type=int, metavar="N", help="packages fetched and unpacked at once")
    parser.add_argument("--json", action="store_true", help="print what changed as JSON")
    add_dry_run(parser)
    add_frozen(parser)


def run(args: argparse.Namespace, app: App) -> int:
    """Upgrade."""
    from pkgs.install.upgrade import upgrade
    from pkgs.shim.calls import write_call_plans
    from pkgs.shim.look import look

    workspace = app.workspace(frozen=args.frozen, jobs=args.jobs)
    outcome = upgrade(workspace, args.packages, now=time.time, dry_run=args.dry_run)
    stage(app, outcome.changed)
    tell(args, app, outcome.changes)
    write_call_plans(look(workspace), outcome.installed)
    if args.json:
        print_json(app, outcome.changes.document())
    return 0
