"""Operations on an environment's variables, as values.

The kinds and their meaning are hermit's (envars/ops.go). A value may still hold ``$NAME`` or ``${NAME}``,
expanded once when the operation is applied, and ``$$`` for a dollar sign.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Set:
    """Set ``name`` to ``value``."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Unset:
    """Remove ``name``."""

    name: str


@dataclass(frozen=True, slots=True)
class Prepend:
    """Put ``value`` first in the ``:``-separated list ``name``, once."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Append:
    """Put ``value`` last in the ``:``-separated list ``name``, once."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """Put ``prefix`` before the text of ``name``, if it is set and lacks it."""

    name: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Force:
    """Set ``name`` to ``value`` while active; deactivation removes it whatever it was before."""

    name: str
    value: str


EnvOp = Set | Unset | Prepend | Append | Prefix | Force
