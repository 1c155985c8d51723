"""``pkgs version``: which pkgs this is."""

from __future__ import annotations

import argparse
import sys

from pkgs import __version__
from pkgs.app import App

EPILOG = """\
example:
  pkgs version --json | jq -r .platform
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("--json", action="store_true", help="print version, Python and platform as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Print the version."""
    if args.json:
        import json

        facts = {
            "version": __version__,
            "python": ".".join(map(str, sys.version_info[:3])),
            "platform": str(app.platform),
        }
        app.out.write(json.dumps(facts) + "\n")
    else:
        app.out.write(f"pkgs {__version__}\n")
    return 0
