"""``pkgs install``: pin packages and make them present."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pkgs.app import App
from pkgs.cli.changes import add_dry_run, print_json, tell
from pkgs.cli.flags import add_frozen
from pkgs.cli.staging import stage

if TYPE_CHECKING:
    from pkgs.install.transaction import Outcome
    from pkgs.install.workspace import Workspace

EPILOG = """\
A package is named as PACKAGE (its default or newest version), PACKAGE-VERSION (dagu-1.30.2),
PACKAGE-GLOB (quoted: 'terraform-1.11.*') or PACKAGE@CHANNEL (dagu@2, deno@latest). The pin is a link
in the environment's directory and the exact bytes are recorded in pkgs.lock: commit both.
What a package requires is installed with it, and goes when the last package that requires it goes. Either
everything that is named is installed, or nothing changes.

examples:
  pkgs install tiup                  pin the newest tiup
  pkgs install terraform-1.11.4      pin exactly this version, instead of any other
  pkgs install openjdk-17 gradle     several at once: gradle takes the Java that is named with it
  pkgs install --dry-run gradle      print what that would pin, one line a package
  pkgs install                       make everything pinned present
  pkgs install --frozen              the same in CI: change nothing, refuse what the lock does not cover
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="what to pin; nothing means all pins")
    parser.add_argument("-j", "--jobs", type=int, metavar="N", help="packages fetched and unpacked at once")
    parser.add_argument(
        "--json", action="store_true", help="print what is present now as JSON, or what would change"
    )
    parser.add_argument(
        "--from", dest="bundle", metavar="FILE", help="first take this bundle in (pkgs bundle)"
    )
    add_dry_run(parser)
    add_frozen(parser)


def run(args: argparse.Namespace, app: App) -> int:
    """Install."""
    from pkgs.install.install import install

    if args.bundle:
        from pkgs.cli.bundle import load

        load(app, app.cwd / args.bundle)
    workspace = app.workspace(frozen=args.frozen, jobs=args.jobs)
    outcome = install(workspace, args.packages, dry_run=args.dry_run)
    stage(app, outcome.changed)
    tell(args, app, outcome.changes)
    _warn_of_missing_platforms(app, outcome)
    if not args.dry_run:
        _prepare_calls(workspace, outcome)
    if args.json and args.dry_run:
        print_json(app, outcome.changes.document())
    elif args.json:
        present = [
            {"reference": str(each.package.reference), "tree": str(each.tree.path), "url": each.artifact.url}
            for each in outcome.installed
        ]
        print_json(app, present)
    return 0


def _prepare_calls(workspace: Workspace, outcome: Outcome) -> None:
    """Make the first call of each tool fast, and the next install; last, since times have to settle."""
    from pkgs.shim.calls import write_call_plans
    from pkgs.shim.look import look
    from pkgs.shim.noop import note_whole

    seen = look(workspace)
    write_call_plans(seen, outcome.installed)
    note_whole(seen)


def _warn_of_missing_platforms(app: App, outcome: Outcome) -> None:
    """Tell which new packages others may be unable to use (hermit asks, env.go:672-681; pkgs never does)."""
    known = {reference.name for reference in outcome.changes.removed}
    for package in (each.package for each in outcome.installed):
        fresh = package.reference in outcome.changes.added and package.reference.name not in known
        if fresh and package.unsupported_platforms:
            platforms = ", ".join(map(str, package.unsupported_platforms))
            app.reporter.warn(f"{package.reference} is not to be had for {platforms}")
