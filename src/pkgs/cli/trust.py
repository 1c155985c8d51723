"""``pkgs trust``: allow an environment to be activated on entering its directory."""

from __future__ import annotations

import argparse
from pathlib import Path

from pkgs.cli.needs import InEnvironment
from pkgs.environment import trust
from pkgs.environment.root import bin_dir_below
from pkgs.errors import EnvError

EPILOG = """\
Prompt hooks (pkgs shell-hooks) activate only what was allowed, and only as it was then: when the scripts, the
configuration or the pkgs that the lock names change, it has to be allowed again.

examples:
  pkgs trust                         allow the environment here
  pkgs trust --show ../other
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "directory", nargs="?", metavar="DIR", help="an environment (default: the one this is)"
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--withdraw", action="store_true", help="allow it no longer")
    action.add_argument("--show", action="store_true", help="print allowed, changed or unknown")


def run(args: argparse.Namespace, app: InEnvironment) -> int:
    """Record the environment's present content as allowed, for prompt hooks to compare."""
    bin_dir = _bin_dir(args.directory) if args.directory else app.environment.bin_dir
    # A shell may reach it by either spelling.
    places = [app.state.env(spelled) for spelled in dict.fromkeys((bin_dir.absolute(), bin_dir.resolve()))]
    if args.show:
        app.out.write(f"{trust.standing(places[0], bin_dir)}\n")
        return 0
    for place in places:
        if args.withdraw:
            trust.withdraw(place)
        else:
            trust.allow(place, bin_dir)
    print(f"{bin_dir} is {'no longer ' if args.withdraw else ''}activated by prompt hooks", file=app.err)
    return 0


def _bin_dir(directory: str) -> Path:
    found = bin_dir_below(Path(directory))
    if not found:
        raise EnvError(f"there is no environment in {directory}", "name its directory, or the one above it")
    return found
