"""``pkgs.hcl`` as text: a new one, and changes of single values in one that people have written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from pkgs.environment.config import Config
from pkgs.errors import ManifestError
from pkgs.manifest.document import Attribute, Block, Comment, Document, Entry, MapEntry, MapValue, Value
from pkgs.manifest.load import parse_document
from pkgs.manifest.printer import print_document
from pkgs.manifest.strings import quote

# A key, a colon, and the value as a string on one line.
_STRING = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
_KEY_AND_VALUE = re.compile(rf"(?:{_STRING}|[\w-]+)[ \t]*:[ \t]*({_STRING})")


def config_text(config: Config) -> str:
    """Return a file that says ``config``, leaving out what is the default anyway."""
    return print_document(Document(tuple(_entries(config))))


def _entries(config: Config) -> Iterator[Entry]:
    """Yield the entries in hermit's order (env.go:92-107)."""
    values: dict[str, tuple[Value | None, Value | None]] = {
        "env": (_map(config), MapValue(())),
        "sources": (config.sources, None),
        "manage-git": (config.manage_git, True),
        "inherit-parent": (config.inherit_parent, False),
        "install-on-activate": (config.install_on_activate, ()),
        "idea": (config.idea, False),
    }
    yield from (Attribute(name, value) for name, (value, default) in values.items() if value != default)
    if config.github_token_auth:
        yield Block("github-token-auth", (), (Attribute("match", config.github_token_auth),))


def _map(config: Config) -> MapValue:
    return MapValue(tuple(MapEntry(name, value) for name, value in sorted(config.env.items())))


def with_variable(text: str, name: str, value: str | None, *, path: str) -> str:
    """Return a configuration's ``text`` in which ``env`` sets ``name``; None removes it.

    Of the rest nothing changes, neither comments nor layout, wherever that can be done by changing one line;
    else the file is printed anew, with its comments. Raises :class:`ManifestError` for a text that is none.
    """
    document = parse_document(text, path=path)
    wanted = _changed(document, name, value)
    if wanted == document:
        return text
    for candidate in _candidates(text, document, name, value):
        with suppress(ManifestError):
            if parse_document(candidate, path=path) == wanted:
                return candidate
    return print_document(wanted)


def _env(document: Document) -> Attribute | None:
    found = (each for each in document.entries if isinstance(each, Attribute) and each.name == "env")
    return next((each for each in found if isinstance(each.value, MapValue)), None)


def _map_of(attribute: Attribute | None) -> tuple[MapEntry | Comment, ...]:
    return attribute.value.entries if attribute and isinstance(attribute.value, MapValue) else ()


def _changed(document: Document, name: str, value: str | None) -> Document:
    """Return the document as it is to be: a new variable comes last, a known one stays where it is."""
    env = _env(document)
    entries = []
    known = False
    for entry in _map_of(env):
        mine = isinstance(entry, MapEntry) and entry.key == name
        known |= mine
        if not mine:
            entries.append(entry)
        elif value is not None:
            entries.append(MapEntry(name, value))
    if value is not None and not known:
        entries.append(MapEntry(name, value))
    if env is None and value is None:
        return document
    fresh = Attribute("env", MapValue(tuple(entries)))
    others = tuple(fresh if each is env else each for each in document.entries)
    return Document(others if env else (*others, fresh))


def _candidates(text: str, document: Document, name: str, value: str | None) -> Iterator[str]:
    """Yield texts that differ from ``text`` in one place and may say what is wanted."""
    lines = text.split("\n")
    lines = [*(f"{line}\n" for line in lines[:-1]), lines[-1]]
    env = _env(document)
    entry = next((each for each in _map_of(env) if isinstance(each, MapEntry) and each.key == name), None)
    if env is None:
        end = "" if not text or text.endswith("\n") else "\n"
        yield f"{text}{end}env = {{\n  {_entry(name, value or '')}\n}}\n"
    elif entry is None:
        last = max((each.line for each in _map_of(env)), default=env.line)
        indent = _indent(lines[last - 1]) if last != env.line else "  "
        yield _spliced(lines, last, last, f"{indent}{_entry(name, value or '')}\n")
    elif value is None:
        yield _spliced(lines, entry.line - 1, entry.line, "")
    else:
        line = lines[entry.line - 1]
        for found in _KEY_AND_VALUE.finditer(line):
            fresh = f"{line[: found.start(1)]}{quote(value)}{line[found.end(1) :]}"
            yield _spliced(lines, entry.line - 1, entry.line, fresh)


def _entry(name: str, value: str) -> str:
    return f"{quote(name)}: {quote(value)},"


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _spliced(lines: list[str], start: int, end: int, text: str) -> str:
    return "".join((*lines[:start], text, *lines[end:]))
