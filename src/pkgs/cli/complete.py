"""What may stand where the cursor is: the answers to the shells' completion, never from the network.

A shell calls ``pkgs __complete WORD… CURRENT`` and gets candidates for the last word, one a line, with a
description after a tab; or the line ``:files`` where a path is wanted.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkgs.app import App
from pkgs.errors import PkgsError

FILES = ":files"
_PATHS = ("DIR", "FILE", "PATH", "ARCHIVE", "BUNDLE")
# What the words after a command are, where its arguments do not say it themselves.
_OF_COMMAND = {
    "install": "packages",
    "info": "packages",
    "resolve": "packages",
    "search": "packages",
    "test": "packages",
    "uninstall": "pinned",
    "upgrade": "pinned",
    "lock": "pinned",
    "verify": "pinned",
    "bundle": "pinned",
    "exec": "tools",
}

Pairs = Iterable[tuple[str, str]]
_FILES = [(FILES, "")]


@dataclass(frozen=True, slots=True)
class Completer:
    """Completes words of a command line.

    ``commands`` are summaries by name; ``parser`` returns a command's parser, and that of all commands
    for "".
    """

    commands: Mapping[str, str]
    parser: Callable[[str], argparse.ArgumentParser]
    app: App

    def lines(self, words: Sequence[str]) -> list[str]:
        """Return what to print for ``words``, of which the last is to be completed; nothing on any error."""
        before, current = (words[:-1], words[-1]) if words else ((), "")
        try:
            pairs = list(self._pairs(before, current))
        except (PkgsError, OSError):
            return []
        if pairs == _FILES:
            return [FILES]
        fitting = [(value, " ".join(about.split())) for value, about in pairs if value.startswith(current)]
        return [f"{value}\t{about}" if about else value for value, about in fitting]

    def _pairs(self, before: Sequence[str], current: str) -> Pairs:
        name, rest = _split(self.parser(""), before)
        parser = self.parser(name) if name in self.commands else self.parser("")
        if "--" in rest:
            return _FILES
        taking = _value_taker(parser, before[-1:])
        if taking:
            return self._values(taking, name)
        if current.startswith("-"):
            return _flags(parser, self.parser(""))
        if not name:
            return self.commands.items()
        return self._arguments(name, parser, current)

    def _values(self, action: argparse.Action, name: str) -> Pairs:
        if action.choices:
            return [(str(choice), "") for choice in action.choices]
        if action.metavar == "PACKAGE":
            return self._pinned() if _OF_COMMAND.get(name) == "pinned" else self._packages("")
        return _FILES if action.metavar in _PATHS else []

    def _arguments(self, name: str, parser: argparse.ArgumentParser, current: str) -> Pairs:
        match _OF_COMMAND.get(name):
            case "packages":
                return self._packages(current)
            case "pinned":
                return self._pinned()
            case "tools":
                return self._tools()
        positionals = [action for action in parser._actions if not action.option_strings]  # noqa: SLF001
        return [pair for action in positionals for pair in self._values(action, name)]

    def _packages(self, current: str) -> Iterator[tuple[str, str]]:
        """Yield packages and, of those that ``current`` names already, versions and channels."""
        for package in self.app.catalog.listed().values():
            summary = package.summary
            yield package.name, summary.description
            if current.startswith(f"{package.name}-"):
                yield from ((f"{package.name}-{version}", "") for version in reversed(summary.versions))
            if current.startswith(f"{package.name}@"):
                yield from ((f"{package.name}@{channel}", "") for channel in summary.channels)

    def _pinned(self) -> Pairs:
        from pkgs.environment.pins import read_pins

        pins = read_pins(self.app.environment.bin_dir)
        return [(pin.reference.name, str(pin.reference)) for pin in pins]

    def _tools(self) -> Pairs:
        from pkgs.environment.pins import read_pins

        pins = read_pins(self.app.environment.bin_dir)
        return [(tool, str(pin.reference)) for pin in pins for tool in pin.tools]


def _split(parser: argparse.ArgumentParser, words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return the command among ``words`` and what comes after it; "" where there is none yet."""
    taken = False
    for number, word in enumerate(words):
        if taken:
            taken = False
        elif word.startswith("-"):
            taken = _value_taker(parser, [word]) is not None
        else:
            return word, words[number + 1 :]
    return "", ()


def _value_taker(parser: argparse.ArgumentParser, last: Sequence[str]) -> argparse.Action | None:
    """Return the flag that ``last`` is if the next word is its value."""
    for action in parser._actions:  # noqa: SLF001
        if any(word in action.option_strings for word in last) and action.nargs not in (0, "?"):
            return action
    return None


def _flags(*parsers: argparse.ArgumentParser) -> Pairs:
    """Return the long flags, and short ones that have no long form, each once."""
    found: dict[str, str] = {}
    for parser in parsers:
        for action in parser._actions:  # noqa: SLF001
            names = [name for name in action.option_strings if name.startswith("--")] or action.option_strings
            for name in names if action.help != argparse.SUPPRESS else ():
                found.setdefault(name, action.help or "")
    return found.items()
