"""Writes the reference pages that follow from the code: ``PYTHONPATH=src .venv/bin/python docs/generate.py``.

A test fails while a page is not what this makes of the code.
"""

from __future__ import annotations

import argparse
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pkgs.cli.flags import Parser
from pkgs.cli.main import COMMANDS, command_parser, load_command, top_parser
from pkgs.manifest.schema import Body, LayerBody, ManifestBody, OnBody
from pkgs.manifest.shape import attributes, blocks

REFERENCE = Path(__file__).parent / "reference"

# What stands above this line of a page is written by hand and kept.
MARK = "<!-- From here on written by docs/generate.py. -->\n"


def manifest_reference() -> str:
    """Return what follows from the schema about manifests."""
    return "\n".join((*_layer_section(), *_sections()))


def _layer_section() -> Iterator[str]:
    yield "## Attributes of every layer\n"
    yield from _table(LayerBody, frozenset())


def _sections() -> Iterator[str]:
    """Yield a section for each kind of body, the outer before the inner."""
    for names, model in _bodies().items():
        heading = " and ".join(f"`{name}`" for name in names) or "The manifest itself"
        yield f"## {heading}\n"
        yield f"{model.__doc__}\n"
        yield from _labels(model)
        common = LayerBody if issubclass(model, LayerBody) else Body
        yield from _table(model, frozenset(attributes(common)))
        if common is LayerBody:
            yield f"Also: the attributes of every layer, and the blocks {_list(blocks(common))}.\n"
        if own := [name for name in blocks(model) if name not in blocks(common)]:
            yield f"Blocks: {_list(own)}.\n"


def _bodies() -> dict[tuple[str, ...], type[Body]]:
    """Return every kind of body by the names of the blocks it is in; the manifest's has none."""
    found: dict[type[Body], dict[str, None]] = {ManifestBody: {}}
    waiting: list[type[Body]] = [ManifestBody]
    for model in waiting:
        for name, (inner, _) in blocks(model).items():
            if inner not in found:
                waiting.append(inner)
            found.setdefault(inner, {})[name] = None
    return {tuple(names): model for model, names in found.items()}


def _labels(model: type[Body]) -> Iterator[str]:
    if model.label:
        known = get_args(model.model_fields[model.label].annotation) if model is OnBody else ()
        count = "One label or more" if model.many_labels else "One label"
        yield f"{count}{': ' if known else ''}{_list(known)}.\n"


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(model: type[Body], without: frozenset[str]) -> Iterator[str]:
    rows = {name: field for name, field in attributes(model).items() if name not in without}
    if rows:
        yield "| attribute | type | what it says | example |"
        yield "|---|---|---|---|"
        yield from (_row(name, field) for name, field in rows.items())
        yield ""


def _row(name: str, field: Any) -> str:
    required = " **Required.**" if field.is_required() else ""
    example = field.examples[0].replace("|", "\\|")
    return f"| `{name}` | {_type(field.annotation)} | {field.description}{required} | `{example}` |"


def _type(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _type(get_args(annotation)[0])
    if origin is tuple:
        return "list of strings"
    if origin is dict:
        return "map of strings"
    return {str: "string", int: "number", bool: "boolean", float: "duration"}[annotation]


def cli_reference() -> str:
    """Return what the parsers say about commands."""
    return "\n".join((*_commands(), *_flags(top_parser()), *_all_commands()))


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "| command | what it does |"
    yield "|---|---|"
    yield from (f"| [`{name}`](#pkgs-{name}) | {summary} |" for name, summary in COMMANDS.items())
    yield "\n## Flags of every command\n"


def _all_commands() -> Iterator[str]:
    for name in COMMANDS:
        parser = command_parser(name, load_command(name))
        yield from _command(parser)
        for sub in parser.subparsers().values():
            yield from _command(sub)


def _command(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## {parser.prog}\n"
    yield f"{parser.description}\n"
    yield from _flags(parser)
    if parser.epilog:
        yield f"```text\n{parser.epilog.strip()}\n```\n"


def _flags(parser: argparse.ArgumentParser) -> Iterator[str]:
    assert isinstance(parser, Parser)
    rows = [(f"`{how}`".replace("|", "\\|"), what.replace("|", "\\|")) for how, what in parser.described()]
    if rows:
        yield "| argument | what it says |"
        yield "|---|---|"
        yield from (f"| {how} | {what} |" for how, what in rows)
        yield ""


PAGES = {"manifest.md": manifest_reference, "cli.md": cli_reference}


def page(name: str) -> str:
    """Return the whole page as it should be: what is written by hand, the mark, and what the code says."""
    head, mark, _ = (REFERENCE / name).read_text(encoding="utf-8").partition(MARK)
    return f"{head}{mark}\n{PAGES[name]()}"


def main() -> None:
    """Write every page."""
    for name in PAGES:
        (REFERENCE / name).write_text(page(name), encoding="utf-8")


if __name__ == "__main__":
    main()
