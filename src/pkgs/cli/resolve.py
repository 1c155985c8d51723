"""``pkgs resolve``: what selectors resolve to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from pkgs.app import App
from pkgs.errors import PkgsError, SourceError
from pkgs.platforms import Platform
from pkgs.source.catalog import Catalog
from pkgs.source.local import LocalSource

EPILOG = """\
Prints one JSON object a line for each selector and platform: the package, or the error's kind, which is
then also told on standard error; the exit status is 1 if there was one. Packages with - instead of
selectors: lines SELECTOR<TAB>PLATFORM are read from standard input.

examples:
  pkgs resolve --json terraform-1.11.4
  pkgs resolve --json --source manifests --platform darwin-arm64 dagu 'tiup-1.*'
  pkgs resolve --json --versions deno
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("selectors", nargs="+", metavar="SELECTOR", help="as pkgs install takes it, or -")
    parser.add_argument(
        "--source", metavar="DIR", help="a directory of manifests, instead of the sources here"
    )
    parser.add_argument("--platform", metavar="OS-ARCH", help="such as darwin-arm64 (default: this one)")
    parser.add_argument("--versions", action="store_true", help="print all versions, oldest first, instead")
    parser.add_argument("--json", action="store_true", help="the only format, and so the default")


def run(args: argparse.Namespace, app: App) -> int:
    """Resolve."""
    from pkgs.package.answer import answers, version_answers

    catalog = _catalog(args, app)
    complaints = _Complaints(app)
    if args.versions:
        lines = version_answers(_names(args.selectors), catalog.manifest, complain=complaints)
    else:
        lines = answers(_requests(args, app), catalog.manifest, today=app.today, complain=complaints)
    app.out.writelines(f"{line}\n" for line in lines)
    return complaints.status


class _Complaints:
    """Tells errors on standard error, and remembers that there was one."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.status = 0

    def __call__(self, error: PkgsError) -> None:
        self.status = error.exit_code
        self._app.reporter.warn(error.message)


def _catalog(args: argparse.Namespace, app: App) -> Catalog:
    if args.source is None:
        return app.catalog
    directory = app.cwd / args.source
    if not directory.is_dir():
        raise SourceError(f"there is no directory {directory}", "--source takes a directory of manifests")
    return Catalog((LocalSource(args.source, directory),))


def _names(words: list[str]) -> Iterator[str]:
    return (line.rstrip("\n") for line in sys.stdin) if words == ["-"] else iter(words)


def _requests(args: argparse.Namespace, app: App) -> Iterator[tuple[str, Platform]]:
    platform = Platform.parse(args.platform) if args.platform else app.platform
    if args.selectors != ["-"]:
        yield from ((selector, platform) for selector in args.selectors)
        return
    for line in sys.stdin:
        selector, _, named = line.rstrip("\n").partition("\t")
        yield selector, Platform.parse(named) if named else platform
