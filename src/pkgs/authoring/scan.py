"""Where things stand in a manifest's text, to the character: what a small change needs to know.

The text is one that :func:`pkgs.manifest.load.parse_document` takes; what it says is that module's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

_PIECE = re.compile(
    r"""
    (?P<space>\s+)
    |(?P<comment>(?://|\#)[^\n]*|/\*[^\n]*?\*/)
    |(?P<heredoc><<-?(?P<delimiter>\w+))
    |(?P<literal>"(?:\\.|[^"\\\n])*+"|'(?:\\.|[^'\\\n])*+'|[\w.+-]+)
    |(?P<mark>.)
    """,
    re.VERBOSE,
)


class Piece(NamedTuple):
    """A word, a string, a heredoc or a mark, and where it stands."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MapPlace:
    """A map at the top of a file: where it opens (after its brace), and where each entry stands.

    An entry's end is after its comma, if it has one.
    """

    open: int
    entries: tuple[EntryPlace, ...]


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """An entry of a map: its key as written, and where it starts and ends."""

    key: str
    start: int
    end: int
    comma: bool


def pieces(text: str) -> Iterator[Piece]:
    """Yield all that is neither space nor comment."""
    position = 0
    while match := _PIECE.match(text, position):
        kind, end = match.lastgroup or "", match.end()
        if kind == "heredoc":
            closing = re.compile(rf"^[ \t\r\f]*{match['delimiter']}\b", re.MULTILINE).search(text, end)
            end = closing.end() if closing else len(text)
        if kind not in ("space", "comment"):
            yield Piece(kind, text[position:end], position, end)
        position = end


def last_labels(text: str, block: str) -> list[tuple[Piece, Piece]]:
    """Return for each ``block`` at the top of the file its name, and its last label."""
    found = []
    top: list[Piece] = []
    depth = 0
    for piece in pieces(text):
        if piece.text == "{" and not depth and len(top) > 1 and top[0].text == block and top[1].text != "=":
            found.append((top[0], top[-1]))
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(piece.text, 0)
        top = _statement(top, piece) if not depth else []
    return found


def _statement(top: list[Piece], piece: Piece) -> list[Piece]:
    """Return the words of the statement that ``piece`` goes on with, or begins."""
    if piece.text in ("}", "]"):
        return []
    value_done = len(top) > 2 and top[1].text == "="
    return [piece] if value_done else [*top, piece]


def top_map(text: str, name: str) -> MapPlace | None:
    """Return where the map ``name = { … }`` at the top of the file stands, or None."""
    depth = 0
    stream = list(pieces(text))
    for index, piece in enumerate(stream):
        if not depth and [each.text for each in stream[index : index + 3]] == [name, "=", "{"]:
            return MapPlace(stream[index + 2].end, tuple(_entries(stream[index + 3 :])))
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(piece.text, 0)
    return None


def _entries(stream: list[Piece]) -> Iterator[EntryPlace]:
    """Yield the entries up to the closing brace; values are single words or strings."""
    index = 0
    while index + 2 < len(stream) and stream[index].text != "}":
        key, value, after = stream[index], stream[index + 2], stream[index + 3 : index + 4]
        comma = bool(after) and after[0].text == ","
        yield EntryPlace(key.text, key.start, after[0].end if comma else value.end, comma)
        index += 4 if comma else 3
