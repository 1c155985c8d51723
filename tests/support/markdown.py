"""The documentation's own parts: fenced blocks and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of ``language`` in the page at ``path``."""

    path: Path
    language: str
    text: str


def pages() -> list[Path]:
    """Return every page of the documentation, the front door's included."""
    return [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("bench/*.md"))]


def blocks(path: Path, language: str) -> list[Block]:
    """Return the page's fenced blocks in ``language``, in order."""
    found = _BLOCK.findall(path.read_text("utf-8"))
    return [Block(path, name, text) for name, text in found if name == language]


def local_links(path: Path) -> Iterator[Path]:
    """Return what the page's links to other files of the checkout point at."""
    for target in _LINK.findall(_BLOCK.sub("", path.read_text("utf-8"))):
        if "://" not in target and not target.startswith("#"):
            yield path.parent / target.partition("#")[0]
