"""What operations make of an environment's variables, and how that is undone. Pure.

The meaning of each operation is hermit's (envars/transform.go), with these differences: what a variable
was is kept as it was (never expanded; set-but-empty and unset are told apart), and a list that was empty
gets no empty element. What is needed to undo is kept in variables, the same ones that the activation
scripts (``shim/files/activation.sh``) keep, so either can undo what the other did:

``_PKGS_NAMES``
    the names that were changed, separated by blanks
``_PKGS_OLD_X``
    what ``X`` was before; absent if it was unset
``_PKGS_NEW_X``
    what ``X`` was changed to; absent if it was unset. A variable that now differs was changed by the user
``_PKGS_ADD_X``
    the elements that were put into the list ``X``
``_PKGS_FORCED``
    names that are removed, whatever they were
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pkgs.envops import Append, EnvOp, Force, Prefix, Prepend, Set, Unset
from pkgs.errors import UsageError

NAMES = "_PKGS_NAMES"
FORCED = "_PKGS_FORCED"
OLD = "_PKGS_OLD_"
NEW = "_PKGS_NEW_"
ADD = "_PKGS_ADD_"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Go's os.Expand; an unterminated "${" is swallowed.
_REFERENCE = re.compile(r"\$(?:\{([^}]*)\}|(\{)|([*#$@!?0-9-])|([A-Za-z0-9_]+))")
_ALIASES = {"HERMIT_ENV": "PKGS_ENV", "HERMIT_BIN": "PKGS_BIN"}


@dataclass(frozen=True, slots=True)
class Transform:
    """New values of variables, None for those to be unset.

    ``changes`` holds what the operations say and ``saved`` what undoing them needs.
    """

    changes: Mapping[str, str | None]
    saved: Mapping[str, str | None] = field(default_factory=dict)

    def on(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return ``environ`` with the changes made, but nothing kept to undo them."""
        changed = {**environ, **self.changes}
        return {name: value for name, value in changed.items() if value is not None}

    def all(self) -> dict[str, str | None]:
        """Return the changes together with what undoing them needs."""
        return {**self.changes, **self.saved}


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a value: either literal ``text``, or a reference to the variable ``name``."""

    text: str = ""
    name: str = ""


def is_name(text: str) -> bool:
    """Tell whether ``text`` can be the name of a variable in every shell."""
    return _NAME.fullmatch(text) is not None


def segments(value: str) -> Iterator[Segment]:
    """Split ``value`` into literal text and references as Go's ``os.Expand`` does; ``$$`` is ``$``.

    What cannot be a variable's name (``$1``, ``${}``) is dropped: it has no value in an environment.
    """
    end = 0
    for match in _REFERENCE.finditer(value):
        if match.start() > end:
            yield Segment(text=value[end : match.start()])
        end = match.end()
        name = match[1] or match[3] or match[4] or ""
        if name == "$":
            yield Segment(text="$")
        elif is_name(name):
            yield Segment(name=_ALIASES.get(name, name))
    if end < len(value):
        yield Segment(text=value[end:])


def literal(text: str) -> str:
    """Return ``text`` as an operation's value that stands for just it, such as a path's."""
    return text.replace("$", "$$")


def apply(environ: Mapping[str, str], operations: Iterable[EnvOp]) -> Transform:
    """Return what ``operations``, one after the other, make of ``environ``."""
    work = _Work(environ)
    for operation in operations:
        work.do(operation)
    return Transform(work.changes(), work.saved())


def revert(environ: Mapping[str, str], operations: Iterable[EnvOp] = ()) -> Transform:
    """Return what undoes everything that was done to ``environ``.

    A variable that the user changed meanwhile is left alone, and a list only loses what was added to it.
    ``operations`` are undone as well as can be where ``environ`` does not tell what was before.
    """
    undone: dict[str, str | None] = {}
    names = [name for name in environ.get(NAMES, "").split() if is_name(name)]
    for name in names:
        undone.update(_restored(environ, name))
    for name in filter(is_name, environ.get(FORCED, "").split()):
        undone[name] = None
    for operation in reversed(tuple(operations)):
        if operation.name not in names:
            undone.update(_guessed({**environ, **undone}, operation))
    kept = {key: None for key in environ if key in (NAMES, FORCED) or key.startswith((OLD, NEW, ADD))}
    return Transform({name: value for name, value in undone.items() if environ.get(name) != value}, kept)


def without(value: str | None, elements: Iterable[str]) -> list[str]:
    """Return the elements of the ``:``-separated list ``value`` other than ``elements``."""
    dropped = frozenset(elements)
    return [each for each in value.split(":") if each not in dropped] if value else []


class _Work:
    """The variables while operations are applied to them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._values: dict[str, str | None] = {}
        self._names = environ.get(NAMES, "").split()
        self._forced = environ.get(FORCED, "").split()
        self._saved: dict[str, str | None] = {}

    def do(self, operation: EnvOp) -> None:
        match operation:
            case Force(name, value):
                self._force(name, self._expanded(value))
            case Set(name, value):
                self._set(name, self._expanded(value))
            case Unset(name):
                self._set(name, "")
            case Prepend(name, value):
                self._insert(name, self._expanded(value), first=True)
            case Append(name, value):
                self._insert(name, self._expanded(value), first=False)
            case Prefix(name, prefix):
                self._prefix(name, self._expanded(prefix))

    def changes(self) -> dict[str, str | None]:
        return {name: value for name, value in self._values.items() if self._environ.get(name) != value}

    def saved(self) -> dict[str, str | None]:
        values = dict(self._saved)
        for name in self._names:
            values[NEW + name] = self._get(name)
        values[NAMES] = " ".join(self._names) or None
        values[FORCED] = " ".join(self._forced) or None
        return {name: value for name, value in values.items() if self._environ.get(name) != value}

    def _get(self, name: str) -> str | None:
        return self._values[name] if name in self._values else self._environ.get(name)

    def _expanded(self, value: str) -> str:
        return "".join(part.text or self._get(part.name) or "" for part in segments(value))

    def _keep(self, name: str) -> None:
        if name not in self._names:
            self._names.append(name)
            self._saved[OLD + name] = self._environ.get(name)

    def _force(self, name: str, value: str) -> None:
        if name not in self._forced:
            self._forced.append(name)
        self._values[name] = value or None

    def _set(self, name: str, value: str) -> None:
        self._keep(name)
        self._values[name] = value or None

    def _insert(self, name: str, value: str, *, first: bool) -> None:
        if not value:
            return
        self._keep(name)
        rest = without(self._get(name), value.split(":"))
        self._values[name] = ":".join([value, *rest] if first else [*rest, value])
        added = self._saved.get(ADD + name) or self._environ.get(ADD + name)
        self._saved[ADD + name] = f"{value}:{added}" if added else value

    def _prefix(self, name: str, prefix: str) -> None:
        current = self._get(name)
        if current is not None and not current.startswith(prefix):
            self._set(name, prefix + current)


def _restored(environ: Mapping[str, str], name: str) -> dict[str, str | None]:
    """Return what ``name`` goes back to, by what was kept; empty if it is to be left alone."""
    current, old = environ.get(name), environ.get(OLD + name)
    if current == environ.get(NEW + name):
        return {name: old}
    added = environ.get(ADD + name)
    if not added or current is None:
        return {}
    left = ":".join(without(current, without(added, (old or "").split(":"))))
    return {name: left if left or old is not None else None}


def _guessed(environ: Mapping[str, str | None], operation: EnvOp) -> dict[str, str | None]:
    """Return what undoes ``operation`` when nothing tells what was before."""
    known = {name: value for name, value in environ.items() if value is not None}
    current = known.get(operation.name)
    match operation:
        case Force(name):
            return {name: None}
        case Set(name, value) if current == _expand(known, value):
            return {name: None}
        case Prepend(name, value) | Append(name, value) if current is not None:
            return {name: ":".join(without(current, _expand(known, value).split(":"))) or None}
        case Prefix(name, prefix) if current is not None:
            return {name: current.removeprefix(_expand(known, prefix))}
    return {}


def _expand(environ: Mapping[str, str], value: str) -> str:
    return "".join(part.text or environ.get(part.name, "") for part in segments(value))


_LETTERS: dict[str, type[EnvOp]] = {"a": Append, "p": Prepend, "s": Set, "u": Unset, "f": Force, "P": Prefix}


def encode(operations: Iterable[EnvOp]) -> str:
    """Return ``operations`` as JSON, ``[{"s":{"n":…,"v":…}},…]``, as hermit does (envars/ops.go:77-121)."""
    letters = {kind: letter for letter, kind in _LETTERS.items()}
    shapes = [{letters[type(each)]: _fields(each)} for each in operations]
    return json.dumps(shapes, ensure_ascii=False, separators=(",", ":"))


def _fields(operation: EnvOp) -> dict[str, str]:
    match operation:
        case Unset(name):
            return {"n": name}
        case Prefix(name, prefix):
            return {"n": name, "p": prefix}
        case _:
            return {"n": operation.name, "v": operation.value}


def decode(text: str) -> tuple[EnvOp, ...]:
    """Read operations from the JSON that :func:`encode` writes; raises :class:`UsageError`."""
    try:
        return tuple(_decoded(*each.items()) for each in json.loads(text))
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise UsageError(
            f"these are no environment operations: {text[:80]!r}", "pass what 'pkgs env --ops' prints"
        ) from error


def _decoded(item: tuple[str, Any]) -> EnvOp:
    letter, fields = item
    values = [fields.pop(key) for key in ("n", "v", "p") if key in fields]
    if fields or not is_name(values[0]) or not all(isinstance(value, str) for value in values):
        raise ValueError(letter)
    return _LETTERS[letter](*values)
