"""Strings: Go's rules for what is written between quotes.

Source: Go's strconv.Unquote; hermit turns single quotes into double ones first.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\\"])|x([0-9A-Fa-f]{2})|([0-7]{3})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))"
)
_SIMPLE = dict(zip('abfnrtv\\"', '\a\b\f\n\r\t\v\\"', strict=True))
_QUOTED = {character: f"\\{letter}" for letter, character in _SIMPLE.items()}
_SURROGATES = range(0xD800, 0xE000)
_SHOWN = 60


def unquote(literal: str) -> str:
    """Return what a quoted literal says; raise :class:`ValueError` with a sentence if it breaks the rules."""
    inner = literal[1:-1]
    if "\\" not in inner:
        return _plain(inner, literal)
    pieces: list[str] = []
    position = 0
    while (start := inner.find("\\", position)) >= 0:
        match = _ESCAPE.match(inner, start)
        if match is None:
            raise ValueError(f"unknown escape {inner[start : start + 2]} in {_shown(literal)}")
        pieces += (_plain(inner[position:start], literal), _escaped(match, literal))
        position = match.end()
    return _joined((*pieces, _plain(inner[position:], literal)), literal)


def _plain(piece: str, literal: str) -> str:
    if '"' in piece:
        raise ValueError(f'{_shown(literal)} holds a double quote: write \\"')
    return piece


def _joined(pieces: Iterable[str], literal: str) -> str:
    """Join pieces in which raw bytes are surrogates, as ``surrogateescape`` writes them."""
    try:
        return "".join(pieces).encode(errors="surrogateescape").decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{_shown(literal)} is not UTF-8") from error


def _escaped(match: re.Match[str], literal: str) -> str:
    """Return the character an escape stands for; a raw byte above 0x7f becomes a surrogate."""
    simple, hexadecimal, octal, short, long = match.groups()
    if simple:
        return _SIMPLE[simple]
    if hexadecimal or octal:
        byte = int(hexadecimal, 16) if hexadecimal else int(octal, 8)
        if byte > 0xFF:
            raise ValueError(f"{match[0]} in {_shown(literal)} is more than a byte")
        return bytes([byte]).decode(errors="surrogateescape")
    code = int(short or long, 16)
    if code > sys.maxunicode or code in _SURROGATES:
        raise ValueError(f"{match[0]} in {_shown(literal)} is no character")
    return chr(code)


def quote(text: str) -> str:
    """Return ``text`` between double quotes, as Go's ``%q`` writes it."""
    return f'"{"".join(_letter(character) for character in text)}"'


def _letter(character: str) -> str:
    if character in _QUOTED:
        return _QUOTED[character]
    if character == " " or character.isprintable():
        return character
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _shown(literal: str) -> str:
    return literal if len(literal) <= _SHOWN else f"{literal[:_SHOWN]}…"
