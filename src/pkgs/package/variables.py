"""Environment variables of a package: from a manifest's ``env`` to operations.

Source of the rules: hermit, envars/ops.go:126-156 and envars/util.go:19-29.
"""

from __future__ import annotations

import re

from pkgs.envops import Append, EnvOp, Prepend, Set, Unset

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_variable_name(name: str) -> bool:
    """Whether ``name`` can stand in a shell script as it is."""
    return _NAME.fullmatch(name) is not None


def operation(name: str, value: str) -> EnvOp:
    """Return what setting ``name`` to ``value`` means.

    ``$NAME:x`` appends, ``x:$NAME`` prepends, with braces or without; nothing unsets; anything else sets.
    """
    itself = (f"${{{name}}}", f"${name}")
    if value.startswith(tuple(f"{form}:" for form in itself)):
        return Append(name, value.partition(":")[2])
    if value.endswith(tuple(f":{form}" for form in itself)):
        return Prepend(name, value.rpartition(":")[0])
    return Set(name, value) if value else Unset(name)
