"""``pkgs status``: an environment at a glance."""

from __future__ import annotations

import argparse
import json

from pkgs import __version__
from pkgs.app import App
from pkgs.cli.env import values_of
from pkgs.shim import shells

EPILOG = """\
Shows where manifests come from, what is pinned and whether it is installed, and what activation sets.

example:
  pkgs status --json | jq -r .environment.root
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("--json", action="store_true", help="print all that as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Print the status."""
    from pkgs.install.status import pinned_packages

    packages = pinned_packages(app.contents)
    sources = [
        {"uri": source.uri, "commit": source.commit if source.here else ""} for source in app.catalog.sources
    ]
    values = values_of(app)
    environment = app.environment
    if args.json:
        status = {
            "environment": {
                "root": str(environment.root),
                "bin": str(environment.bin_dir),
                "state": str(app.state.root),
            },
            "pkgs": __version__,
            "sources": sources,
            "packages": [package.document() for package in packages],
            "env": values,
        }
        app.out.write(json.dumps(status, indent=2, sort_keys=True) + "\n")
        return 0
    app.out.write("Sources:\n")
    app.out.writelines(f"  {source['uri']} {source['commit']}".rstrip() + "\n" for source in sources)
    app.out.write("Packages:\n")
    width = max((len(str(package.pin.reference)) for package in packages), default=0)
    app.out.writelines(f"  {package.pin.reference!s:<{width}}  {package.state}\n" for package in packages)
    app.out.write("Environment:\n")
    app.out.writelines(f"  {line}\n" for line in shells.plain(values).splitlines())
    return 0
