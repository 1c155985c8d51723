"""``pkgs update``: refresh manifest sources."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pkgs.app import App
from pkgs.cli.staging import stage
from pkgs.errors import EnvError, SourceError

if TYPE_CHECKING:
    from pkgs.source.model import Refreshed

EPILOG = """\
Git repositories are brought to the newest commit of their branch, snapshots fetched again, and the commits
written to pkgs.lock: what everybody else reads changes when you commit that. Pins stay as they are (see pkgs
upgrade). A source that cannot be reached stays where it is.

examples:
  pkgs update
  pkgs update --json                 [{uri, before, after, changed, problem}, …]
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("--json", action="store_true", help="print what became of each source as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Refresh."""
    from pkgs.install.refresh import refresh

    if not app.within:
        raise EnvError(
            f"there is no environment in {app.cwd} or above, so no source to refresh",
            "go to one, or make one with: pkgs init; elsewhere pkgs knows the manifests that come with it",
        )
    outcome, changed = refresh(app.workspace())
    if changed:
        stage(app, [app.environment.lock_file])
    if args.json:
        app.out.write(json.dumps([_document(each) for each in outcome], indent=2) + "\n")
    _tell(app, outcome)
    lost = [each for each in outcome if not each.usable]
    if lost:
        raise SourceError(
            f"{', '.join(each.uri for each in lost)}: not here, and not to be had",
            "see the warnings above",
        )
    return 0


def _document(each: Refreshed) -> dict[str, object]:
    return {
        "uri": each.uri,
        "before": each.before,
        "after": each.after,
        "changed": each.changed,
        "problem": each.problem,
    }


def _tell(app: App, outcome: Sequence[Refreshed]) -> None:
    for each in outcome:
        if each.problem:
            kept = f"; it stays at {_short(each.before)}" if each.usable else ""
            app.reporter.warn(f"cannot refresh the manifest source {each.uri}: {each.problem}{kept}")
        elif each.changed:
            before = f"from {_short(each.before)} " if each.before else ""
            app.reporter.info(f"{each.uri} went {before}to {_short(each.after)}")
        elif each.after:
            app.reporter.info(f"{each.uri} is up to date at {_short(each.after)}")
    if not any(each.after or each.problem for each in outcome):
        app.reporter.info("no manifest source has anything to refresh: all are directories")


def _short(commit: str) -> str:
    return commit.removeprefix("sha256:")[:12]
