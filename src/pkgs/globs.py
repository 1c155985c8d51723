r"""Globs over version texts, as hermit has them: gobwas/glob compiled without separators.

``*`` and ``**`` stand for any characters, ``?`` for one, ``[abc]``, ``[a-z]`` and ``[!a-z]`` for one of a
set, ``{a,b}`` for either of its parts, ``\`` takes the next character literally. A glob matches the whole
text or nothing.

Matching takes time linear in the text: alternatives are multiplied out, and each becomes a regular expression
whose stars are settled at the first fit of what follows them and never tried again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from pkgs.errors import UsageError

_MAX_ALTERNATIVES = 1024
_MAX_LENGTH = 4096
_STAR = "*"  # any characters; every other token is a regular expression for one character

_Pattern = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Glob:
    """A compiled glob; ``text`` is what was written."""

    text: str
    pattern: re.Pattern[str]

    @classmethod
    def compile(cls, text: str) -> Glob:
        """Compile ``text``; raise :class:`UsageError` saying what is wrong with it."""
        if len(text) > _MAX_LENGTH:
            raise UsageError(f"the glob {text[:20]!r}… is too long", f"use at most {_MAX_LENGTH} characters")
        alternatives = dict.fromkeys(map(_regex, _Parser(text).parse()))
        return cls(text, re.compile("|".join(alternatives), re.DOTALL))

    def matches(self, text: str) -> bool:
        """Whether the glob matches the whole of ``text``."""
        return self.pattern.fullmatch(text) is not None


class _Parser:
    """Reads one glob into the plain patterns that its alternatives multiply out to."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def parse(self) -> list[_Pattern]:
        return self.sequence(depth=0)

    def sequence(self, depth: int) -> list[_Pattern]:
        """Read up to the end, or inside braces up to a comma or closing brace."""
        patterns: list[_Pattern] = [()]
        while self.position < len(self.text) and not (depth and self.text[self.position] in ",}"):
            patterns = self.joined(patterns, self.item(depth))
        return patterns

    def item(self, depth: int) -> list[_Pattern]:
        character = self.next()
        if character == "{":
            return self.alternatives(depth + 1)
        return [(self.single(character),)]

    def single(self, character: str) -> str:
        if character == "*":
            return _STAR
        if character == "?":
            return "."
        if character == "[":
            return self.one_of()
        return re.escape(self.next() if character == "\\" else character)

    def alternatives(self, depth: int) -> list[_Pattern]:
        """Read ``a,b}``; a brace that is never closed ends with the text, as in gobwas."""
        if depth > 50:
            raise self.error("too deeply nested braces")
        patterns = self.sequence(depth)
        while self.next() == ",":
            patterns = [*patterns, *self.sequence(depth)]
        return self.limited(patterns)

    def one_of(self) -> str:
        negation = "^" if self.text.startswith("!", self.position) else ""
        self.position += len(negation)
        low = self.next()
        if low and self.text.startswith("-", self.position):
            self.position += 1
            return self.closed(f"[{negation}{_between(self, low, self.next())}]")
        self.position -= len(low)
        return self.closed(f"[{negation}{self.members()}]")

    def members(self) -> str:
        members = []
        while (character := self.next()) not in ("", "]"):
            members.append(re.escape(self.next() if character == "\\" else character))
        if not members:
            raise self.error("empty brackets")
        self.position -= len(character)
        return "".join(members)

    def closed(self, expression: str) -> str:
        if self.next() != "]":
            raise self.error("a bracket that is not closed after its characters or its one range")
        return expression

    def next(self) -> str:
        """Return the next character, or "" at the end."""
        character = self.text[self.position : self.position + 1]
        self.position += len(character)
        return character

    def joined(self, left: list[_Pattern], right: list[_Pattern]) -> list[_Pattern]:
        if len(left) * len(right) > _MAX_ALTERNATIVES:
            raise self.error(f"more than {_MAX_ALTERNATIVES} alternatives")
        return [a + b for a in left for b in right]

    def limited(self, patterns: list[_Pattern]) -> list[_Pattern]:
        if len(patterns) > _MAX_ALTERNATIVES:
            raise self.error(f"more than {_MAX_ALTERNATIVES} alternatives")
        return patterns

    def error(self, what: str) -> UsageError:
        return UsageError(f"the glob {self.text!r} has {what}", "write * ? [abc] [a-z] [!a-z] {a,b}")


def _between(parser: _Parser, low: str, high: str) -> str:
    if not high or high < low:
        raise parser.error(f"a range that ends before it starts, {low}-{high}")
    return f"{re.escape(low)}-{re.escape(high)}"


def _regex(pattern: Iterable[str]) -> str:
    """Join a pattern's tokens; only the piece after the last star may be tried in more than one place."""
    first, *rest = _pieces(pattern)
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>.*?{piece})" for piece in middle if piece) + ".*" + last


def _pieces(pattern: Iterable[str]) -> list[str]:
    tokens = list(pattern)
    stars = [-1, *(index for index, token in enumerate(tokens) if token == _STAR), len(tokens)]
    return ["".join(tokens[start + 1 : end]) for start, end in pairwise(stars)]
