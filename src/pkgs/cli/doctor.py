"""``pkgs doctor``: look for what is wrong."""

from __future__ import annotations

import argparse
import json

from pkgs.app import App

EPILOG = """\
Looks at the environment, its lock, manifest sources, shadowed manifests, the state directory, the programs
that pkgs itself needs, and the search path. Nothing is changed. The exit status is 1 if something fails.
Sources are asked whether they can be reached, unless --offline is given. What is unpacked is looked at by
pkgs verify.

--json prints an array of {check, status, message, hint}; status is ok, warn or fail.

examples:
  pkgs doctor
  pkgs doctor --json | jq -r '.[] | select(.status != "ok") | .message'
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Look."""
    from pkgs.cli.checks import FAIL, diagnose

    findings = diagnose(app)
    if args.json:
        app.out.write(json.dumps([each.document() for each in findings], indent=2) + "\n")
    else:
        for each in findings:
            app.out.write(f"{each.status:<5} {each.check}: {each.message}\n")
            if each.hint:
                app.out.write(f"      {each.hint}\n")
    return 1 if any(each.status == FAIL for each in findings) else 0
