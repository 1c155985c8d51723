"""``pkgs manifest validate``: whether the manifests of a source are sound."""

from __future__ import annotations

import argparse
import json

from pkgs.app import App
from pkgs.errors import PkgsError

EPILOG = """\
Loads every manifest and resolves every version and channel it names on every platform; nothing is fetched.
SOURCE is a URI as in pkgs.hcl or a directory; without it, all sources of the environment are looked at.

examples:
  pkgs manifest validate manifests
  pkgs manifest validate --json | jq -r '.[] | select(.faults != []) | .path'
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="a source's URI, or a directory")
    parser.add_argument("--json", action="store_true", help="print every manifest and its faults as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Validate manifests."""
    return validate_sources(app, args.sources, as_json=args.json)


def validate_sources(app: App, uris: list[str], *, as_json: bool) -> int:
    """Look at the manifests of ``uris``, or of the sources here; raise :class:`PkgsError` for faults."""
    from pkgs.source.check import check_source

    sources = [app.source(uri) for uri in uris] or app.catalog.sources
    checked = [each for source in sources for each in check_source(source, today=app.today)]
    broken = [each for each in checked if each.faults]
    if as_json:
        documents = [{"name": each.name, "path": each.path, "faults": list(each.faults)} for each in checked]
        app.out.write(json.dumps(documents, indent=2) + "\n")
    for fault in (fault for each in broken for fault in each.faults):
        app.reporter.warn(fault)
    if broken:
        raise PkgsError(
            f"{len(broken)} of {len(checked)} manifests are broken",
            "each fault is told above, with its place",
        )
    app.reporter.info(f"no faults found in {len(checked)} manifests")
    return 0
