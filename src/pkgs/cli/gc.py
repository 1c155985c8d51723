"""``pkgs gc``: remove from the store what no environment uses."""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pkgs.app import App
from pkgs.errors import UsageError

if TYPE_CHECKING:
    from pkgs.store.sweep import Item

EPILOG = """\
Used is what an environment that still exists has pinned, and what a running process has open. Everything else
goes: unpacked packages, downloads, links that pkgs made to them elsewhere (a manifest's `dest`), and what
interrupted runs have left. It is made again when it is needed.

examples:
  pkgs gc --dry-run                  what would go and what would stay, how large and old, and why
  pkgs gc
  pkgs gc --age 30d                  only what has not been used for 30 days
  pkgs gc --usage                    what the disk space is spent on, by package; removes nothing
"""
_DAYS = re.compile(r"([0-9]+(?:\.[0-9]+)?)d")
_DAY_SECONDS = 86400.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("-n", "--dry-run", action="store_true", help="remove nothing, list everything")
    parser.add_argument(
        "--age", default="0s", metavar="TIME", help="only what was last used longer ago, such as 30d or 12h"
    )
    parser.add_argument(
        "--usage", action="store_true", help="only list what each package takes, and all else"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the same as JSON, sizes in bytes, ages in seconds"
    )


def run(args: argparse.Namespace, app: App) -> int:
    """Collect garbage."""
    if args.usage:
        return _usage(args, app)
    from pkgs.store.gc import collect

    items = collect(
        app.state,
        app.store.locks,
        now=time.time(),
        older_than=_seconds(args.age),
        dry_run=args.dry_run,
        reporter=app.reporter,
    )
    if args.json:
        app.out.write(json.dumps([document(item) for item in items], indent=2) + "\n")
    else:
        print_items(app, items, dry_run=args.dry_run)
    return 0


def _seconds(text: str) -> float:
    from pkgs.manifest.durations import seconds

    days = _DAYS.fullmatch(text)
    if days:
        return float(days[1]) * _DAY_SECONDS
    try:
        age = seconds(text)
    except ValueError as error:
        raise UsageError(f"--age: {error}", "or in days: --age 30d") from error
    if age < 0:
        raise UsageError(f"--age {text} is in the future", "such as: --age 30d")
    return age


def document(item: Item) -> dict[str, object]:
    """Return an item as plain values for JSON."""
    return {
        "kind": item.kind,
        "label": item.label,
        "path": str(item.path),
        "size": item.size,
        "age": round(item.age),
        "reason": item.reason,
        "removed": item.removed,
    }


def print_items(app: App, items: Sequence[Item], *, dry_run: bool) -> None:
    """Print what went; after a dry run, what would go and what would stay."""
    from pkgs.ui.plain import megabytes
    from pkgs.ui.tables import print_rows

    removed = [item for item in items if item.removed]
    shown = [*removed, *(item for item in items if not item.removed)] if dry_run else removed
    rows = [
        ("goes" if item.removed else "stays", item.kind, item.label, megabytes(item.size), _age(item.age),
         item.reason)
        for item in shown
    ]  # fmt: skip
    print_rows(app.out, ("", "kind", "what", "size", "age", "reason"), rows)
    freed = megabytes(sum(item.size for item in removed))
    app.reporter.info(f"{len(removed)} removed, {freed} freed" if not dry_run else f"{freed} would go")


def _age(seconds: float) -> str:
    """Return an age in the largest unit of which it is at least one."""
    units = (("d", _DAY_SECONDS), ("h", 3600.0), ("min", 60.0), ("s", 1.0))
    name, length = next((unit for unit in units if seconds >= unit[1]), units[-1])
    return f"{int(seconds / length)} {name}"


def _usage(args: argparse.Namespace, app: App) -> int:
    from pkgs.store.usage import usage
    from pkgs.ui.plain import megabytes
    from pkgs.ui.tables import print_rows

    roots = [root for root in app.store.roots.all() if root.exists()]
    found = usage(app.state, roots)
    if args.json:
        documents = [
            {"label": each.label, "trees": each.trees, "downloads": each.blobs, "other": each.other,
             "size": each.size, "environments": each.environments}
            for each in found
        ]  # fmt: skip
        app.out.write(json.dumps(documents, indent=2) + "\n")
        return 0
    rows = [
        (each.label or "(of no package)", megabytes(each.trees), megabytes(each.blobs),
         megabytes(each.other), str(each.environments))
        for each in found
    ]  # fmt: skip
    print_rows(app.out, ("package", "unpacked", "downloads", "other", "environments"), rows)
    return 0
