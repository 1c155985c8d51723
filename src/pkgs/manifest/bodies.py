"""Bodies: a document's entries as dictionaries for the schema, and its refusals as faults with lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pkgs.manifest.document import Attribute, Block, Comment, Document, Entry, Heredoc, MapValue, Value
from pkgs.manifest.faults import Fault
from pkgs.manifest.schema import LABEL, PLACE, SHA256, Body, ManifestBody
from pkgs.manifest.shape import attributes, blocks
from pkgs.names import did_you_mean

_SHOWN = 60
# Stands in for a missing label: every kind of block takes it, so the rest of the block is checked too.
_ANY_LABEL = "unpack"
_WANTED = {
    "string_type": "a string",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a map",
}
_MISMATCHED = {
    SHA256: "is not a SHA-256 digest: it must be 64 hexadecimal digits",
    LABEL: "cannot be part of a file name",
}


class Raw(dict[str, Any]):
    """A body or a map for the schema, which remembers the lines of itself and of its keys."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def put(self, key: str, value: Any, line: int) -> None:
        """Set ``key``, found on ``line``."""
        self[key] = value
        self.lines[key] = line


def raw_manifest(document: Document, faults: list[Fault]) -> Raw:
    """Return a document as a dictionary for the schema, adding what has no place in one to ``faults``."""
    raw = Raw(1)
    _fill(raw, document.entries, ManifestBody, faults)
    return raw


def _fill(raw: Raw, entries: Iterable[Entry], model: type[Body], faults: list[Fault]) -> None:
    for place, entry in enumerate(entries):
        if isinstance(entry, Comment) or entry.name == model.label:
            continue
        fault = _misplaced(entry, model) or _repeated(entry, raw, model)
        if fault:
            faults.append(fault)
        elif isinstance(entry, Attribute):
            raw.put(entry.name, _plain(entry.value, entry.line), entry.line)
        else:
            _add_block(raw, entry, place, blocks(model)[entry.name], faults)


def _misplaced(entry: Attribute | Block, model: type[Body]) -> Fault | None:
    """Return what is wrong with the entry's name or kind."""
    name, block_names, attribute_names = entry.name, blocks(model), attributes(model)
    if isinstance(entry, Attribute):
        if name in block_names:
            return Fault(entry.line, f'expected a block for "{name}" but got an attribute')
        if name not in attribute_names:
            return Fault(entry.line, _unknown("attribute", name, {*block_names, *attribute_names}))
        if entry.value is None:
            return Fault(entry.line, f'expected = and a value after "{name}"')
    elif name in attribute_names:
        return Fault(entry.line, f'expected an attribute for "{name}" but got a block')
    elif name not in block_names:
        return Fault(entry.line, _unknown("block", name, {*block_names, *attribute_names}))
    return None


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    return f'unknown {kind} "{name}"{did_you_mean(name, known)}'


def _repeated(entry: Attribute | Block, raw: Raw, model: type[Body]) -> Fault | None:
    """Return the fault of what is there a second time and must not be."""
    if entry.name not in raw or (isinstance(entry, Block) and blocks(model)[entry.name][1]):
        return None
    return Fault(entry.line, f'"{entry.name}" is given twice, first on line {raw.lines[entry.name]}')


def _add_block(
    raw: Raw, block: Block, place: int, kind: tuple[type[Body], bool], faults: list[Fault]
) -> None:
    model, several = kind
    body = Raw(block.line)
    body[PLACE] = place
    fault = _mislabelled(block, model)
    if fault:
        faults.append(fault)
    if model.label:
        labels = block.labels or (_ANY_LABEL,)
        body.put(model.label, labels if model.many_labels else labels[0], block.line)
    _fill(body, block.body, model, faults)
    raw.lines.setdefault(block.name, block.line)
    raw[block.name] = (*raw.get(block.name, ()), body) if several else body


def _mislabelled(block: Block, model: type[Body]) -> Fault | None:
    if model.label and not block.labels:
        return Fault(block.line, f'missing label "{model.label}" after "{block.name}"')
    most = len(block.labels) if model.many_labels else 1 if model.label else 0
    if len(block.labels) > most:
        return Fault(block.line, f'too many labels for block "{block.name}"')
    return None


def _plain(value: Value | None, line: int) -> Any:
    """Return a value as the schema wants it."""
    if isinstance(value, tuple):
        return tuple(_plain(item, line) for item in value)
    if isinstance(value, Heredoc):
        return value.text
    if not isinstance(value, MapValue):
        return value
    raw = Raw(line)
    for entry in value.entries:
        if not isinstance(entry, Comment):
            plain = entry.value if isinstance(entry.value, str) else _plain(entry.value, entry.line)
            raw.put(entry.key, plain, entry.line)
    return raw


def schema_fault(raw: Raw, error: Mapping[str, Any]) -> Fault:
    """Return one of pydantic's errors about ``raw`` as a fault."""
    line = raw.line
    inner: Any = raw
    for step in error["loc"]:
        if isinstance(inner, Raw):
            line = inner.lines.get(step, inner.line)
            inner = inner.get(step)
        elif isinstance(inner, tuple) and isinstance(step, int) and step < len(inner):
            inner = inner[step]
            line = inner.line if isinstance(inner, Raw) else line
    return Fault(line, _message(error))


def _message(error: Mapping[str, Any]) -> str:
    kind, given = error["type"], _shown(error["input"])
    name = next((step for step in reversed(error["loc"]) if isinstance(step, str)), "")
    if kind == "missing":
        return f'missing required attribute "{name}"'
    if kind == "string_pattern_mismatch":
        return f'"{name}": {given} {_MISMATCHED[error["ctx"]["pattern"]]}'
    if kind == "literal_error":
        known = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return f"invalid {name} {given}{did_you_mean(str(error['input']), known.split(', '))}; known: {known}"
    if kind == "value_error":
        return f'"{name}": {error["ctx"]["error"]}'
    if kind in _WANTED:
        return f'"{name}": expected {_WANTED[kind]} but got {given}'
    return f'"{name}": {error["msg"]}'


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, tuple):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
