"""Searching packages: which of them a pattern means, best first.

Patterns are hermit's (app/search_cmd.go): a regular expression of Go's, in any case, looked for in name,
description and homepage; ``^`` makes it a prefix. Names of binaries and virtual packages are looked at too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pkgs.errors import UsageError
from pkgs.package.regex import compile_regex
from pkgs.package.regexsyntax import SyntaxFault
from pkgs.source.catalog import Listed

_PLAIN = re.compile(r"[^\\.+*?()|\[\]{}^$]*")
# From the best to the least, how a package may match.
_EXACT_NAME, _NAME_PREFIX, _TOOL, _NAME, _ABOUT = range(5)

Test = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as tests of lower-case text: matches the whole, matches the beginning, matches anywhere."""

    whole: Test
    start: Test
    anywhere: Test

    @classmethod
    def parse(cls, text: str, *, exact: bool = False) -> Pattern:
        """Read a pattern; ``exact`` takes it literally, and the whole of a text has to be it.

        Raises :class:`UsageError` for what is no regular expression.
        """
        word = text.lower()
        if exact:
            return cls(word.__eq__, _never, word.__eq__)
        if _PLAIN.fullmatch(word):
            return cls(word.__eq__, lambda it: it.startswith(word), lambda it: word in it)
        if word.startswith("^") and _PLAIN.fullmatch(word[1:]):
            prefix = word[1:]
            return cls(prefix.__eq__, lambda it: it.startswith(prefix), lambda it: it.startswith(prefix))
        anywhere = _regex(text)  # first, so that what is wrong is told of what was given
        return cls(_regex(f"^(?:{text})$"), _regex(f"^(?:{text})"), anywhere)


def search(packages: Iterable[Listed], pattern: Pattern) -> list[Listed]:
    """Return the packages that match, best first and then by name."""
    ranked = ((_rank(package, pattern), package.name, package) for package in packages)
    return [package for rank, _, package in sorted(ranked, key=lambda each: each[:2]) if rank <= _ABOUT]


def _rank(package: Listed, pattern: Pattern) -> int:
    name, summary = package.name.lower(), package.summary
    named = pattern.anywhere(name)
    if named and pattern.whole(name):
        return _EXACT_NAME
    if named and pattern.start(name):
        return _NAME_PREFIX
    if any(pattern.anywhere(tool.lower()) for tool in (*summary.binaries, *summary.provides)):
        return _TOOL
    if named:
        return _NAME
    about = pattern.anywhere(summary.description.lower()) or pattern.anywhere(summary.homepage.lower())
    return _ABOUT if about else _ABOUT + 1


def _never(text: str) -> bool:  # noqa: ARG001
    return False


def _regex(text: str) -> Test:
    try:
        return compile_regex(f"(?i){text}").found_in
    except SyntaxFault as error:
        raise UsageError(
            f"{text!r} is not a regular expression: {error.args[0]}",
            "to search for the text itself, use --exact, or put \\ before signs",
        ) from error
