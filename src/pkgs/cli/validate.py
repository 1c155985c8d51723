"""``pkgs validate``: whether an environment's scripts, manifests, or a shell script are as they should be."""

from __future__ import annotations

import argparse
import json

from pkgs.app import App
from pkgs.errors import PkgsError, UsageError

EPILOG = """\
  env DIR         the scripts in DIR are those that this version of pkgs writes, so that they may be run
  source [URI…]   every manifest loads and resolves (the same as pkgs manifest validate; the default)
  script FILE…    every command that a shell script calls is pinned here, a builtin or a standard utility

examples:
  pkgs validate env .
  pkgs validate source manifests
  pkgs validate script --allow relative scripts/*.sh
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("what", nargs="*", metavar="WHAT", help="env DIR, source [URI…] or script FILE…")
    parser.add_argument(
        "-a",
        "--allow",
        default="none",
        metavar="WAYS",
        help="for scripts, also allow commands by a path: relative (lib/x.sh), var-relative ($dir/x.sh)",
    )
    parser.add_argument(
        "-c", "--cmds", action="append", default=[], metavar="COMMAND", help="for scripts, allow this command"
    )
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Validate."""
    kind, words = (args.what[0], args.what[1:]) if args.what[:1] else ("source", [])
    if kind == "env":
        return _validate_env(app, words)
    if kind == "script":
        return _validate_scripts(args, app, words)
    from pkgs.cli.manifest_validate import validate_sources

    return validate_sources(app, words if kind == "source" else args.what, as_json=args.json)


def _validate_env(app: App, words: list[str]) -> int:
    from pkgs.environment.root import Environment, bin_dir_below
    from pkgs.shim.scaffold import refuse_altered

    if len(words) > 1:
        raise UsageError("validate env takes one directory", "such as: pkgs validate env .")
    directory = app.cwd / words[0] if words else app.environment.bin_dir
    bin_dir = bin_dir_below(directory) or directory / "bin"
    refuse_altered(Environment(bin_dir))
    return 0


def _validate_scripts(args: argparse.Namespace, app: App, words: list[str]) -> int:
    from pkgs.environment.pins import read_pins
    from pkgs.environment.scripts import WAYS, Rules, issues

    if not words:
        raise UsageError("validate script takes files", "such as: pkgs validate script scripts/*.sh")
    ways = frozenset(args.allow.split(","))
    if ways - set(WAYS):
        raise UsageError(f"--allow {args.allow} is unknown", f"choose from {', '.join(WAYS)}")
    pinned = {tool for pin in read_pins(app.environment.bin_dir) for tool in pin.tools}
    rules = Rules(frozenset(pinned | {name for text in args.cmds for name in text.split(",")}), ways)
    found = [issue for word in words for issue in issues(app.cwd / word, rules)]
    if args.json:
        documents = [
            {"path": str(each.path), "line": each.called.line, "command": each.called.word} for each in found
        ]
        app.out.write(json.dumps(documents, indent=2) + "\n")
    for issue in found:
        app.reporter.warn(str(issue))
    if found:
        hint = "pin what provides it: pkgs install; or allow it: --cmds NAME, --allow relative"
        raise PkgsError(f"{len(found)} error{'s' if len(found) > 1 else ''} encountered", hint)
    return 0
