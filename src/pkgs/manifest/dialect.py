"""The dialect: hermit's HCL rewritten into a skeleton that any HCL2 parser reads.

What a text *says* (strings, numbers, labels, comments) is lifted out, and a placeholder ``_N`` put in its
place; what is left is its *shape*, laid out as HCL2 wants it: one attribute or block a line, labels
before the brace, a map's comments as entries. So neither templates, escapes, quotes, octal numbers nor
the layout of the source reach the parser, and a message can still name the line of every piece.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from pkgs.manifest.document import Comment, Value
from pkgs.manifest.faults import Fault, FaultsError
from pkgs.manifest.tokens import COMMENT, NAME, PUNCTUATION, SUMS, Token, tokens

# Names in hermit's dialect start with a letter, so these two cannot be taken.
COMMENT_NAME = "_"
PLACEHOLDER = "_"
_DEEPEST = 64
# Ten times what the longest manifest of the public repository has; so many are parsed in a second.
_MOST_PIECES = 12_000
_CLOSING = {"{": "}", "[": "]"}

Lifted = Value | Comment | tuple[str, ...] | None


@dataclass(slots=True)
class Skeleton:
    """The shape of a text for an HCL2 parser, what was lifted out of it, and where its pieces come from."""

    pieces: list[str] = field(default_factory=list)
    lifted: list[Lifted] = field(default_factory=list)
    _size: int = 0
    _offsets: list[int] = field(default_factory=list)
    _tokens: list[Token] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text to parse."""
        return "".join(self.pieces)

    def token_at(self, offset: int) -> Token | None:
        """Return the source token that stands at ``offset`` of the skeleton, or None in an empty one."""
        if not self._offsets:
            return None
        return self._tokens[max(bisect_right(self._offsets, offset) - 1, 0)]

    def write(self, token: Token, piece: str) -> None:
        """Append the ``piece`` that ``token`` became."""
        if len(self.pieces) == _MOST_PIECES:
            raise FaultsError(
                [Fault(token.line, f"more than {_MOST_PIECES} words up to here: not a manifest")]
            )
        self._offsets.append(self._size)
        self._tokens.append(token)
        self.pieces.append(piece)
        self._size += len(piece)

    def lift(self, token: Token, value: Lifted, form: str = "{} ") -> None:
        """Append a placeholder for ``value``, written into ``form``."""
        self.write(token, form.format(f"{PLACEHOLDER}{len(self.lifted)}"))
        self.lifted.append(value)


def skeleton(text: str) -> Skeleton:
    """Return the skeleton of a manifest's text; raise :class:`FaultsError` for what cannot have one."""
    return _Writer(tokens(text)).run()


class _Writer:
    """Rewrites tokens one by one, knowing only which brackets are open around them."""

    def __init__(self, source: list[Token]) -> None:
        self._source = source
        self._next = 0
        self._open: list[tuple[str, Token]] = []  # "body", "map" or "list", and what opened it
        self._value_expected = False
        self._run_end = 0  # where the names and literals that were last looked through end
        self._result = Skeleton()

    def run(self) -> Skeleton:
        while self._next < len(self._source):
            token = self._source[self._next]
            self._next += 1
            if self._value_expected:
                self._value(token)
            elif self._open and self._open[-1][0] != "body":
                self._inside(token)
            else:
                self._body(token)
        if self._value_expected:
            raise FaultsError([Fault(self._source[-1].line, "a value is missing at the end of the file")])
        if self._open:
            opener = self._open[-1][1]
            raise FaultsError([Fault(opener.line, f'"{opener.text}" is never closed')])
        return self._result

    def _value(self, token: Token) -> None:
        """Write the value of an attribute."""
        self._value_expected = False
        if token.text in _CLOSING and token.kind == PUNCTUATION:
            self._opened("list" if token.text == "[" else "map", token)
        else:
            self._scalar(token, "{}\n")

    def _inside(self, token: Token) -> None:
        """Write a token of a map or a list."""
        kind = self._open[-1][0]
        if token.kind == COMMENT:
            self._comment_in_map(kind, token)
        elif token.kind != PUNCTUATION:
            self._scalar(token, "{} ")
        elif token.text in _CLOSING:
            self._opened("list" if token.text == "[" else "map", token)
        elif token.text in "]}":
            self._open.pop()
            in_body = not self._open or self._open[-1][0] == "body"
            self._result.write(token, f"{token.text}\n" if in_body else f"{token.text} ")
        else:
            self._result.write(token, f"{token.text} ")

    def _comment_in_map(self, kind: str, token: Token) -> None:
        before = self._source[self._next - 2]
        after = self._source[self._next] if self._next < len(self._source) else token
        if kind != "map" or (before.kind != COMMENT and before.text not in ("{", ",")):
            raise FaultsError(
                [Fault(token.line, "a comment cannot stand inside a list or an entry of a map")]
            )
        if after.kind == PUNCTUATION:
            raise FaultsError([Fault(token.line, "a comment cannot follow the last entry of a map")])
        self._result.lift(token, token.value, f"{COMMENT_NAME}: {{}}, ")

    def _body(self, token: Token) -> None:
        """Write a token of the file or of a block's body."""
        if token.kind == COMMENT:
            self._result.lift(token, token.value, f"{COMMENT_NAME} = {{}}\n")
        elif token.kind == SUMS:
            self._result.write(token, f"{token.text} = ")
            self._result.lift(token, token.value, "{}\n")
        elif token.kind == NAME:
            self._entry(token)
        elif token.text == "}" and self._open:
            self._open.pop()
            self._result.write(token, "}\n")
        else:
            self._scalar(token, "{} ")

    def _entry(self, name: Token) -> None:
        """Write what a name in a body starts: an attribute, a block, or nothing but the name."""
        if self._is(self._next, "="):
            self._result.write(name, f"{name.text} ")
            self._result.write(self._source[self._next], "= ")
            self._next += 1
            self._value_expected = True
            return
        brace = self._brace_after_labels()
        if brace is None:
            self._result.write(name, f"{name.text} = ")
            self._result.lift(name, None, "{}\n")
        else:
            self._block(name, brace)

    def _brace_after_labels(self) -> int | None:
        """Return the index of the brace that follows labels and comments from here on, if one does."""
        self._run_end = max(self._run_end, self._next)
        while self._run_end < len(self._source) and self._source[self._run_end].kind not in (
            PUNCTUATION,
            SUMS,
        ):
            self._run_end += 1
        return self._run_end if self._is(self._run_end, "{") else None

    def _block(self, name: Token, brace: int) -> None:
        between = self._source[self._next : brace]
        for comment in (token for token in between if token.kind == COMMENT):
            self._result.lift(comment, comment.value, f"{COMMENT_NAME} = {{}}\n")
        labels = [token for token in between if token.kind != COMMENT]
        self._result.write(name, f"{name.text} ")
        if labels:
            self._result.lift(labels[0], tuple(_label(token) for token in labels), "{} ")
        self._next = brace + 1
        self._opened("body", self._source[brace], "{\n")

    def _opened(self, kind: str, token: Token, piece: str = "") -> None:
        self._open.append((kind, token))
        if len(self._open) > _DEEPEST:
            raise FaultsError([Fault(token.line, f"nested more than {_DEEPEST} deep")])
        self._result.write(token, piece or f"{token.text} ")

    def _scalar(self, token: Token, form: str) -> None:
        """Write a literal, or a mark that stands where none may and that the parser will refuse."""
        if token.kind in (PUNCTUATION, COMMENT, SUMS):
            self._result.write(token, f"{token.text if token.kind == PUNCTUATION else '='} ")
        else:
            self._result.lift(token, token.value, form)

    def _is(self, index: int, mark: str) -> bool:
        return index < len(self._source) and self._source[index][:2] == (PUNCTUATION, mark)


def _label(token: Token) -> str:
    """Return a label: a name, or a string."""
    if token.kind == NAME:
        return token.text
    if isinstance(token.value, str) and token.text[0] in "\"'":
        return token.value
    raise FaultsError([Fault(token.line, f'a label is a name or a string: write "{token.text}" in quotes')])
