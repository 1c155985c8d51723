"""Small changes of manifests that people have written: what is not meant to change stays, byte for byte.

(hermit writes the whole file anew, in its own layout.) Each change is read back before it is returned.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import replace

from pkgs.authoring.scan import EntryPlace, MapPlace, last_labels, top_map
from pkgs.errors import ManifestError
from pkgs.manifest.document import Attribute, Block, Comment, Document, Entry, MapEntry, MapValue
from pkgs.manifest.load import parse_document
from pkgs.manifest.strings import quote, unquote

SUMS = "sha256sums"
_WIDTH = 80
_DIGITS = re.compile(r"(\d+)")
_REST_OF_LINE = re.compile(r"[ \t]*(?:(?://|\#)[^\n]*)?(?:\r?\n|\r?\Z)")


def with_sums(text: str, digests: Mapping[str, str], *, path: str) -> str:
    """Return a manifest's ``text`` in which ``sha256sums`` also holds ``digests`` (by URL, none known yet).

    Each is put where it sorts among those that are there, numbers counting as numbers; without a map one is
    made at the end. Raises :class:`ManifestError` for a text that is no manifest.
    """
    document = parse_document(text, path=path)
    if not digests:
        return text
    place = top_map(text, SUMS)
    changed = _into_map(text, place, digests) if place else _new_map(text, digests)
    return _confirmed(changed, document, lambda new: _without(new, digests, keep=place is not None), path)


def with_version(text: str, block: int, version: str, *, path: str) -> str:
    """Return a manifest's ``text`` with ``version`` as the last label of ``version`` block number ``block``.

    Raises :class:`ManifestError` for a text that is no manifest.
    """
    document = parse_document(text, path=path)
    name, last = last_labels(text, "version")[block]
    start = text.rfind("\n", 0, last.start) + 1
    label = f" {quote(version)}"
    if len(text[start : last.end] + label) + 2 >= _WIDTH:
        column = name.end - (text.rfind("\n", 0, name.start) + 1)
        label = f"{_newline(text)}{' ' * column}{label}"
    changed = text[: last.end] + label + text[last.end :]
    return _confirmed(changed, document, lambda new: _without_label(new, block, version), path)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _line(url: str, digest: str) -> str:
    return f"{quote(url)}: {quote(digest)}"


def _new_map(text: str, digests: Mapping[str, str]) -> str:
    end = _newline(text)
    gap = end if not text or text.endswith("\n") else end * 2
    lines = [f"  {_line(url, digests[url])},{end}" for url in sorted(digests, key=_natural)]
    return f"{text}{gap}{SUMS} = {{{end}{''.join(lines)}}}{end}"


def _into_map(text: str, place: MapPlace, digests: Mapping[str, str]) -> str:
    """Put each digest behind the last entry that sorts before it."""
    if not place.entries:
        return _into_empty(text, place, digests)
    keys = [_natural(_said(entry)) for entry in place.entries]
    after: dict[int, list[str]] = {}
    for url in sorted(digests, key=_natural):
        key = _natural(url)
        smaller = (index for index in reversed(range(len(keys))) if keys[index] < key)
        in_order = bisect_left(keys, key) - 1 if keys == sorted(keys) else next(smaller, -1)
        after.setdefault(in_order, []).append(_line(url, digests[url]))
    for index in sorted(after, reverse=True):
        text = _behind(text, place, index, after[index])
    return text


def _into_empty(text: str, place: MapPlace, digests: Mapping[str, str]) -> str:
    end = _newline(text)
    lines = [f"  {_line(url, digests[url])},{end}" for url in sorted(digests, key=_natural)]
    rest = _REST_OF_LINE.match(text, place.open)
    at = rest.end() if rest else place.open
    return f"{text[:at]}{'' if rest else end}{''.join(lines)}{text[at:]}"


def _behind(text: str, place: MapPlace, index: int, lines: list[str]) -> str:
    """Put ``lines`` behind entry ``index``, -1 for before the first: each on its own, if the entries are."""
    entry = place.entries[index] if index >= 0 else None
    at = entry.end if entry else place.open
    rest = _REST_OF_LINE.match(text, at)
    comma = "," if entry and not entry.comma else ""
    if rest is None:
        # A map on one line: what follows the last entry needs no comma of its own.
        last = "" if comma else ","
        return f"{text[:at]}{comma} {', '.join(lines)}{last}{text[at:]}"
    indent, end = _indent(text, place.entries[0]), _newline(text)
    added = "".join(f"{indent}{line},{end}" for line in lines)
    return f"{text[:at]}{comma}{text[at : rest.end()]}{added}{text[rest.end() :]}"


def _indent(text: str, entry: EntryPlace) -> str:
    before = text[text.rfind("\n", 0, entry.start) + 1 : entry.start]
    return before if not before.strip(" \t") else "  "


def _said(entry: EntryPlace) -> str:
    return unquote(entry.key) if entry.key[0] in "\"'" else entry.key


def _natural(url: str) -> list[tuple[int, str]]:
    """Return a key that sorts 2.10 after 2.4."""
    return [
        (int(part) if part.isdigit() and part.isascii() else -1, part) for part in _DIGITS.split(url) if part
    ]


def _confirmed(changed: str, before: Document, undo: Callable[[Document], Document], path: str) -> str:
    """Return ``changed`` if it says what was said before, and what was added."""
    if undo(parse_document(changed, path=path)) != before:
        raise ManifestError(f"{path} is laid out in a way that cannot be added to", "add it by hand")
    return changed


def _without(document: Document, digests: Mapping[str, str], *, keep: bool) -> Document:
    """Return the document without the digests that were added; and without the map, unless ``keep``."""
    entries: list[Entry] = []
    for entry in document.entries:
        if isinstance(entry, Attribute) and entry.name == SUMS and isinstance(entry.value, MapValue):
            kept = tuple(each for each in entry.value.entries if not _added(each, digests))
            if keep:
                entries.append(replace(entry, value=MapValue(kept)))
        else:
            entries.append(entry)
    return Document(tuple(entries))


def _added(entry: MapEntry | Comment, digests: Mapping[str, str]) -> bool:
    return isinstance(entry, MapEntry) and digests.get(entry.key) == entry.value


def _without_label(document: Document, block: int, version: str) -> Document:
    """Return the document without the label that was added."""
    entries = list(document.entries)
    blocks = [
        index for index, each in enumerate(entries) if isinstance(each, Block) and each.name == "version"
    ]
    changed = entries[blocks[block]]
    if isinstance(changed, Block) and changed.labels[-1] == version:
        entries[blocks[block]] = replace(changed, labels=changed.labels[:-1])
    return Document(tuple(entries))
