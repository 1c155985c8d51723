"""``pkgs clean``: remove what an environment has made."""

from __future__ import annotations

import argparse
import json

from pkgs.app import App
from pkgs.errors import UsageError

EPILOG = """\
What another environment or a running program uses stays. Packages are unpacked again, and downloaded again if
need be, when their tools are called or by pkgs install; what was changed in writable copies (of mutable
packages) is lost. Needs at least one flag.

examples:
  pkgs clean --packages              unpack everything anew at the next call
  pkgs clean --transient --dry-run   what of this environment would go, how large, and why
  pkgs clean --bin                   unpin everything
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("-b", "--bin", action="store_true", help="remove the links and the lock's entries: unpin everything")
    add("-p", "--packages", action="store_true", help="remove unpacked packages and prepared calls")
    add("-c", "--cache", action="store_true", help="remove downloads")
    add("-a", "--transient", action="store_true", help="the same as -p -c")
    add("--all", action="store_true", help="with -p, -c, -a: those that other environments use too")
    add("-n", "--dry-run", action="store_true", help="remove nothing, list everything")
    add("--json", action="store_true", help="print what goes and what stays as JSON, sizes in bytes")


def run(args: argparse.Namespace, app: App) -> int:
    """Clean."""
    from pkgs.cli.gc import document, print_items
    from pkgs.install.clean import Cleaning, clean

    cleaning = Cleaning(
        packages=args.packages or args.transient,
        downloads=args.cache or args.transient,
        everyone=args.all,
        dry_run=args.dry_run,
    )
    if not (args.bin or cleaning.packages or cleaning.downloads):
        raise UsageError("nothing to clean was named", "choose from --bin, --packages, --cache, --transient")
    items = clean(app.workspace(), cleaning)
    if cleaning.packages and not args.dry_run:
        _forget_prepared(app)
    if args.bin:
        _unpin(args, app)
    if args.json:
        app.out.write(json.dumps([document(item) for item in items], indent=2) + "\n")
    else:
        print_items(app, items, dry_run=args.dry_run)
    return 0


def _forget_prepared(app: App) -> None:
    from pkgs.shim.activation import drop_activation
    from pkgs.shim.plan import drop_plans

    bin_dir = app.environment.bin_dir
    for spelled in dict.fromkeys((bin_dir, bin_dir.resolve())):
        drop_plans(app.state.env(spelled))
        drop_activation(app.state.env(spelled))


def _unpin(args: argparse.Namespace, app: App) -> None:
    from pkgs.cli.staging import stage
    from pkgs.environment.pins import read_pins
    from pkgs.install.install import uninstall

    names = [pin.reference.name for pin in read_pins(app.environment.bin_dir)]
    if not names:
        return
    outcome = uninstall(app.workspace(), names, dry_run=args.dry_run)
    stage(app, outcome.changed)
    for sentence in outcome.changes.told():
        app.reporter.info(f"would be {sentence}" if args.dry_run else sentence)
