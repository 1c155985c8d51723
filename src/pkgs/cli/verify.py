"""``pkgs verify``: whether what is pinned is present, whole and runnable."""

from __future__ import annotations

import argparse
import json

from pkgs.app import App

EPILOG = """\
Each unpacked package is compared with the listing that was made when it was unpacked: sizes, modes and times,
and with --deep every byte, also of the download. The exit status is 1 unless everything is whole.

  whole      as it was unpacked, and its tools can be started
  damaged    files differ: each is named
  broken     as it was unpacked, but a tool cannot be started here
  missing    not unpacked; the next call of its tools does that
  unknown    no manifest fits

examples:
  pkgs verify
  pkgs verify --deep terraform
  pkgs verify --repair               make again what is not whole
  pkgs verify --json | jq -r '.[] | select(.condition != "whole") | .reference'
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="pinned packages; nothing means all")
    parser.add_argument("--deep", action="store_true", help="read every byte")
    parser.add_argument("--repair", action="store_true", help="make again what is not whole")
    parser.add_argument("--json", action="store_true", help="print a list of findings as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Verify."""
    from pkgs.install.inspection import good, inspect

    workspace = app.workspace()
    findings = []
    for finding in inspect(workspace, args.packages, deep=args.deep, repair=args.repair):
        findings.append(finding)
        if args.json:
            continue
        repaired = "\t(repaired)" if finding.repaired and finding.good else ""
        app.out.write(f"{finding.condition}\t{finding.reference}{repaired}\n")
        app.out.writelines(f"\t{fault}\n" for fault in finding.faults)
    if args.json:
        app.out.write(json.dumps([each.document() for each in findings], indent=2) + "\n")
    if not args.repair and any(not each.good and each.condition != "unknown" for each in findings):
        words = ["pkgs verify", *(["--deep"] if args.deep else []), "--repair", *args.packages]
        app.reporter.info(f"to make it whole: {' '.join(words)}")
    return 0 if good(findings) else 1
