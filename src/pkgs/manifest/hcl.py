"""HCL: text in, a plain document out. The one module that knows python-hcl2.

By python-hcl2's grammar it parses the skeleton that :mod:`pkgs.manifest.dialect` makes of a text (HCL2 as
to its shape, hermit's dialect as to what it says), and checks the few places where HCL2 takes more than
hermit does.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from pkgs.manifest.dialect import COMMENT_NAME, Skeleton, skeleton
from pkgs.manifest.document import Attribute, Block, Comment, Document, Entry, MapEntry, MapValue
from pkgs.manifest.faults import Fault, FaultsError
from pkgs.state import State

_Tree = Tree[Token]
_GRAMMAR = Path(__file__).with_name("skeleton.lark")


def parse(text: str) -> Document:
    """Return the document that ``text`` writes; raise :class:`FaultsError` if it is not hermit's HCL."""
    shape = skeleton(text)
    try:
        tree = _parser().parse(shape.text + "\n")
    except UnexpectedInput as error:
        raise FaultsError([_unexpected(shape, error.pos_in_stream)]) from error
    reader = _Reader(shape)
    return Document(tuple(reader.entries(_only(tree, "body"))))


@functools.cache
def _parser() -> Lark:
    """Build a parser of skeletons from python-hcl2's grammar."""
    return Lark.open(
        str(_GRAMMAR),
        parser="lalr",
        cache=str(_tables()),
        import_paths=[_grammars()],
        propagate_positions=True,
    )


def _grammars() -> str:
    """Return python-hcl2's directory; importing it would load a parser and writers that are not needed."""
    found = importlib.util.find_spec("hcl2")
    assert found and found.submodule_search_locations
    return found.submodule_search_locations[0]


def _tables() -> Path:
    """Return the file for the parser's tables: beside compiled modules, else in the state directory.

    Making the tables takes 100 ms, loading them 5.
    """
    beside = Path(importlib.util.cache_from_source(str(_GRAMMAR))).with_suffix(".tables")
    if beside.exists() or os.access(beside.parent, os.W_OK):
        return beside
    kept = State.of(os.environ).root / "hcl.tables"
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
    return kept


class _Reader:
    """Turns python-hcl2's tree back into what the source says."""

    def __init__(self, shape: Skeleton) -> None:
        self._shape = shape

    def entries(self, body: _Tree) -> Iterator[Entry]:
        for child in body.children:
            if isinstance(child, Tree) and child.data in ("attribute", "block"):
                name = _first_token(child)
                if name.startswith(COMMENT_NAME) and name != COMMENT_NAME:
                    raise FaultsError([_unexpected(self._shape, name.start_pos)])
                yield self._attribute(name, child) if child.data == "attribute" else self._block(name, child)

    def _attribute(self, name: Token, tree: _Tree) -> Attribute | Comment:
        expression = tree.children[2]
        if name == COMMENT_NAME:
            comment = self._lifted(_first_token(expression))
            assert isinstance(comment, Comment)
            return comment
        return Attribute(str(name), self._value(expression), self._line(name))

    def _block(self, name: Token, tree: _Tree) -> Block:
        labels: tuple[str, ...] = ()
        for child in tree.children[1:]:
            if isinstance(child, Tree) and child.data == "identifier":
                labels = self._lifted(_first_token(child))
        return Block(str(name), labels, tuple(self.entries(_only(tree, "body"))), self._line(name))

    def _value(self, expression: Any) -> Any:
        node = expression.children[0] if expression.data == "expr_term" else expression
        if isinstance(node, Tree) and node.data == "identifier":
            return self._lifted(_first_token(node))
        if isinstance(node, Tree) and node.data == "tuple":
            return tuple(self._value(child) for child in node.children if _is_value(child))
        if isinstance(node, Tree) and node.data == "object":
            return MapValue(tuple(self._map_entries(node)))
        raise FaultsError([_unexpected(self._shape, _last_token(expression).start_pos)])

    def _map_entries(self, node: _Tree) -> Iterator[MapEntry | Comment]:
        comma = True
        for child in node.children:
            if isinstance(child, Token):
                comma = comma or child.type == "COMMA"
            elif child.data == "object_elem":
                entry = self._map_entry(child)
                if not comma:
                    raise FaultsError([Fault(entry.line, "a comma is missing between two entries of a map")])
                yield entry
                comma = False

    def _map_entry(self, node: _Tree) -> MapEntry | Comment:
        key_tree, sign, expression = node.children
        key = _first_token(key_tree)
        line = self._line(key)
        if isinstance(sign, Token) and sign.type != "COLON":
            raise FaultsError([Fault(line, 'write a map as { "key": "value" }, with a colon')])
        if key == COMMENT_NAME:
            comment = self._lifted(_first_token(expression))
            assert isinstance(comment, Comment)
            return comment
        name = self._lifted(key) if key.startswith(COMMENT_NAME) else None
        if not isinstance(name, str):
            raise FaultsError([Fault(line, "the key of a map must be a string")])
        return MapEntry(name, self._value(expression), line)

    def _lifted(self, placeholder: Token) -> Any:
        return self._shape.lifted[int(placeholder[1:])]

    def _line(self, token: Token) -> int:
        source = self._shape.token_at(token.start_pos or 0)
        return source.line if source else 1


def _only(tree: _Tree, name: str) -> _Tree:
    return next(child for child in tree.children if isinstance(child, Tree) and child.data == name)


def _is_value(child: Any) -> bool:
    return isinstance(child, Tree) and child.data != "new_line_or_comment"


def _first_token(tree: Any) -> Token:
    while isinstance(tree, Tree):
        tree = tree.children[0]
    assert isinstance(tree, Token)
    return tree


def _last_token(tree: Any) -> Token:
    while isinstance(tree, Tree):
        tree = tree.children[-1]
    assert isinstance(tree, Token)
    return tree


def _unexpected(shape: Skeleton, offset: int | None) -> Fault:
    token = shape.token_at(offset or 0)
    return Fault(token.line, f"unexpected {token.text}") if token else Fault(1, "unexpected end of the file")
