"""Flags that several commands share, and those of every command (hermit, app/commands.go:30-41)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn

from pkgs.errors import UsageError

LEVELS = ("auto", "trace", "debug", "info", "warn", "error", "fatal")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal, which argparse asks a slow module for, with every flag it declares."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    """Return the width of the terminal as :func:`shutil.get_terminal_size` does."""
    try:
        return int(os.environ["COLUMNS"]) or 80
    except (KeyError, ValueError):
        pass
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (AttributeError, ValueError, OSError):
        return 80


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors of pkgs, and which takes no abbreviated flags."""

    def __init__(self, **options: object) -> None:
        super().__init__(
            formatter_class=_Formatter,
            allow_abbrev=False,
            **options,  # type: ignore[arg-type]
        )

    def parse_anywhere(self, words: Sequence[str], namespace: argparse.Namespace) -> None:
        """Parse ``words``; flags may stand between arguments, unless these are another program's."""
        others = any(each.nargs in (argparse.REMAINDER, argparse.PARSER) for each in self._actions)
        if others or "--" in words:
            self.parse_args(words, namespace)
        else:
            self.parse_intermixed_args(words, namespace)

    def described(self) -> Iterator[tuple[str, str]]:
        """Yield how each argument and flag is written, and what it says, for reference pages."""
        for action in self._actions:
            if action.help and action.help != argparse.SUPPRESS and action.dest != "help":
                words = (", ".join(action.option_strings), _value(action))
                yield " ".join(filter(None, words)), action.help.removesuffix(" (default: %(default)s)")

    def subparsers(self) -> Mapping[str, argparse.ArgumentParser]:
        """Return the parsers of subcommands, by name."""
        found = (each.choices for each in self._actions if each.nargs == argparse.PARSER)
        return next((dict(each) for each in found if isinstance(each, dict)), {})

    def error(self, message: str) -> NoReturn:
        """Raise :class:`UsageError`."""
        raise UsageError(message, f"see: {self.prog} --help")


def _value(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest.upper())
    forms = {0: "", "?": f"[{name}]", "*": f"[{name} …]", "+": f"{name} …", argparse.REMAINDER: f"[{name} …]"}
    return forms.get(action.nargs if action.nargs is not None else 1, name)


def add_global_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that stand before or after the command, and show them in the help."""
    group = parser.add_argument_group("flags of every command")
    for names, options in _GLOBAL.items():
        group.add_argument(*names, **{**options, "default": None})  # type: ignore[arg-type]


def take_global_flags(parser: argparse.ArgumentParser) -> None:
    """Let a command take the same flags, without another word about them."""
    for names, options in _GLOBAL.items():
        quiet = {**options, "default": argparse.SUPPRESS, "help": argparse.SUPPRESS}
        parser.add_argument(*names, **quiet)  # type: ignore[arg-type]


_GLOBAL: Mapping[tuple[str, ...], Mapping[str, object]] = {
    ("-q", "--quiet"): {"action": "store_true", "help": "say only what ended the command (PKGS_QUIET)"},
    ("-d", "--debug"): {"action": "store_true", "help": "the same as --level=debug"},
    ("-t", "--trace"): {"action": "store_true", "help": "the same as --level=trace"},
    ("--level",): {
        "choices": LEVELS,
        "metavar": "LEVEL",
        "help": f"how much to tell on stderr: {', '.join(LEVELS)} (PKGS_LOG)",
    },
    ("--lock-timeout",): {
        "metavar": "TIME",
        "help": "give up waiting for another process after this long, such as 30s "
        "(PKGS_LOCK_TIMEOUT; default: as long as it lives)",
    },
    ("--user-config",): {
        "metavar": "FILE",
        "help": "your own configuration (PKGS_USER_CONFIG; default: ~/.pkgs.hcl, else ~/.hermit.hcl)",
    },
    ("--env",): {
        "action": "append",
        "dest": "ephemeral",
        "metavar": "NAME=VALUE[;…]",
        "help": "set these variables too, this once",
    },
    ("--offline",): {"action": "store_true", "help": "use only what is in the store already"},
}


def add_frozen(parser: argparse.ArgumentParser) -> None:
    """Declare ``--frozen`` and ``--no-frozen``; absent, the variable CI decides."""
    parser.add_argument(
        "--frozen",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="never write pins or lock, and refuse what the lock does not cover (implied by CI=true)",
    )
