"""``pkgs env``: the environment's variables."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from pkgs.app import App
from pkgs.errors import UsageError
from pkgs.shim import shells

EPILOG = """\
Shows what activation sets, as far as it differs from the present environment.

examples:
  pkgs env                           NAME='VALUE' lines
  pkgs env TIUP_HOME                 one value, or nothing
  eval "$(pkgs env --activate)"      export statements for this shell
  pkgs env --github                  in a CI job: for all following steps (writes GITHUB_ENV, GITHUB_PATH)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("name", nargs="?", metavar="NAME", help="print this variable's value only")
    parser.add_argument("-n", "--names", action="store_true", help="print names only")
    parser.add_argument("-r", "--raw", action="store_true", help="print values unquoted")
    parser.add_argument("-i", "--inherit", action="store_true", help="print the whole environment")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--activate", action="store_true", help="print export statements for a POSIX shell")
    forms.add_argument("--json", action="store_true", help="print an object; null means unset")
    forms.add_argument("--github", action="store_true", help="write to the files GITHUB_ENV and GITHUB_PATH")
    forms.add_argument("--dotenv", action="store_true", help="print a .env file")
    forms.add_argument("--docker", action="store_true", help="print ENV instructions for a Dockerfile")


def run(args: argparse.Namespace, app: App) -> int:
    """Print the variables."""
    from pkgs.environment.transform import apply

    transform = apply(app.environ, app.operations())
    changes: Mapping[str, str | None] = transform.changes
    if args.inherit:
        changes = transform.on(app.environ)
    if args.github:
        _write_github(app, changes)
    elif args.name:
        value = changes.get(args.name)
        app.out.write(f"{value}\n" if value is not None else "")
    else:
        app.out.write(_text(args, changes))
    return 0


def _text(args: argparse.Namespace, changes: Mapping[str, str | None]) -> str:
    if args.json:
        return json.dumps(changes, indent=2, sort_keys=True) + "\n"
    if args.names:
        return "".join(f"{name}\n" for name in sorted(changes))
    if args.activate:
        return shells.assignments(changes)
    if args.dotenv:
        return shells.dotenv(changes)
    if args.docker:
        return shells.docker(changes)
    if args.raw:
        return "".join(f"{name}={value}\n" for name, value in sorted(changes.items()) if value is not None)
    return shells.plain(changes)


def _write_github(app: App, changes: Mapping[str, str | None]) -> None:
    texts = {
        "GITHUB_ENV": shells.github_env(changes),
        "GITHUB_PATH": shells.github_path(app.environ.get("PATH"), changes.get("PATH")),
    }
    for variable, text in texts.items():
        if not app.environ.get(variable):
            raise UsageError(f"{variable} is not set", "--github works within a job that sets it")
        with Path(app.environ[variable]).open("a", encoding="utf-8") as file:
            file.write(text)
