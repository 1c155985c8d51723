"""The command line's one boundary: words in, exit status out.

Only the parser of the named command is built, and only its module imported: start-up is most of what a
short command costs.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn, Protocol

from pkgs import __version__
from pkgs.app import App
from pkgs.cli import process
from pkgs.cli.flags import Parser, add_global_flags, take_global_flags
from pkgs.errors import EXIT_BUG, EXIT_INTERRUPTED, PkgsError, UsageError

COMMANDS = {
    "init": "make an environment",
    "install": "pin packages, or make everything pinned present",
    "uninstall": "remove packages from the environment",
    "upgrade": "pin newer versions, and let channels move",
    "lock": "bring pkgs.lock up to date with pins and manifests",
    "update": "refresh manifest sources",
    "list": "list what the environment pins",
    "search": "find packages",
    "info": "tell about packages",
    "resolve": "print what selectors resolve to",
    "exec": "call a tool of an environment",
    "activate": "print what activates the environment in a shell",
    "deactivate": "print what undoes an activation in a shell",
    "shell-hooks": "activate environments on entering their directories",
    "trust": "allow an environment to be activated on entering its directory",
    "env": "print or change the environment's variables",
    "migrate": "turn an environment of hermit, or a file of tools, into one of pkgs",
    "status": "show the environment at a glance",
    "verify": "tell whether what is pinned is present, whole and runnable",
    "clean": "remove what the environment has unpacked or downloaded",
    "gc": "remove from the store what no environment uses",
    "doctor": "look for what is wrong, and say what helps",
    "completion": "print what teaches a shell to complete",
    "validate": "tell whether scripts, manifests or an environment are as they should be",
    "manifest": "work on manifests",
    "add-digests": "the same as pkgs manifest add-digests",
    "test": "tell whether packages can be had and work",
    "bundle": "put packages into one file or directory, for where no network is",
    "version": "print the version of pkgs",
}

# hermit's other names of commands.
ALIASES = {"sync": "update", "install-hooks": "shell-hooks"}


class Command(Protocol):
    """What a module in :mod:`pkgs.cli` provides."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments; the parser's description and epilog teach."""

    def run(self, args: argparse.Namespace, app: App) -> int:
        """Do it and return the exit status."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; the only place where errors are printed."""
    words = list(sys.argv[1:] if argv is None else argv)
    process.open_streams()
    process.end_promptly_when_interrupted()
    try:
        status = _run(words)
        sys.stdout.flush()
    except PkgsError as error:
        return process.fail(error)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return process.stop_writing()
    except Exception as error:
        if isinstance(error.__cause__ or error.__context__, KeyboardInterrupt):
            return EXIT_INTERRUPTED  # while a class was made, which Python 3.11 tells by an error of its own
        refused = process.refused_by_system(error) if isinstance(error, OSError) else None
        return process.fail(refused) if refused else _bug(error, words)
    return status


def _bug(error: Exception, words: Sequence[str]) -> int:
    from pkgs.cli.bugs import reported  # deferred: seldom needed

    process.fail(PkgsError(f"this is a bug in pkgs: {error!r}", reported(words)))
    return EXIT_BUG


def _run(words: list[str]) -> int:
    if words[:1] == ["__complete"]:
        return _complete(words[1:])
    try:
        args, command = _parse(words)
    except SystemExit:  # help or the version was printed
        return 0
    return command.run(args, App.of_process(args)) if command else 0


def _complete(words: list[str]) -> int:
    from pkgs.cli.complete import Completer  # deferred: only shells ask for it

    def parser(name: str) -> argparse.ArgumentParser:
        return command_parser(name, load_command(name)) if name else top_parser()

    app = App.of_process(top_parser().parse_args(["--offline", "--quiet"]))
    sys.stdout.writelines(f"{line}\n" for line in Completer(COMMANDS, parser, app).lines(words))
    return 0


def _parse(words: list[str]) -> tuple[argparse.Namespace, Command | None]:
    parser = top_parser()
    args = parser.parse_args(words)
    if args.command == "help":
        args.command, args.rest = (args.rest or [None])[0], ["--help"]
    if args.command is None:
        parser.print_help()
        return args, None
    name = ALIASES.get(args.command, args.command)
    command = _command(name)
    command_parser(name, command).parse_anywhere(args.rest, args)
    return args, command


def command_parser(name: str, command: Command) -> Parser:
    """Return the parser of one command."""
    parser = Parser(prog=f"pkgs {name}", description=COMMANDS[name][0].upper() + COMMANDS[name][1:] + ".")
    take_global_flags(parser)
    command.configure(parser)
    return parser


def _command(name: str) -> Command:
    if name not in COMMANDS:
        from pkgs.names import nearest  # deferred: seldom needed

        near = nearest(name, COMMANDS)
        hint = f"did you mean: pkgs {near}" if near else "see: pkgs --help"
        raise UsageError(f"there is no command {name!r}", hint)
    return load_command(name)


def load_command(name: str) -> Command:
    """Return the module of the command ``name``, one of :data:`COMMANDS`."""
    module: Command = importlib.import_module(f"pkgs.cli.{name.replace('-', '_')}")
    return module


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(f"pkgs {__version__}")
        parser.exit()


def top_parser() -> Parser:
    """Return the parser of what stands before a command."""
    width = max(map(len, COMMANDS)) + 2
    listing = "\n".join(f"  {name:<{width}}{summary}" for name, summary in COMMANDS.items())
    parser = Parser(
        prog="pkgs",
        usage="pkgs [FLAGS] COMMAND [ARGUMENTS]",
        description="Every checkout and every CI run uses exactly the same tools.",
        epilog=f"commands:\n{listing}\n\npkgs COMMAND --help tells about one of them.",
    )
    add_global_flags(parser)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser
