"""``pkgs search``: find packages."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pkgs.app import App
from pkgs.errors import PkgsError

if TYPE_CHECKING:
    from pkgs.source.catalog import Listed

EPILOG = """\
PATTERN is looked for in names, tools, virtual packages, descriptions and homepages, best matches first. It is
a regular expression in any case (Go's dialect); ^PATTERN is a prefix. Without one, all packages are listed.

A package without any version for this machine's platform is marked.

--json prints an array of {name, versions, channels, current_version, description, homepage, repository,
binaries, provides, platforms, source}: versions oldest first, channels with their @, current_version the
pinned one, platforms those that there is any version for, source the manifest source; a broken manifest has
error instead of all else.

examples:
  pkgs search kubernetes
  pkgs search ^terra
  pkgs search --exact jre            the packages that are or provide jre
  pkgs search --short '^deno$'       one reference a line, to choose from
"""
_SHOWN = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("pattern", nargs="?", default="", metavar="PATTERN", help="what to look for")
    parser.add_argument("-e", "--exact", action="store_true", help="the whole name, taken literally")
    parser.add_argument("-s", "--short", action="store_true", help="print one reference a line")
    parser.add_argument("--json", action="store_true", help="print everything known as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Search."""
    from pkgs.source.search import Pattern, search

    pattern = Pattern.parse(args.pattern, exact=args.exact)
    found = search(app.catalog.listed().values(), pattern)
    if args.short:
        app.out.writelines(f"{line}\n" for package in found for line in _references(package))
    elif args.json:
        pinned = _pinned(app)
        documents = [_document(package, pinned) for package in found]
        app.out.write(json.dumps(documents, indent=2, ensure_ascii=False) + "\n")
    else:
        app.out.writelines(_texts(found, str(app.platform)))
    if not found:
        app.reporter.info(f"no package matches {args.pattern!r}")
    return 0


def _references(package: Listed) -> list[str]:
    versions = [f"{package.name}-{version}" for version in package.summary.versions]
    return versions + [f"{package.name}@{channel}" for channel in package.summary.channels]


def _document(package: Listed, pinned: Mapping[str, str]) -> dict[str, Any]:
    summary = package.summary
    if summary.error:
        return {"name": package.name, "source": package.source.uri, "error": summary.error}
    return {
        "name": package.name,
        "versions": summary.versions,
        "channels": [f"@{channel}" for channel in summary.channels],
        "current_version": pinned.get(package.name, ""),
        "description": summary.description,
        "homepage": summary.homepage,
        "repository": summary.repository,
        "binaries": summary.binaries,
        "provides": summary.provides,
        "platforms": summary.platforms,
        "source": package.source.uri,
    }


def _pinned(app: App) -> dict[str, str]:
    """Return the pinned version, or @CHANNEL, of every pinned package."""
    from pkgs.environment.pins import read_pins

    try:
        references = [pin.reference for pin in read_pins(app.environment.bin_dir)]
    except PkgsError:
        return {}
    return {each.name: each.version or f"@{each.channel}" for each in references}


def _texts(found: Iterable[Listed], platform: str) -> Iterable[str]:
    for package in found:
        summary = package.summary
        lacking = not summary.error and platform not in summary.platforms
        mark = f", not for {platform}" if lacking else ""
        about = f"broken: {summary.error.splitlines()[0]}" if summary.error else summary.description
        provides = f"\n  provides {', '.join(summary.provides)}" if summary.provides else ""
        yield f"{package.name}{_offer(package)}{mark}\n  {about}{provides}\n"


def _offer(package: Listed) -> str:
    """Return the newest versions and the channels that have names, in brackets."""
    versions = package.summary.versions
    more = ["…"] if len(versions) > _SHOWN else []
    channels = [f"@{channel}" for channel in package.summary.channels if not channel[:1].isdigit()]
    offers = [*more, *versions[-_SHOWN:], *channels]
    return f" ({', '.join(offers)})" if offers else ""
