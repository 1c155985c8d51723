"""Files of tools that other managers read: asdf's ``.tool-versions`` and mise's ``mise.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pkgs.errors import EnvError
from pkgs.texts import read_text

FILES = ("mise.toml", ".mise.toml", ".config/mise.toml", ".tool-versions")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tool that a file names, and the versions it asks for: the first is used, the others are spare."""

    name: str
    versions: tuple[str, ...]


def tool_file_below(directory: Path) -> Path | None:
    """Return the first file of tools in ``directory``; mise reads its own before asdf's."""
    return next((path for name in FILES if (path := directory / name).is_file()), None)


def read_tools(path: Path) -> tuple[Wanted, ...]:
    """Return what the file asks for, in its order; raise :class:`EnvError` for one that is neither kind."""
    try:
        text = read_text(path).removeprefix("\ufeff")  # some editors begin a file with that
    except (OSError, ValueError) as error:
        raise EnvError(f"cannot read {path}: {error}", "correct it, then migrate again") from error
    return tuple(dict.fromkeys(_of_mise(text, path) if path.suffix == ".toml" else _of_asdf(text)))


def _of_asdf(text: str) -> Iterator[Wanted]:
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words:
            yield Wanted(words[0], tuple(words[1:]))


def _of_mise(text: str, path: Path) -> Iterator[Wanted]:
    try:
        tools = tomllib.loads(text).get("tools", {})
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise EnvError(f"{path}: {error}", "correct it, then migrate again") from error
    if not isinstance(tools, dict):
        raise EnvError(f"{path}: tools is not a table", "see whether it is a mise.toml")
    for name, value in tools.items():
        yield Wanted(name.partition("[")[0], tuple(_versions(value)))


def _versions(value: Any) -> Iterator[str]:
    """Yield the versions of mise's forms: "1.2", ["1.2", "1.3"], { version = "1.2" } and lists of those."""
    if isinstance(value, list):
        for each in value:
            yield from _versions(each)
    elif isinstance(value, dict):
        yield from _versions(value.get("version", "latest"))
    else:
        yield str(value)
