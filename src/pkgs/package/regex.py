"""Searching with Go's regular expressions in linear time.

Python's engine tries one possibility after the other and may need for ever over a dozen characters. This one
follows all of them at once, so a search takes no longer than the expression's length times the text's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pkgs.package.regexsyntax import (
    Assertion,
    Character,
    Choice,
    Node,
    Repeat,
    Sequence,
    SyntaxFault,
    Test,
    parse,
)

_MAX_STATES = 20_000
_MAX_TEXT = 1_000
_MAX_MOVES = 10_000
_END = 0  # the state in which an expression has matched


@dataclass(slots=True)
class _State:
    """A test of the next character or an assertion about the place, then on to ``targets``; or the end."""

    test: Test | None = None
    assertion: str = ""
    targets: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    What follows from a set of states and a character is the same anywhere within a text, unless some state
    asks what stands beside it (``beside``). ``_moves`` remembers it: searching many texts takes a look-up a
    character.
    """

    states: tuple[_State, ...]
    start: int
    beside: bool
    _moves: dict[tuple[frozenset[int], str], frozenset[int]] = field(default_factory=dict, compare=False)

    def found_in(self, text: str) -> bool:
        """Whether the expression matches anywhere in ``text``."""
        if self.beside:
            return self._found_at_places(text)
        current = frozenset(self._closure({self.start}, text, 0))
        for character in text:
            if _END in current:
                return True
            current = self._moves.get((current, character)) or self._move(current, character)
        return _END in self._closure(set(current), text, len(text))

    def _move(self, current: frozenset[int], character: str) -> frozenset[int]:
        if len(self._moves) >= _MAX_MOVES:
            self._moves.clear()
        after = frozenset(self._closure({self.start, *self._step(current, character)}, "..", 1))
        self._moves[current, character] = after
        return after

    def _found_at_places(self, text: str) -> bool:
        current: set[int] = set()
        for position in range(len(text) + 1):
            current = self._closure({self.start, *current}, text, position)
            if _END in current:
                return True
            if position < len(text):
                current = self._step(current, text[position])
        return False

    def _step(self, current: Iterable[int], character: str) -> set[int]:
        states = (self.states[index] for index in current)
        passed = (state for state in states if state.test is not None and state.test(character))
        return {target for state in passed for target in state.targets}

    def _closure(self, starts: set[int], text: str, position: int) -> set[int]:
        """Return every state that is reached from ``starts`` without taking a character."""
        reached = set(starts)
        pending = list(starts)
        while pending:
            state = self.states[pending.pop()]
            if state.test is None and _holds(state.assertion, text, position):
                new = [target for target in state.targets if target not in reached]
                reached.update(new)
                pending.extend(new)
        return reached


def compile_regex(text: str) -> Expression:
    """Compile ``text``; raise :class:`SyntaxFault` for what Go refuses and for what is too large."""
    if len(text) > _MAX_TEXT:
        raise SyntaxFault("an expression that is too long")
    builder = _Builder()
    end = builder.add(_State())
    assert end == _END
    start = builder.build(parse(text), end)
    beside = any(state.assertion not in ("", "^", "$") for state in builder.states)
    return Expression(tuple(builder.states), start, beside)


class _Builder:
    """Turns a tree into states, from the last to the first."""

    def __init__(self) -> None:
        self.states: list[_State] = []

    def add(self, state: _State) -> int:
        if len(self.states) >= _MAX_STATES:
            raise SyntaxFault("an expression that is too large")
        self.states.append(state)
        return len(self.states) - 1

    def build(self, node: Node, after: int) -> int:
        """Add the states of ``node`` that lead to ``after``; return where they begin."""
        match node:
            case Character(test):
                return self.add(_State(test=test, targets=[after]))
            case Assertion(kind):
                return self.add(_State(assertion=kind, targets=[after]))
            case Sequence(nodes):
                for each in reversed(nodes):
                    after = self.build(each, after)
                return after
            case Choice(nodes):
                return self.add(_State(targets=[self.build(each, after) for each in nodes]))
            case Repeat():
                return self.repeat(node, after)

    def repeat(self, node: Repeat, after: int) -> int:
        if node.most is None:
            loop = self.add(_State(targets=[after]))
            self.states[loop].targets.append(self.build(node.node, loop))
            after = loop
        else:
            for _ in range(node.most - node.least):
                after = self.add(_State(targets=[after, self.build(node.node, after)]))
        for _ in range(node.least):
            after = self.build(node.node, after)
        return after


def _holds(assertion: str, text: str, position: int) -> bool:
    before, after = text[position - 1 : position] if position else "", text[position : position + 1]
    match assertion:
        case "^":
            return position == 0
        case "$":
            return position == len(text)
        case "m^":
            return before in ("", "\n")
        case "m$":
            return after in ("", "\n")
        case "b":
            return _is_word(before) != _is_word(after)
        case "B":
            return _is_word(before) == _is_word(after)
        case _:
            return True


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")
