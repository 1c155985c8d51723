"""A configuration's text as plain values: its syntax is that of manifests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pkgs.errors import EnvError, ManifestError
from pkgs.manifest.document import Attribute, Block, Heredoc, MapEntry, MapValue
from pkgs.manifest.load import parse_document


def plain_values(text: str, path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the values in the text of a configuration, and the line of each name.

    Raises :class:`EnvError` with every fault of the syntax; ``path`` names the file.
    """
    try:
        document = parse_document(text, path=str(path))
    except ManifestError as error:
        raise EnvError(error.message, f"correct {path}") from error
    lines: dict[str, int] = {}
    faults: list[str] = []
    values = _plain(document.entries, lines, faults)
    if faults:
        raise EnvError("\n".join(f"{path}:{fault}" for fault in faults), f"correct {path}")
    return values, lines


def _plain(entries: Any, lines: dict[str, int], faults: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in entries:
        if not isinstance(entry, Attribute | Block):
            continue
        if entry.name in found:
            faults.append(f'{entry.line}: "{entry.name}" is given twice, first on line {lines[entry.name]}')
        if isinstance(entry, Attribute):
            found[entry.name] = _value(entry.value)
        else:
            found[entry.name] = _plain(entry.body, lines, faults)
        lines.setdefault(entry.name, entry.line)
    return found


def _value(value: Any) -> Any:
    if isinstance(value, MapValue):
        return {entry.key: _value(entry.value) for entry in value.entries if isinstance(entry, MapEntry)}
    if isinstance(value, Heredoc):
        return value.text
    return list(map(_value, value)) if isinstance(value, tuple) else value
