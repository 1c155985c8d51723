"""How commands that change an environment tell what they did, or would do."""

from __future__ import annotations

import argparse
import json

from pkgs.app import App
from pkgs.install.changes import Changes


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Declare ``--dry-run``."""
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="only print what would change, one line a package"
    )


def tell(args: argparse.Namespace, app: App, changes: Changes) -> None:
    """Tell of changes: those of a dry run on standard output, those that were made on standard error."""
    if args.dry_run and not args.json:
        app.out.writelines(f"{line}\n" for line in changes.lines())
    if not args.dry_run:
        for sentence in changes.told():
            app.reporter.info(sentence)


def print_json(app: App, value: object) -> None:
    """Print a value as JSON."""
    app.out.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
