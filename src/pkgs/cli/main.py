"""The command line's one boundary: words in, exit status out.

Only the parser of the named command is built, and only its module imported: start-up is most of what a
short command costs.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn, Protocol

from pkgs import __version__
from pkgs.app import App
from pkgs.cli.bugs import write_report
from pkgs.errors import EXIT_BUG, EXIT_INTERRUPTED, PkgsError, UsageError
from pkgs.names import nearest

COMMANDS = {
    "init": "make an environment",
    "install": "pin packages, or make everything pinned present",
    "uninstall": "remove packages from the environment",
    "lock": "bring pkgs.lock up to date with pins and manifests",
    "list": "list what the environment pins",
    "info": "tell about packages",
    "resolve": "print what selectors resolve to",
    "exec": "call a tool of an environment",
    "activate": "print what activates the environment in a shell",
    "env": "print or change the environment's variables",
    "version": "print the version of pkgs",
}


class Command(Protocol):
    """What a module in :mod:`pkgs.cli` provides."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments; the parser's description and epilog teach."""

    def run(self, args: argparse.Namespace, app: App) -> int:
        """Do it and return the exit status."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; the only place where errors are printed."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except PkgsError as error:
        _print_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone; nothing is left to say, and nothing to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_INTERRUPTED
    except Exception as error:
        _print_error(PkgsError(f"this is a bug in pkgs: {error!r}", f"a report is in {write_report(words)}"))
        return EXIT_BUG


def _print_error(error: PkgsError) -> None:
    sys.stdout.flush()
    print(f"pkgs: error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)


def _run(words: list[str]) -> int:
    args = _top_parser().parse_args(words)
    if args.command is None:
        _top_parser().print_help()
        return 0
    command = _command(args.command)
    parser = argparse.ArgumentParser(
        prog=f"pkgs {args.command}",
        description=COMMANDS[args.command].capitalize() + ".",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_global_flags(argparse.SUPPRESS)],
    )
    command.configure(parser)
    parser.parse_args(args.rest, namespace=args)
    return command.run(args, App.of_process(args))


def _command(name: str) -> Command:
    if name not in COMMANDS:
        near = nearest(name, COMMANDS)
        hint = f"did you mean: pkgs {near}" if near else "see: pkgs --help"
        raise UsageError(f"there is no command {name!r}", hint)
    module: Command = importlib.import_module(f"pkgs.cli.{name.replace('-', '_')}")  # type: ignore[assignment]
    return module


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(f"pkgs {__version__}")
        parser.exit()


def _top_parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS)) + 2
    listing = "\n".join(f"  {name:<{width}}{summary}" for name, summary in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="pkgs",
        usage="pkgs [FLAGS] COMMAND [ARGUMENTS]",
        description="Every checkout and every CI run uses exactly the same tools.",
        epilog=f"commands:\n{listing}\n\npkgs COMMAND --help tells about one of them.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_global_flags(None)],
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _global_flags(default: object) -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(add_help=False, argument_default=default)
    group = flags.add_argument_group("flags of every command")
    group.add_argument("-q", "--quiet", action="store_true", default=default, help="say only what went wrong")
    group.add_argument(
        "--offline", action="store_true", default=default, help="use only what is in the store already"
    )
    return flags
