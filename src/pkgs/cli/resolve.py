"""``pkgs resolve``: what selectors resolve to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from pkgs.app import App
from pkgs.cli import process
from pkgs.errors import PkgsError, SourceError, UsageError
from pkgs.package.answer import answers, version_answers
from pkgs.platforms import Platform
from pkgs.source.catalog import Catalog
from pkgs.source.local import LocalSource

# A selector and a platform; without one, a package's name whose versions are asked for.
Request = tuple[str, Platform | None]

EPILOG = """\
Prints one JSON object a line for each selector: the package, or the kind of the error, which is then also
told on standard error (exit status 1). With - instead of selectors, lines SELECTOR<TAB>PLATFORM are read
from standard input and each is answered by one line, in order; errors are answers there and told nowhere
else. A line without a platform is a package's name and answered with all its versions, oldest first, unless
--platform is given.

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
    catalog = _catalog(args, app)
    chosen = Platform.parse(args.platform) if args.platform else None
    if args.selectors == ["-"]:
        asked = enumerate(sys.stdin, start=1)
        requests = (_request(line, chosen, number, versions=args.versions) for number, line in asked)
        app.out.writelines(f"{line}\n" for line in _answers(requests, catalog, app, lambda _: None))
        return 0
    platform = None if args.versions else chosen or app.platform
    complaints = _Complaints()
    lines = _answers(((selector, platform) for selector in args.selectors), catalog, app, complaints)
    app.out.writelines(f"{line}\n" for line in lines)
    return complaints.status


def _request(line: str, chosen: Platform | None, number: int, *, versions: bool) -> Request:
    selector, _, named = line.rstrip("\n").partition("\t")
    try:
        platform = Platform.parse(named) if named else chosen
    except UsageError as error:
        raise UsageError(f"line {number} of standard input: {error.message}", error.hint) from error
    return selector, None if versions else platform


def _answers(
    requests: Iterable[Request], catalog: Catalog, app: App, complain: Callable[[PkgsError], None]
) -> Iterator[str]:
    """Yield the answers in order; consecutive requests of one kind share what they have in common."""
    for listing, group in groupby(requests, key=lambda request: request[1] is None):
        if listing:
            yield from version_answers((name for name, _ in group), catalog.manifest, complain=complain)
        else:
            asked = ((selector, platform) for selector, platform in group if platform)
            yield from answers(asked, catalog.manifest, today=app.today, complain=complain)


class _Complaints:
    """Tells errors on standard error, and remembers that there was one."""

    def __init__(self) -> None:
        self.status = 0

    def __call__(self, error: PkgsError) -> None:
        self.status = process.fail(error)


def _catalog(args: argparse.Namespace, app: App) -> Catalog:
    if args.source is None:
        return app.catalog
    directory = app.cwd / args.source
    if not directory.is_dir():
        raise SourceError(f"there is no directory {directory}", "--source takes a directory of manifests")
    return Catalog((LocalSource(args.source, directory),))
