"""``pkgs exec``: call a tool of an environment."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from pkgs.app import App
from pkgs.cli.process import give_signals_back

# Where bin/pkgs counts how often it is come by in one process: the tool's own calls are not of that round.
_ROUND = "_PKGS_ROUND"
EPILOG = """\
TOOL is a path to a link in an environment, or the name of a tool in the present one. The tool replaces
this process: its exit status, signals and standard streams are its own. What is missing is installed first,
with a word on standard error. This is also what bin/TOOL does when the tool has to be installed.

examples:
  pkgs exec terraform -- plan -out=change
  pkgs exec scripts/tf -- version
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("tool", metavar="TOOL", help="a path to a tool's link, or a tool's name")
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="-- ARGUMENT", help="given to the tool"
    )


def run(args: argparse.Namespace, app: App) -> int:
    """Replace this process by the tool."""
    from pkgs.environment.operations import config_operations, last_operations
    from pkgs.environment.pins import tool_behind
    from pkgs.environment.root import Environment
    from pkgs.environment.transform import apply
    from pkgs.envops import Unset
    from pkgs.shim.calls import prepare

    path = Path(args.tool) if "/" in args.tool else app.environment.bin_dir / args.tool
    bin_dir, reference, tool = tool_behind(app.cwd / path)
    app.environment = Environment(bin_dir)
    call = prepare(app.workspace(), reference, tool, app.environ)
    operations = (
        *config_operations(app.environment, app.ephemeral),
        *last_operations(app.environ),
        Unset(_ROUND),
    )
    call = replace(call, environ=apply(call.environ, operations).on(call.environ))
    app.reporter.debug(f"calling {call.target}")
    arguments = args.arguments[1:] if args.arguments[:1] == ["--"] else args.arguments
    app.out.flush()
    give_signals_back()
    call.replace_process(arguments)
    return 0
