"""The commits of manifest sources in a lock, without reading the rest: they come before any package."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pkgs.errors import LockError

if TYPE_CHECKING:
    from pkgs.environment.lock import LockedSource

_FIRST, _AFTER = "[[source]]", "\n[package"
_TABLE = re.compile(r'\s*uri = "([^"\\]*)"\ncommit = "([^"\\]*)"\s*')
_COMMIT = re.compile("commit")


def locked_commits(path: Path) -> Mapping[str, str]:
    """Return the commit of each manifest source by URI, of those that have one.

    Empty without a lock. Raises :class:`LockError` where that part of it cannot be read.
    """
    try:
        section = _section(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise LockError(f"cannot read {path}: {error}") from error
    pairs = dict(_commits(section))
    if len(pairs) != len(_COMMIT.findall(section)):  # written by another hand than pkgs
        return {source.uri: source.commit for source in _read_whole(path) if source.commit}
    return pairs


def _commits(section: str) -> Iterator[tuple[str, str]]:
    """Read the tables as pkgs writes them: without the parser, which would cost more than the rest."""
    for table in section.split(_FIRST)[1:]:
        found = _TABLE.fullmatch(table)
        if found:
            yield found[1], found[2]


def _read_whole(path: Path) -> Sequence[LockedSource]:
    from pkgs.environment.lock import read_lock  # deferred: see above

    return read_lock(path).sources


def _section(text: str) -> str:
    """Return the tables of sources, which stand together before the packages."""
    start = text.find(_FIRST)
    if start < 0:
        return ""
    end = text.find(_AFTER, start)
    section = text[start:] if end < 0 else text[start : end + 1]
    return section if "commit" in section else ""
