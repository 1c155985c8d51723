"""The commands that a shell script calls, found by reading it; enough of the grammar for that."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\[[^]]*\])?\+?=")
_AROUND_COMMANDS = frozenset(
    {
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "while",
        "until",
        "do",
        "done",
        "esac",
        "!",
        "{",
        "}",
        "time",
        "coproc",
    }
)
_CASE_END = re.compile(";;&?|;&")
_REDIRECTION = re.compile(r"<<<|<<-?|[<>]\(|[<>]+[&|]?")
_BLANK = " \t"
_WORD_END = " \t\n;&|()<>"


@dataclass(frozen=True, slots=True)
class Called:
    """A word where a command stands: as written without its quotes, and its line and column from 1 on.

    ``literal`` says that it holds no expansion; ``arguments`` are the words after it that hold none.
    """

    word: str
    line: int
    column: int
    literal: bool
    arguments: tuple[str, ...] = ()


@dataclass(slots=True)
class Script:
    """What reading a script has found."""

    calls: list[Called] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)


def read_script(text: str) -> Script:
    """Return the commands that ``text`` calls, also within substitutions, and the functions it defines."""
    script = Script()
    _Reader(text, script).commands("")
    return script


class _Reader:
    """Reads commands from a position on; substitutions are read by the same reader, deeper down."""

    def __init__(self, text: str, script: Script, start: int = 0) -> None:
        self._text = text
        self._at = start
        self._script = script
        self._heredocs: list[tuple[str, bool]] = []
        self._words: list[tuple[str, int, bool]] = []  # of the command being read: text, place, literal
        self._cases = 0  # how many are open
        self._pattern = False  # whether the pattern of one comes next

    def commands(self, closing: str) -> int:
        """Read commands up to ``closing``, ``)`` or "" for the end of the text; return where that is."""
        while self._at < len(self._text):
            if self._pattern:
                self._case_pattern()
            elif self._text[self._at] == ")":
                self._at += 1
                self._finish()
                if closing == ")":
                    return self._at
            else:
                self._step(self._text[self._at])
        self._finish()
        return self._at

    def _step(self, char: str) -> None:
        """Read one thing, which starts with ``char``."""
        if char in "\n;&|":
            self._separator(char)
        elif char == "(":
            self._parenthesis()
        elif char in "<>":
            self._redirection()
        elif char in _BLANK:
            self._at += 1
        elif self._text.startswith("\\\n", self._at):
            self._at += 2
        elif char == "#":
            self._skip_line()
        else:
            self._word()

    def _inside(self, start: int) -> int:
        """Read the commands between parentheses, the first of which is before ``start``."""
        return _Reader(self._text, self._script, start).commands(")")

    def _word(self) -> None:
        start = self._at
        text, literal = self._read_word()
        if not self._words and literal and text == "[[":
            self._skip_test()
        elif not self._words and literal and text in _AROUND_COMMANDS:
            self._cases -= text == "esac"
        elif self._words and self._words[0][0] == "function":
            self._script.functions.add(text)
            self._words.clear()
        else:
            self._words.append((text, start, literal))
            if text == "in" and self._words[0][0] == "case" and len(self._words) > 2:
                self._words.clear()
                self._cases += 1
                self._pattern = True

    def _case_pattern(self) -> None:
        """Pass the pattern of a ``case``, or the end of it."""
        char = self._text[self._at]
        if char in " \t\n(|":
            self._at += 1
        elif char == "#":
            self._skip_line()
        elif char == ")":
            self._at += 1
            self._pattern = False
        elif self._read_word() == ("esac", True):
            self._pattern = False
            self._cases -= 1

    def _separator(self, char: str) -> None:
        self._finish()
        end = _CASE_END.match(self._text, self._at) if self._cases else None
        self._pattern = end is not None
        self._at = end.end() if end else self._at + 1
        if char == "\n":
            self._skip_heredocs()

    def _parenthesis(self) -> None:
        if len(self._words) == 1 and re.match(r"\([ \t]*\)", self._text[self._at :]):
            self._script.functions.add(self._words.pop()[0])
            self._at = self._text.index(")", self._at) + 1
        elif self._text.startswith("((", self._at):
            self._at = _matching(self._text, self._at)
        elif self._words and self._words[-1][0].endswith("="):
            self._at = _matching(self._text, self._at)  # an array
        else:
            self._at = self._inside(self._at + 1)

    def _redirection(self) -> None:
        match = _REDIRECTION.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        if match[0][-1] == "(":
            self._at = self._inside(self._at)
            return
        while self._at < len(self._text) and self._text[self._at] in _BLANK:
            self._at += 1
        target, _ = self._read_word()
        if match[0] in ("<<", "<<-"):
            self._heredocs.append((target, match[0] == "<<-"))
        if self._words and self._words[-1][0].isdigit() and self._text[match.start() - 1].isdigit():
            self._words.pop()  # a descriptor's number

    def _finish(self) -> None:
        """Note the command whose words have been read."""
        words = self._words
        while words and _ASSIGNMENT.match(words[0][0]):
            words = words[1:]
        self._words = []
        if not words or words[0][0] in ("for", "select", "case"):
            return
        text, place, literal = words[0]
        line = self._text.count("\n", 0, place) + 1
        column = place - self._text.rfind("\n", 0, place)
        arguments = tuple(word for word, _, plain in words[1:] if plain)
        self._script.calls.append(Called(text, line, column, literal, arguments))

    def _read_word(self) -> tuple[str, bool]:
        """Return the next word without its quotes, and whether it holds no expansion."""
        parts, literal = [], True
        while self._at < len(self._text) and self._text[self._at] not in _WORD_END:
            char = self._text[self._at]
            start = self._at
            if char == "'":
                end = self._text.find("'", start + 1)
                end = len(self._text) if end < 0 else end
                self._at = end + 1
                parts.append(self._text[start + 1 : end])
            elif char == '"':
                literal &= self._double_quoted(parts)
            elif char == "\\":
                self._at += 2
                parts.append(self._text[start + 1 : start + 2].replace("\n", ""))
            elif char in "$`":
                self._expansion()
                parts.append(self._text[start : self._at])
                literal = False
            else:
                self._at += 1
                parts.append(char)
        return "".join(parts), literal

    def _double_quoted(self, parts: list[str]) -> bool:
        literal = True
        self._at += 1
        while self._at < len(self._text) and self._text[self._at] != '"':
            start = self._at
            if self._text[start] == "\\":
                self._at += 2
                parts.append(self._text[start + 1 : start + 2])
            elif self._text[start] in "$`":
                self._expansion()
                parts.append(self._text[start : self._at])
                literal = False
            else:
                self._at += 1
                parts.append(self._text[start])
        self._at += 1
        return literal

    def _expansion(self) -> None:
        """Pass an expansion, reading the commands in it."""
        rest = self._text[self._at : self._at + 3]
        if rest.startswith("`"):
            end = self._text.find("`", self._at + 1)
            end = len(self._text) if end < 0 else end
            self._at = _Reader(self._text[:end], self._script, self._at + 1).commands("") + 1
        elif rest.startswith("$(") and rest != "$((":
            self._at = self._inside(self._at + 2)
        elif rest.startswith(("${", "$((")):
            self._at = _matching(self._text, self._at + 1)
        else:
            self._at += 1

    def _skip_line(self) -> None:
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end

    def _skip_test(self) -> None:
        end = self._text.find("]]", self._at)
        self._at = len(self._text) if end < 0 else end + 2

    def _skip_heredocs(self) -> None:
        for word, indented in self._heredocs:
            while self._at < len(self._text):
                start = self._at
                self._skip_line()
                line = self._text[start : self._at]
                self._at += 1
                if (line.lstrip("\t") if indented else line) == word:
                    break
        self._heredocs.clear()


def _matching(text: str, start: int) -> int:
    """Return the place behind the bracket that closes the one at ``start``, quotes left aside."""
    depth, at = 0, start
    quote = ""
    for at in range(start, len(text)):
        char = text[at]
        if quote:
            quote = "" if char == quote and text[at - 1] != "\\" else quote
        elif char in "'\"" and text[at - 1] != "\\":
            quote = char
        elif char in "({":
            depth += 1
        elif char in ")}":
            depth -= 1
            if depth == 0:
                return at + 1
    return len(text)
