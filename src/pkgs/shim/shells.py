"""How values are written for shells and for other readers of variables. Pure: strings in, strings out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from pkgs.environment.transform import is_name, segments, without
from pkgs.envops import Append, EnvOp, Force, Prefix, Prepend, Set, Unset
from pkgs.errors import EnvError, UsageError

POSIX = "sh"
FISH = "fish"
# What the user may call a shell, and the dialect that it is given.
DIALECTS = {"sh": POSIX, "bash": POSIX, "zsh": POSIX, "dash": POSIX, "ksh": POSIX, "ash": POSIX, "fish": FISH}

_FUNCTIONS: dict[type[EnvOp], str] = {
    Append: "_pkgs_append",
    Force: "_pkgs_force",
    Prefix: "_pkgs_prefix",
    Prepend: "_pkgs_prepend",
    Set: "_pkgs_set",
}
_DOCKER = {"\\": "\\\\", '"': '\\"', "$": "\\$"}
_DOTENV = {**_DOCKER, "\n": "\\n", "\r": "\\r"}
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")


def dialect(shell: str) -> str:
    """Return the dialect that ``shell``, a name or a path, understands; raises :class:`UsageError`."""
    name = shell.rpartition("/")[2].removeprefix("-")
    if name not in DIALECTS:
        raise UsageError(f"unsupported shell {shell!r}", f"choose one of {', '.join(DIALECTS)}")
    return DIALECTS[name]


def checked_name(name: str) -> str:
    """Return ``name`` if it can be a variable's; raises :class:`EnvError`, since it will be executed."""
    if not is_name(name):
        raise EnvError(f"{name!r} cannot be the name of a variable", "use letters, digits and '_'")
    return name


def quote(text: str, shell: str = POSIX) -> str:
    """Return ``text`` as one literal word of the dialect ``shell``."""
    if "\0" in text:
        raise EnvError(f"a variable cannot hold a NUL character: {text!r}")
    if shell == FISH:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return "'" + text.replace("'", "'\\''") + "'"


def word(value: str, shell: str = POSIX) -> str:
    """Return an operation's ``value`` as one word, whose references the shell expands when it runs."""
    parts = [
        _reference(part.name, shell) if part.name else quote(part.text, shell) for part in segments(value)
    ]
    return "".join(parts) or "''"


def _reference(name: str, shell: str) -> str:
    # In fish, quotes join a list with what it is split at, so a path is one word again.
    return f'"${name}"' if shell == FISH else f'"${{{name}-}}"'


def statement(operation: EnvOp, shell: str = POSIX) -> str:
    """Return ``operation`` as a call of one of the functions of the activation script."""
    name = checked_name(operation.name)
    match operation:
        case Unset():
            return f"_pkgs_set {name} ''"
        case Prefix(_, prefix):
            return f"_pkgs_prefix {name} {word(prefix, shell)}"
        case _:
            return f"{_FUNCTIONS[type(operation)]} {name} {word(operation.value, shell)}"


def assignments(changes: Mapping[str, str | None], shell: str = POSIX) -> str:
    """Return the lines that make ``changes`` in a shell: exported, or unset where the value is None."""
    return "".join(_assignment(checked_name(name), value, shell) for name, value in sorted(changes.items()))


def _assignment(name: str, value: str | None, shell: str) -> str:
    if shell == FISH:
        return f"set -e {name}\n" if value is None else f"set -gx {name} {quote(value, shell)}\n"
    return f"unset {name}\n" if value is None else f"export {name}={quote(value, shell)}\n"


def plain(changes: Mapping[str, str | None]) -> str:
    """Return ``NAME='value'`` lines, sorted; what is unset is left out (``pkgs env``)."""
    return "".join(f"{name}={quote(value)}\n" for name, value in sorted(changes.items()) if value is not None)


def github_env(changes: Mapping[str, str | None]) -> str:
    """Return what to append to the file ``$GITHUB_ENV``, without ``PATH``, which has a file of its own.

    Each value stands between delimiters that do not occur in it. An unset variable becomes an empty one,
    as that file knows no other way.
    """
    blocks = (
        _heredoc(checked_name(name), value or "") for name, value in sorted(changes.items()) if name != "PATH"
    )
    return "".join(blocks)


def _heredoc(name: str, value: str) -> str:
    delimiter, lines = "PKGS_END", frozenset(value.splitlines())
    while delimiter in lines:
        delimiter += "_"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def github_path(before: str | None, after: str | None) -> str:
    """Return what to append to the file ``$GITHUB_PATH``: what ``after`` has more than ``before``.

    Each line is put before all earlier ones, so the last of them is the first to be searched.
    """
    added = without(after, (before or "").split(":"))
    if any("\n" in each for each in added):
        raise EnvError("a directory on PATH has a line break in its name", "GITHUB_PATH cannot hold it")
    return "".join(f"{each}\n" for each in reversed(added))


def dotenv(changes: Mapping[str, str | None]) -> str:
    """Return ``.env`` lines, quoted so that the usual readers agree on the value."""
    return "".join(
        f"{checked_name(name)}={_dotenv_value(value)}\n"
        for name, value in sorted(changes.items())
        if value is not None
    )


def _dotenv_value(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if not any(char in value for char in "'\\\n\r"):
        return f"'{value}'"
    return f'"{_escaped(value, _DOTENV)}"'


def docker(changes: Mapping[str, str | None]) -> str:
    """Return ``ENV`` lines of a Dockerfile; raises :class:`EnvError` for a line break in a value."""
    lines = []
    for name, value in sorted(changes.items()):
        if value is None:
            continue
        if "\n" in value:
            raise EnvError(f"the value of {name} has a line break", "a Dockerfile's ENV cannot hold it")
        lines.append(f'ENV {checked_name(name)}="{_escaped(value, _DOCKER)}"\n')
    return "".join(lines)


def _escaped(value: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(char, char) for char in value)


def prompt_name(name: str) -> str:
    """Return an environment's name as it may stand in a prompt (hermit, shell/quote.go:10-29).

    Whatever is no letter, digit, combining mark or one of `` -_.,+=:@~`` becomes ``_``: a prompt is expanded.
    """
    base = name.rstrip("/").rpartition("/")[2] or "."
    kinds = ("L", "N", "M")
    return "".join(c if c in " -_.,+=:@~" or unicodedata.category(c).startswith(kinds) else "_" for c in base)


def statements(operations: Iterable[EnvOp], shell: str = POSIX) -> list[str]:
    """Return one call for each of ``operations``."""
    return [statement(each, shell) for each in operations]
