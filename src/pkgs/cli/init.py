"""``pkgs init``: make an environment."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pkgs.app import App

EPILOG = """\
DIR must exist; its bin/ gets the wrapper, the activation scripts, pkgs.hcl and pkgs.lock, which names this
very pkgs by digest. Existing files in bin/ are left alone; an existing configuration is kept. Commit bin/.

examples:
  pkgs init                          bin/ here
  pkgs init .hermit                  .hermit/bin, apart from the project's own bin/
  pkgs init --sources env:///manifests,file:///srv/manifests
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("dir", nargs="?", default=".", metavar="DIR", help="where bin/ goes (default: here)")
    parser.add_argument(
        "--sources", metavar="URI[,URI…]", help="manifest sources, in order; those of pkgs itself come last"
    )
    parser.add_argument(
        "--pkgs-url", default="", metavar="URL", help="where others get this pkgs' wheel if they lack it"
    )


def run(args: argparse.Namespace, app: App) -> int:
    """Make the environment."""
    from pkgs.environment.root import Environment
    from pkgs.shim.own import own_program
    from pkgs.shim.scaffold import Scaffold

    environment = Environment(Path(os.path.abspath(app.cwd / args.dir)) / "bin")  # noqa: PTH100
    sources = tuple(filter(None, args.sources.split(","))) if args.sources is not None else None
    program = own_program(app.state, environment.bin_dir, args.pkgs_url)
    changed = Scaffold(environment=environment, sources=sources, program=program).write()
    what = "made" if changed else "nothing to change in"
    app.reporter.info(f"{what} the environment in {environment.bin_dir}")
    app.reporter.info(f"activate it with: . {args.dir}/bin/activate-pkgs")
    return 0
