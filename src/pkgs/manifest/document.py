"""A document: the syntax of a manifest as plain values, in source order, before anyone asks what it means.

Lines are counted from 1 and are no part of a document's identity: two documents are equal
if their text differs only in layout.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment's text without its marks; a ``#`` is part of the text, as in hermit."""

    text: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A heredoc: ``delimiter`` (``-EOF`` for an indented one) and the lines between, as written."""

    delimiter: str
    lines: str

    @property
    def text(self) -> str:
        """What the heredoc says; an indented one loses the indentation its lines share."""
        if not self.delimiter.startswith("-"):
            return self.lines
        lines = self.lines.split("\n")
        indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip(" \t")]
        return "\n".join(line[min(indents, default=0) :] for line in lines)


@dataclass(frozen=True, slots=True)
class MapEntry:
    """``key: value`` in a map."""

    key: str
    value: Value
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class MapValue:
    """A map, with the comments between its entries."""

    entries: tuple[MapEntry | Comment, ...]


Value = str | bool | int | float | Heredoc | MapValue | tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """``name = value``; ``value`` is None where only the name is written."""

    name: str
    value: Value | None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Block:
    """``name "label" … { body }``."""

    name: str
    labels: tuple[str, ...]
    body: tuple[Entry, ...]
    line: int = field(default=0, compare=False)


Entry = Attribute | Block | Comment


@dataclass(frozen=True, slots=True)
class Document:
    """A whole file."""

    entries: tuple[Entry, ...]
