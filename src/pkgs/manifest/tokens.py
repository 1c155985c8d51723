"""Tokens: the words of hermit's dialect of HCL, with the lines they stand on.

Source of the rules: alecthomas/hcl v0.5.5, the library hermit reads manifests with. It is not
HashiCorp's HCL: there are no expressions and no templates, and a line's end means nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from pkgs.manifest.document import Comment, Heredoc, MapEntry, MapValue, Value
from pkgs.manifest.faults import Fault, FaultsError
from pkgs.manifest.strings import unquote

NAME, LITERAL, PUNCTUATION, COMMENT, SUMS = "name", "literal", "punctuation", "comment", "sums"

# A map of checksums with one entry or comment on each line is read whole: such maps are 95 % of the
# text of the public manifests. Anything that is not exactly that is read word by word.
_QUOTED = r'"[^"\\\n]*+"'
_SUM = rf"[ \t]*{_QUOTED}[ \t]*:[ \t]*{_QUOTED}[ \t]*,[ \t]*\n"
_REMARK = r"[ \t]*(?://|\#)[^\n]*\n"
_SUM_OR_REMARK = re.compile(r'[ \t]*(?:((?://|\#)[^\n]*)|"([^"]*)"[ \t]*:[ \t]*"([^"]*)"[ \t]*,[ \t]*)\n')
_TOKEN = re.compile(
    rf"""
    (?P<space>[ \t\r\n\f]+)
    |(?P<sums>\bsha256sums[ \t]*=[ \t]*\{{\n(?P<lines>(?:(?:{_REMARK})*+{_SUM})*+)[ \t]*\}})
    |(?P<name>\b[A-Za-z]\w*(?:-\w+)*)
    |(?P<number>[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)
    |(?P<string>"(?:\\.|[^"\\\n])*+"|'(?:\\.|[^'\\\n])*+')
    |(?P<punctuation>[][{{}}=:,])
    |(?P<comment>(?://|\#)[^\n]*|/\*[^\n]*?\*/)
    |(?P<heredoc><<(?P<delimiter>-?\w+))
    """,
    re.VERBOSE | re.ASCII,
)
_SPACE = " \t\r\n\f"
_FIRST_WORD = re.compile(r"^[ \t\r\f]*(\w+)", re.MULTILINE | re.ASCII)
_OCTAL = re.compile(r"([-+]?)0([0-9]+)")
_LONGEST_NUMBER = 32
# A hundred times what the longest manifest of the public repository has.
_MOST_TOKENS = 100_000
_SHOWN = 40


class Token(NamedTuple):
    """A word: its ``kind``, how it is written, the line it starts on and what it says."""

    kind: str
    text: str
    line: int
    value: Value | Comment | None = None


def tokens(text: str) -> list[Token]:
    """Return the words of ``text``; raise :class:`FaultsError` with all that are malformed."""
    found: list[Token] = []
    faults: list[Fault] = []
    for item in _scan(text):
        if isinstance(item, Fault):
            faults.append(item)
        else:
            found.append(item)
        if len(found) > _MOST_TOKENS:
            raise FaultsError([Fault(found[-1].line, f"more than {_MOST_TOKENS} words: not a manifest")])
    if faults:
        raise FaultsError(faults)
    return found


def _scan(text: str) -> Iterator[Token | Fault]:
    position, line, end = 0, 1, len(text)
    match_at = _TOKEN.match
    while position < end:
        match = match_at(text, position)
        if match is None:
            yield Fault(line, _unreadable(text, position))
            return
        kind = match.lastgroup
        position = match.end()
        if kind == "space":
            line += text.count("\n", match.start(), position)
        elif kind == "heredoc":
            read = _heredoc(text, match)
            if read is None:
                yield Fault(line, f"nothing may follow {match[0]} on its line, and a line must close it")
                return
            heredoc, position = read
            yield Token(LITERAL, match[0], line, heredoc)
            line += text.count("\n", match.start(), position)
        elif kind == "sums":
            yield Token(SUMS, "sha256sums", line, _sums(match["lines"], line))
            line += match[0].count("\n")
        else:
            yield _word(kind or "", match[0], line)


def _word(kind: str, text: str, line: int) -> Token | Fault:
    """Return the token or the fault of a word on one line."""
    if kind == "name":
        return Token(NAME, text, line, text == "true" if text in ("true", "false") else text)
    if kind == "punctuation":
        return Token(PUNCTUATION, text, line)
    if kind == "comment":
        return Token(COMMENT, text, line, Comment(_comment(text), line))
    try:
        return Token(LITERAL, text, line, unquote(text) if kind == "string" else _number(text))
    except ValueError as error:
        return Fault(line, str(error))


def _comment(text: str) -> str:
    """Return what a comment says, as hermit's printer repeats it."""
    if text.startswith("/*"):
        return text[2:-2].strip()
    return text.removeprefix("//").lstrip().rstrip("\r") if text.startswith("//") else text.rstrip("\r")


def _number(text: str) -> int | float:
    """Return the value of a number; one that starts with a 0 and goes on in digits is octal."""
    octal = _OCTAL.fullmatch(text)
    try:
        if octal:
            return int(octal[1] + octal[2], 8)
        number = float(text)
    except ValueError as error:
        raise ValueError(f"{text} is not a number: one that starts with 0 is octal") from error
    if len(text) > _LONGEST_NUMBER or math.isinf(number):
        raise ValueError(f"{text[:_LONGEST_NUMBER]} is too large a number")
    return number if any(letter in text for letter in ".eE") else int(text)


def _sums(lines: str, line: int) -> MapValue:
    """Return the map that checksum lines make; the first follows ``line``."""
    found = enumerate(_SUM_OR_REMARK.findall(lines), line + 1)
    return MapValue(
        tuple(
            Comment(_comment(remark), at) if remark else MapEntry(key, value, at)
            for at, (remark, key, value) in found
        )
    )


def _heredoc(text: str, match: re.Match[str]) -> tuple[Heredoc, int] | None:
    """Return the heredoc that ``match`` opens and where it ends, or None if it is not one."""
    start = text.find("\n", match.end())
    if start < 0 or text[match.end() : start].strip(_SPACE):
        return None
    word = match["delimiter"].removeprefix("-")
    closing = next((found for found in _FIRST_WORD.finditer(text, start + 1) if found[1] == word), None)
    if closing is None:
        return None
    return Heredoc(match["delimiter"], _without_end(text[start + 1 : closing.start()])), closing.end()


def _without_end(lines: str) -> str:
    """Return a heredoc's lines without the last line's end, and without blank lines before it."""
    said = lines.rstrip(_SPACE)
    return said and said + lines[len(said) :].partition("\n")[0]


def _unreadable(text: str, position: int) -> str:
    """Say what is wrong where no word can be read."""
    rest = text[position : position + _SHOWN].partition("\n")[0]
    if rest[0] in "\"'":
        return f"the string {rest} is not closed on its line"
    if rest.startswith("/*"):
        return "a /* comment */ must end on the line it starts on"
    return f"unexpected {rest[0]!r}"
