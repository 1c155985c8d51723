"""``pkgs lock``: bring the lock up to date."""

from __future__ import annotations

import argparse

from pkgs.app import App
from pkgs.cli.staging import stage
from pkgs.errors import LockError

EPILOG = """\
The lock says, for every pin and platform, exactly which bytes. What it holds is kept; what is missing comes
from the manifests, and where these know no digest, from a download that is then trusted.

examples:
  pkgs lock                          after a merge, or after links were made by hand
  pkgs lock --update terraform       follow the manifest of terraform again
  pkgs lock --update                 move all channels to their newest versions
  pkgs lock --check                  in CI: fail if pins and lock have come apart
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--update",
        nargs="*",
        metavar="PACKAGE",
        help="forget what the lock holds of these packages, or of all",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail if something would change")


def run(args: argparse.Namespace, app: App) -> int:
    """Lock."""
    from pkgs.install.relock import relock

    changed = relock(app.workspace(), update=args.update, check=args.check)
    if changed and args.check:
        raise LockError(
            "pins, manifests and pkgs.lock have come apart", "run: pkgs lock; then commit pkgs.lock"
        )
    stage(app, [app.environment.lock_file] if changed else [])
    app.reporter.info("the lock has changed" if changed else "the lock is up to date")
    return 0
