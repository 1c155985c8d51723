"""The printer: a document as text, laid out as hermit's own serialiser does it.

Source of the layout: alecthomas/hcl v0.5.5, marshal.go, so that a manifest rewritten by either tool
differs only in what was changed. Comments are kept, each before what it preceded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pkgs.manifest.document import Attribute, Block, Comment, Document, Entry, Heredoc, MapValue, Value
from pkgs.manifest.strings import quote

_INDENT = "  "
_WIDTH = 80


def print_document(document: Document) -> str:
    """Return the text of ``document``; parsing it gives an equal document."""
    return "".join(f"{line}\n" for line in _entries(document.entries, ""))


def _entries(entries: Iterable[Entry], indent: str) -> Iterator[str]:
    """Yield lines; a blank one stands around blocks, before the comments that belong to what follows."""
    comments: list[Comment] = []
    previous: Entry | None = None
    for entry in entries:
        if isinstance(entry, Comment):
            comments.append(entry)
            continue
        if previous and (isinstance(entry, Block) or isinstance(previous, Block)):
            yield ""
        yield from _comments(comments, indent)
        yield from _block(entry, indent) if isinstance(entry, Block) else _attribute(entry, indent)
        comments.clear()
        previous = entry
    yield from _comments(comments, indent)


def _comments(comments: Iterable[Comment], indent: str) -> Iterator[str]:
    return (f"{indent}// {comment.text}" for comment in comments)


def _attribute(attribute: Attribute, indent: str) -> Iterator[str]:
    if attribute.value is None:
        yield f"{indent}{attribute.name}"
    else:
        yield f"{indent}{attribute.name} = {_value(attribute.value, indent)}"


def _block(block: Block, indent: str) -> Iterator[str]:
    yield f"{_heading(block, indent)} {{"
    yield from _entries(block.body, indent + _INDENT)
    yield f"{indent}}}"


def _heading(block: Block, indent: str) -> str:
    """Return a block's name and labels, wrapped by hermit's count.

    It leaves out the spaces between labels, and the first label of each line but the first.
    """
    heading = f"{indent}{block.name}"
    start = width = len(heading)
    for index, label in enumerate(map(quote, block.labels)):
        width += len(label)
        if index and width + 2 >= _WIDTH:
            width = start
            heading += f"\n{' ' * start}"
        heading += f" {label}"
    return heading


def _value(value: Value, indent: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_value(item, indent) for item in value)}]"
    if isinstance(value, Heredoc):
        return f"<<{value.delimiter}\n{value.lines}\n{value.delimiter.removeprefix('-')}"
    return _map(value, indent) if isinstance(value, MapValue) else repr(value)


def _map(value: MapValue, indent: str) -> str:
    inner = indent + _INDENT
    lines = [
        f"{inner}// {entry.text}\n"
        if isinstance(entry, Comment)
        else f"{inner}{quote(entry.key)}: {_value(entry.value, inner)},\n"
        for entry in value.entries
    ]
    return f"{{\n{''.join(lines)}{indent}}}"
