"""``pkgs exec``: call a tool of an environment."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pkgs.app import App
from pkgs.cli.process import give_signals_back
from pkgs.errors import PkgsError

if TYPE_CHECKING:
    from pkgs.shim.calls import Call

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
    from pkgs.environment.transform import apply
    from pkgs.envops import Unset

    path = Path(args.tool) if "/" in args.tool else app.environment.bin_dir / args.tool
    call = _prepared(app, app.cwd / path)
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


def _prepared(app: App, path: Path) -> Call:
    """Return the call of the tool behind ``path``, anew if its pin was changed before it was ready."""
    from pkgs.environment.pins import tool_behind
    from pkgs.environment.root import Environment
    from pkgs.shim.calls import prepare

    bin_dir, reference, tool = seen = tool_behind(path)
    app.environment = Environment(bin_dir)
    try:
        call = prepare(app.workspace(), reference, tool, app.environ)
    except PkgsError:
        if tool_behind(path) == seen:
            raise
        return _prepared(app, path)
    return call if call.target.exists() else _prepared(app, path)  # it was cleaned or collected since
