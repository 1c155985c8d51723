"""``pkgs env``: the environment's variables, printed for many readers, and changed."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from pkgs.app import App
from pkgs.cli.activate import calling_shell
from pkgs.environment.operations import last_operations
from pkgs.environment.transform import apply, decode, encode, revert
from pkgs.envops import EnvOp, Unset
from pkgs.errors import EnvError, UsageError
from pkgs.shim import shells

EPILOG = """\
Without a form, prints the variables that activating the environment sets. With a value, NAME is kept in
pkgs.hcl and set in every activation and call from then on; $OTHER in the value stands for another variable,
$$ for a dollar sign, and NAME=x:$NAME puts x first in a list.

examples:
  pkgs env                           NAME='VALUE' lines
  pkgs env TIUP_HOME                 one value, or nothing
  pkgs env LOG_LEVEL debug           set it from now on, in pkgs.hcl
  pkgs env PATH 'node_modules/.bin:$PATH'
  pkgs env --unset LOG_LEVEL         no longer
  eval "$(pkgs env --activate)"      export statements for this shell
  pkgs env --github                  in a CI job: for all following steps (writes GITHUB_ENV, GITHUB_PATH)
  pkgs env --dotenv > .env
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("name", nargs="?", metavar="NAME", help="print this variable's value only")
    add("value", nargs="?", metavar="VALUE", help="keep this value in pkgs.hcl")
    add("-r", "--raw", action="store_true", help="print values unquoted")
    add("-n", "--names", action="store_true", help="print names only")
    add("-i", "--inherit", action="store_true", help="print the variables of this process too")
    add(
        "-s",
        "--shell",
        metavar="SHELL",
        help=f"for --activate and the like, one of {', '.join(shells.DIALECTS)} (default: the calling one)",
    )
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("-u", "--unset", metavar="NAME", help="remove NAME from pkgs.hcl")
    forms.add_argument("--ops", action="store_true", help="print the operations on variables as JSON")
    forms.add_argument("--activate", action="store_true", help="print statements that set the variables")
    forms.add_argument("--deactivate", action="store_true", help="print statements that undo an activation")
    forms.add_argument(
        "--deactivate-from-ops", metavar="JSON", help="the same, for operations that --ops has printed"
    )
    forms.add_argument("--json", action="store_true", help="print an object; null means unset")
    forms.add_argument("--github", action="store_true", help="write to the files GITHUB_ENV and GITHUB_PATH")
    forms.add_argument("--dotenv", action="store_true", help="print a .env file")
    forms.add_argument("--docker", action="store_true", help="print ENV instructions for a Dockerfile")


def run(args: argparse.Namespace, app: App) -> int:
    """Print or change variables."""
    if args.name == "get" and args.value:  # hermit's older spelling
        args.name, args.value = args.value, None
    if args.unset or args.value is not None:
        _change(app, args.unset or args.name, None if args.unset else args.value)
    elif args.deactivate_from_ops is not None:
        undone = revert(app.environ, decode(args.deactivate_from_ops))
        app.out.write(shells.assignments(undone.all(), _dialect(args, app)))
    elif args.ops:
        app.out.write(encode(_operations(app)) + "\n")
    elif args.deactivate:
        undone = revert(app.environ, _operations(app))
        app.out.write(shells.assignments({**undone.all(), "ACTIVE_PKGS": None}, _dialect(args, app)))
    else:
        _show(args, app)
    return 0


def _operations(app: App) -> tuple[EnvOp, ...]:
    return (*app.operations(), *last_operations(app.environ))


def values_of(app: App, *, whole: bool = False) -> Mapping[str, str | None]:
    """Return what activation sets; ``whole`` adds the variables of this process."""
    return _values(app.environ, _operations(app), whole=whole)


def _show(args: argparse.Namespace, app: App) -> None:
    values = values_of(app, whole=args.inherit)
    if args.github:
        _write_github(app, values)
    elif args.name and args.json:
        app.out.write(json.dumps(values.get(args.name)) + "\n")
    elif args.name:
        value = values.get(args.name)
        app.out.write(f"{value}\n" if value is not None else "")
    else:
        app.out.write(_text(args, app, values))


def _values(
    environ: Mapping[str, str], operations: Sequence[EnvOp], *, whole: bool
) -> Mapping[str, str | None]:
    """Return what the operations set, whether or not the environment is active already."""
    outside = revert(environ).on(environ)
    after: Mapping[str, str] = apply(outside, operations).on(outside)
    if whole:
        return after
    touched = {each.name for each in operations if not isinstance(each, Unset) or each.name in environ}
    return {name: after.get(name) for name in touched if name in after or name in environ}


def _text(args: argparse.Namespace, app: App, values: Mapping[str, str | None]) -> str:
    if args.json:
        return json.dumps(values, indent=2, sort_keys=True) + "\n"
    if args.names:
        return "".join(f"{name}\n" for name in sorted(values))
    if args.activate:
        return shells.assignments(values, _dialect(args, app))
    if args.dotenv:
        return shells.dotenv(values)
    if args.docker:
        return shells.docker(values)
    if args.raw:
        return "".join(f"{name}={value}\n" for name, value in sorted(values.items()) if value is not None)
    return shells.plain(values)


def _dialect(args: argparse.Namespace, app: App) -> str:
    """Return the dialect of the shell that was named, else of the process that evaluates the output."""
    if args.shell:
        return shells.dialect(args.shell)
    try:
        parent = Path(f"/proc/{os.getppid()}/comm").read_text("utf-8").strip()
    except OSError:
        parent = ""
    return shells.dialect(parent if parent in shells.DIALECTS else calling_shell(app.environ))


def _write_github(app: App, values: Mapping[str, str | None]) -> None:
    texts = {
        "GITHUB_ENV": shells.github_env(values),
        "GITHUB_PATH": shells.github_path(
            revert(app.environ).on(app.environ).get("PATH"), values.get("PATH")
        ),
    }
    for variable in texts:
        if not app.environ.get(variable):
            raise UsageError(f"{variable} is not set", "--github works within a job that sets it")
    for variable, text in texts.items():
        with Path(app.environ[variable]).open("a", encoding="utf-8") as file:
            file.write(text)


def _change(app: App, name: str, value: str | None) -> None:
    """Set or remove a variable in the configuration, which nobody else changes meanwhile."""
    from pkgs.cli.staging import stage
    from pkgs.environment.config import parse_config, read_text
    from pkgs.environment.config_text import with_variable
    from pkgs.environment.trust import kept
    from pkgs.package.variables import is_variable_name
    from pkgs.store.files import atomic_write
    from pkgs.store.roots import root_id

    if not is_variable_name(name):
        raise EnvError(f"{name!r} cannot be the name of a variable", "use letters, digits and '_'")
    environment, file = app.environment, app.environment.config_file
    with ExitStack() as stack:
        lock = f"config-{root_id(environment.bin_dir.resolve())}"
        stack.enter_context(app.store.locks.hold(lock, what=str(file), waiting=app.reporter.info))
        before = read_text(file)
        end = b"\r\n" if before and b"\r\n" in file.read_bytes() else b"\n"
        after = with_variable(before, name, value, path=str(file))
        parse_config(after, file)
        if after == before:
            app.reporter.info(f"nothing to change: {file} says so already")
            return
        for spelled in dict.fromkeys((environment.bin_dir, environment.bin_dir.resolve())):
            stack.enter_context(kept(app.state.env(spelled), spelled))
        data = after.encode().replace(b"\n", end)
        atomic_write(file, data, file.stat().st_mode & 0o777 if file.exists() else 0o644)
    stage(app, [file])
