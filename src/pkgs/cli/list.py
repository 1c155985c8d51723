"""``pkgs list``: what the environment pins."""

from __future__ import annotations

import argparse
import json

from pkgs.app import App

EPILOG = """\
States: installed (unpacked here), remote (to be fetched at the first call), unknown (no manifest fits).

example:
  pkgs list --json | jq -r '.[].reference'
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("-s", "--short", action="store_true", help="print references only")
    parser.add_argument("--json", action="store_true", help="print references, states, tools as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """List the pins."""
    from pkgs.environment.pins import read_pins

    if args.short:
        app.out.writelines(f"{pin.reference}\n" for pin in read_pins(app.environment.bin_dir))
        return 0
    from pkgs.install.contents import read_contents
    from pkgs.install.status import pinned_packages

    packages = pinned_packages(read_contents(app.workspace()))
    if args.json:
        app.out.write(json.dumps([package.document() for package in packages], indent=2) + "\n")
        return 0
    from pkgs.ui.tables import print_rows

    rows = [
        (str(package.pin.reference), package.version, package.state, " ".join(package.pin.tools))
        for package in packages
    ]
    print_rows(app.out, ("package", "version", "state", "tools"), rows)
    return 0
