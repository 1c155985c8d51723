"""``pkgs shell-hooks``: activate environments on entering their directories."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from pkgs.cli.activate import calling_shell
from pkgs.cli.needs import Process
from pkgs.errors import UsageError
from pkgs.shim.hooks import hook_text, install_hook, startup_file

_PROGRAMS = ("zsh", "bash", "fish", "direnv")


EPILOG = """\
Without --print, adds a line to the shell's start-up file. Only environments that you allowed (pkgs trust) are
activated.

examples:
  pkgs shell-hooks --zsh
  eval "$(pkgs shell-hooks --print --bash)"    in this shell only
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    chosen = parser.add_mutually_exclusive_group()
    for program in _PROGRAMS:
        what = f"for {program}" if program != "direnv" else "for direnv: 'use pkgs' in an .envrc"
        chosen.add_argument(f"--{program}", dest="program", action="store_const", const=program, help=what)
    parser.add_argument(
        "--print", dest="only_print", action="store_true", help="print the code, change nothing"
    )


def run(args: argparse.Namespace, app: Process) -> int:
    """Put the hook into the start-up file, or print it."""
    program = args.program or calling_shell(app.environ).rpartition("/")[2]
    if program not in _PROGRAMS:
        raise UsageError(f"there are no hooks for {program!r}", "choose --zsh, --bash, --fish or --direnv")
    if args.only_print:
        app.out.write(hook_text(program))
        return 0
    file = _startup_file(program, app.environ)
    done = "Hooks written to" if install_hook(program, file) else "Hooks are already in"
    print(f"{done} {file}", file=app.err)
    return 0


def _startup_file(program: str, environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME")
    if not home:
        raise UsageError("HOME is not set, so there is no start-up file", "use --print")
    config = Path(environ.get("XDG_CONFIG_HOME") or Path(home) / ".config")
    zdotdir = environ.get("ZDOTDIR")
    return startup_file(program, Path(home), config, Path(zdotdir) if zdotdir else None)
