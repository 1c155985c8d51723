r"""The syntax of Go's regular expressions (RE2), as a tree.

Python's ``re`` reads another dialect: it takes look-arounds and back-references, which Go refuses, and does
not know ``\z`` or ``[[:alpha:]]``. Unicode scripts (``\p{Greek}``) are not known here.
Source: https://pkg.go.dev/regexp/syntax.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

_MAX_REPEAT = 1000
_MAX_DEPTH = 100

Test = Callable[[str], bool]


class SyntaxFault(Exception):  # noqa: N818
    """The text is not a regular expression of Go's; ``args[0]`` says why."""


@dataclass(frozen=True, slots=True)
class Character:
    """One character that passes ``test``."""

    test: Test


@dataclass(frozen=True, slots=True)
class Assertion:
    """A place between characters: ``^``, ``$``, their ``(?m)`` forms ``m^`` and ``m$``, ``b`` or ``B``."""

    kind: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One node after the other."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of the nodes."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A node ``least`` to ``most`` times; ``most`` is None for no limit."""

    node: Node
    least: int
    most: int | None


Node = Character | Assertion | Sequence | Choice | Repeat


@dataclass(frozen=True, slots=True)
class _Flags:
    fold: bool = False
    lines: bool = False
    dot_all: bool = False


_FLAG_NAMES = {"i": "fold", "m": "lines", "s": "dot_all"}
_REPEAT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")
_GROUP = re.compile(r"\?P?<[A-Za-z0-9_]+>|\?(?P<flags>[imsU]*(?:-[imsU]+)?)(?P<end>[:)])")
_CODE = re.compile(r"x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|(0[0-7]{0,2}|[1-7][0-7]{1,2})")
_CATEGORY = re.compile(r"([pP])(?:\{(\^?)([A-Z][a-z]?)\}|([A-Z]))")
_POSIX = re.compile(r"\[:(\^?)([a-z]+):\]")
_CONTROL = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_ASSERTIONS = {"A": "^", "z": "$", "b": "b", "B": "B"}
_SETS = {"d": "[0-9]", "s": r"[\t\n\f\r ]", "w": "[0-9A-Za-z_]"}
_POSIX_SETS = {
    "alnum": "[0-9A-Za-z]",
    "alpha": "[A-Za-z]",
    "ascii": r"[\x00-\x7f]",
    "blank": r"[\t ]",
    "cntrl": r"[\x00-\x1f\x7f]",
    "digit": "[0-9]",
    "graph": "[!-~]",
    "lower": "[a-z]",
    "print": "[ -~]",
    "punct": r"[!-/:-@\[-`{-~]",
    "space": r"[\t\n\v\f\r ]",
    "upper": "[A-Z]",
    "word": "[0-9A-Za-z_]",
    "xdigit": "[0-9A-Fa-f]",
}


def parse(text: str) -> Node:
    """Return the tree of ``text``; raise :class:`SyntaxFault` where Go would refuse it."""
    parser = _Parser(text)
    node = parser.choice(_Flags(), 0)
    if not parser.at_end():
        raise SyntaxFault("an unexpected )")
    return node


class _Parser:
    """Reads from left to right; ``flags`` in force are passed down."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def at_end(self) -> bool:
        return self.position >= len(self.text)

    def take(self, text: str) -> bool:
        """Step over ``text`` if it comes next."""
        found = self.text.startswith(text, self.position)
        self.position += len(text) if found else 0
        return found

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Step over what ``pattern`` matches here."""
        found = pattern.match(self.text, self.position)
        self.position = found.end() if found else self.position
        return found

    def next(self) -> str:
        if self.at_end():
            raise SyntaxFault("an unexpected end")
        self.position += 1
        return self.text[self.position - 1]

    def choice(self, flags: _Flags, depth: int) -> Node:
        """Read alternatives up to the end or a closing parenthesis; flags set on the way hold to its end."""
        if depth > _MAX_DEPTH:
            raise SyntaxFault("parentheses nested too deeply")
        alternatives: list[Node] = []
        nodes: list[Node] = []
        while not self.at_end() and self.text[self.position] != ")":
            if self.take("|"):
                alternatives.append(Sequence(tuple(nodes)))
                nodes = []
            elif self.take("("):
                node, flags = self.group(flags, depth)
                nodes += [] if node is None else [self.repeated(node)]
            else:
                nodes += self.item(flags)
        return Choice((*alternatives, Sequence(tuple(nodes))))

    def group(self, flags: _Flags, depth: int) -> tuple[Node | None, _Flags]:
        """Read a group, or flags for the rest of the one around it (then there is no node)."""
        inner = flags
        if self.text.startswith("?", self.position):
            head = self.match(_GROUP)
            if head is None:
                raise SyntaxFault("a group that Go does not know")
            if head["flags"] is not None:
                inner = _flagged(flags, head["flags"])
            if head["end"] == ")":
                return None, inner
        node = self.choice(inner, depth + 1)
        if not self.take(")"):
            raise SyntaxFault("a missing )")
        return node, flags

    def item(self, flags: _Flags) -> list[Node]:
        if self.take(r"\Q"):
            quoted, _, _ = self.text[self.position :].partition(r"\E")
            self.position += len(quoted)
            self.take(r"\E")
            nodes: list[Node] = [_literal(character, flags) for character in quoted]
            return [*nodes[:-1], *map(self.repeated, nodes[-1:])]
        return [self.repeated(self.atom(flags))]

    def atom(self, flags: _Flags) -> Node:
        character = self.next()
        if character in "*+?":
            raise SyntaxFault(f"nothing for {character} to repeat")
        if character == ".":
            return Character(lambda c: flags.dot_all or c != "\n")
        if character in "^$":
            return Assertion(f"m{character}" if flags.lines else character)
        if character == "[":
            return Character(self.members(flags))
        return self.escape(flags) if character == "\\" else _literal(character, flags)

    def repeated(self, node: Node) -> Node:
        """Read the repetition that follows a node; a second one is refused."""
        bounds = self.bounds()
        if bounds is None:
            return node
        self.take("?")
        if self.bounds() is not None:
            raise SyntaxFault("a repeated repetition")
        least, most = bounds
        if max(least, most or 0) * _largest_repeat(node) > _MAX_REPEAT or (most is not None and most < least):
            raise SyntaxFault("a repetition out of bounds")
        return Repeat(node, least, most)

    def bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return bounds
        found = self.match(_REPEAT)
        if found is None:
            return None
        least, comma, most = found.groups()
        if max(len(least), len(most or "")) > 4:
            raise SyntaxFault("a repetition out of bounds")
        if not comma:
            return int(least), int(least)
        return int(least), int(most) if most else None

    def escape(self, flags: _Flags) -> Node:
        assertion = _ASSERTIONS.get(self.text[self.position : self.position + 1])
        if assertion:
            self.position += 1
            return Assertion(assertion)
        test = self.escaped_set()
        return Character(test) if test else _literal(self.escaped_character(), flags)

    def escaped_set(self) -> Test | None:
        r"""Read what follows a backslash where it stands for many characters: ``\d``, ``\W``, ``\pL``."""
        letter = self.text[self.position : self.position + 1]
        if letter and letter in "dswDSW":
            self.position += 1
            return _in_set(_SETS[letter.lower()], negated=letter.isupper())
        category = self.match(_CATEGORY)
        if category:
            negated = (category[1] == "P") != bool(category[2])
            prefix = category[3] or category[4]
            return lambda c: unicodedata.category(c).startswith(prefix) != negated
        return None

    def escaped_character(self) -> str:
        code = self.match(_CODE)
        if code:
            number = int(code[3], 8) if code[3] else int(code[1] or code[2], 16)
            if number > 0x10FFFF:
                raise SyntaxFault("a character beyond Unicode")
            return chr(number)
        character = self.next()
        if character in _CONTROL:
            return _CONTROL[character]
        if character.isascii() and not character.isalnum():
            return character
        raise SyntaxFault(f"an unknown escape \\{character}")

    def members(self, flags: _Flags) -> Test:
        """Read a bracketed set; a closing bracket in first place is a member."""
        negated = self.take("^")
        tests = [self.member(flags)]
        while not self.take("]"):
            tests.append(self.member(flags))
        return lambda c: any(test(c) for test in tests) != negated

    def member(self, flags: _Flags) -> Test:
        posix = self.match(_POSIX)
        if posix:
            if posix[2] not in _POSIX_SETS:
                raise SyntaxFault(f"an unknown class {posix[0]}")
            return _in_set(_POSIX_SETS[posix[2]], negated=bool(posix[1]))
        if self.take("\\"):
            test = self.escaped_set()
            if test:
                return test
            return self.range(self.escaped_character(), flags)
        return self.range(self.next(), flags)

    def range(self, low: str, flags: _Flags) -> Test:
        high = low
        if self.text.startswith("-", self.position) and not self.text.startswith("-]", self.position):
            self.position += 1
            high = self.escaped_character() if self.take("\\") else self.next()
        if high < low:
            raise SyntaxFault("a range that ends before it starts")
        return lambda c: any(low <= form <= high for form in _forms(c, flags))


def _flagged(flags: _Flags, text: str) -> _Flags:
    on, _, off = text.partition("-")
    changes = {_FLAG_NAMES[name]: True for name in on if name in _FLAG_NAMES}
    changes |= {_FLAG_NAMES[name]: False for name in off if name in _FLAG_NAMES}
    return replace(flags, **changes)


def _literal(character: str, flags: _Flags) -> Character:
    return Character(lambda c: character in _forms(c, flags))


def _forms(character: str, flags: _Flags) -> tuple[str, ...]:
    return (character, character.lower(), character.upper()) if flags.fold else (character,)


def _in_set(expression: str, *, negated: bool) -> Test:
    matches = re.compile(expression).fullmatch
    return lambda c: (matches(c) is not None) != negated


def _largest_repeat(node: Node) -> int:
    """Return how often the innermost part of ``node`` is written out, as Go counts it."""
    match node:
        case Repeat():
            return max(1, node.least, node.most or 0) * _largest_repeat(node.node)
        case Sequence() | Choice():
            return max(map(_largest_repeat, node.nodes), default=1)
        case _:
            return 1
