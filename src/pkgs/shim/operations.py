"""Operations on the environment as statements for a POSIX shell.

They have hermit's meaning (envars/ops.go, transform.go), without what only deactivation needs: a variable
whose value comes out empty is removed; references expand to what the operations before have made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from pkgs.environment.transform import segments
from pkgs.envops import Append, EnvOp, Force, Prefix, Prepend, Set, Unset
from pkgs.errors import EnvError
from pkgs.shim.shells import checked_name, quote, word

# $1 is a list, $2 the elements to drop from it; leaves the rest in $_pkgs_list as ":a:b" or "".
_WITHOUT = """\
_pkgs_without() {
_pkgs_list=${1:+:$1:} _pkgs_rest=$2:
while [ "$_pkgs_rest" ]; do
_pkgs_item=:${_pkgs_rest%%:*}: _pkgs_rest=${_pkgs_rest#*:}
while :; do case $_pkgs_list in
*"$_pkgs_item"*) _pkgs_list=${_pkgs_list%%"$_pkgs_item"*}:${_pkgs_list#*"$_pkgs_item"} ;;
*) break ;;
esac; done
done
_pkgs_list=${_pkgs_list%:}
}"""
_FIRST_ON_PATH = Prepend("PATH", "${PKGS_PREPEND_PATH}")
# A shell ends with an error when one of these is assigned.
_READ_ONLY = frozenset({"PPID", "UID", "EUID", "BASHOPTS", "SHELLOPTS", "BASH_VERSINFO"})


def compile_operations(operations: Iterable[EnvOp]) -> list[str]:
    """Return statements that apply ``operations`` in order, then ``PKGS_PREPEND_PATH`` if that is set.

    Raises :class:`EnvError` for a variable's name or value that a shell cannot hold.
    """
    return [_WITHOUT, *_statements((*operations, _FIRST_ON_PATH))]


def _statements(operations: Iterable[EnvOp]) -> Iterator[str]:
    for constant, group in groupby(operations, _is_constant_setting):
        if constant:
            yield from _settings(group)
        else:
            for operation in group:
                yield from _statement(operation)


def _is_constant_setting(operation: EnvOp) -> bool:
    return isinstance(operation, Set | Force) and not any(part.name for part in segments(operation.value))


def _settings(operations: Iterable[EnvOp]) -> Iterator[str]:
    """Set many variables by one command, each once, to the last value it is given."""
    values = {
        _variable(op.name): "".join(part.text for part in segments(op.value))
        for op in operations
        if isinstance(op, Set | Force)
    }
    if present := [f"{name}={quote(value)}" for name, value in values.items() if value]:
        yield f"export {' '.join(present)}"
    if absent := [name for name, value in values.items() if not value]:
        yield f"unset {' '.join(absent)}"


def _variable(name: str) -> str:
    if name in _READ_ONLY:
        raise EnvError(f"{name} belongs to the shell", "choose another name for the variable")
    return checked_name(name)


def _statement(operation: EnvOp) -> Iterable[str]:
    name = _variable(operation.name)
    match operation:
        case Set(_, value) | Force(_, value):
            return _assign(name, word(value))
        case Unset():
            return [f"unset {name}"]
        case Prepend(_, value):
            return _insert(name, word(value), '"$_pkgs_value$_pkgs_list"')
        case Append(_, value):
            return _insert(name, word(value), '"${_pkgs_list#:}${_pkgs_list:+:}$_pkgs_value"')
        case Prefix(_, prefix):
            return _prefix(name, word(prefix))


def _assign(name: str, value: str) -> list[str]:
    return [f"export {name}={value}", f'[ "${name}" ] || unset {name}']


def _insert(name: str, value: str, joined: str) -> list[str]:
    return [
        f"_pkgs_value={value}",
        'if [ "$_pkgs_value" ]; then',
        f'_pkgs_without "${{{name}-}}" "$_pkgs_value"',
        f"export {name}={joined}",
        "fi",
    ]


def _prefix(name: str, value: str) -> list[str]:
    return [
        f"_pkgs_value={value}",
        f'case "${{{name}+x}}${{{name}-}}" in',
        "'' | x\"$_pkgs_value\"*) ;;",
        f'*) export {name}="$_pkgs_value${name}"; [ "${name}" ] || unset {name} ;;',
        "esac",
    ]
