"""``pkgs manifest``: work on manifests."""

from __future__ import annotations

import argparse
import importlib
from types import ModuleType

from pkgs.app import App
from pkgs.cli.flags import take_global_flags

SUBCOMMANDS = {
    "add-digests": "write down which bytes a manifest means",
    "auto-version": "add the versions that came out",
    "create": "write a manifest for a tool that has none",
    "validate": "tell whether the manifests of a source are sound",
}
EPILOG = """\
pkgs manifest SUBCOMMAND --help tells about one of them.

examples:
  pkgs manifest create https://github.com/owner/tool/releases/latest >manifests/tool.hcl
  pkgs manifest add-digests manifests
  pkgs manifest auto-version --update-digests manifests
  pkgs manifest validate manifests
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands; a module ``pkgs.cli.manifest_NAME`` is one, built as commands are."""
    parser.epilog = EPILOG
    commands = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
    for name, summary in SUBCOMMANDS.items():
        sub = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            prog=f"pkgs manifest {name}",
        )
        take_global_flags(sub)
        _module(name).configure(sub)


def run(args: argparse.Namespace, app: App) -> int:
    """Do what the subcommand says."""
    status: int = _module(args.subcommand).run(args, app)
    return status


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"pkgs.cli.manifest_{name.replace('-', '_')}")
