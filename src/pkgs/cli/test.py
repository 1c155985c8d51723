"""``pkgs test``: whether packages can be had and work."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from pkgs.app import App

if TYPE_CHECKING:
    from pkgs.install.trial import Trial

EPILOG = """\
Resolves each package on every platform, asks whether its sources are there, unpacks it and runs the test of
its manifest in an empty directory, with the package's own variables. Nothing is pinned. The exit status is
1 if one fails; a package without a source for this platform, or without a test, is skipped.

examples:
  pkgs test terraform
  pkgs test --no-check-sources --timeout 5m dagu-1.30.2
"""
_DEFAULT_LIMIT = "1m"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("packages", nargs="+", metavar="PACKAGE", help="a package, as pkgs install takes it")
    parser.add_argument(
        "--check-sources",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="ask whether every source is there, for all platforms (default)",
    )
    parser.add_argument(
        "--timeout",
        default=_DEFAULT_LIMIT,
        metavar="TIME",
        help=f"how long a test may take (default: {_DEFAULT_LIMIT})",
    )
    parser.add_argument("--json", action="store_true", help="print the results as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Try packages."""
    from pkgs.environment.settings import duration
    from pkgs.install.trial import FAILED, try_package

    limit = duration(args.timeout, "--timeout")
    asking = args.check_sources is not False and not app.offline
    workspace = app.workspace(frozen=False)
    trials: list[Trial] = []
    for text in args.packages:
        trial = try_package(workspace, text, check_sources=asking, limit=limit)
        trials.append(trial)
        _tell(args, app, trial)
    if args.json:
        app.out.write(json.dumps([trial.document() for trial in trials], indent=2) + "\n")
    return 1 if any(trial.result == FAILED for trial in trials) else 0


def _tell(args: argparse.Namespace, app: App, trial: Trial) -> None:
    from pkgs.install.trial import FAILED

    if trial.unsupported:
        app.reporter.warn(f"{trial.reference} has no source for {', '.join(map(str, trial.unsupported))}")
    for url, why in trial.unreachable.items():
        app.reporter.warn(f"{trial.reference}: {url}: {why}")
    if not args.json:
        app.out.write(f"{trial.result}\t{trial.reference}\t{trial.reason}".rstrip() + "\n")
    if trial.result == FAILED and trial.output:
        app.reporter.warn(f"{trial.reference}: {trial.command}\n{trial.output.rstrip()}")
