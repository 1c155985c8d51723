"""Variables in manifest texts: ``${version}``, ``$os``, and ``$$`` for a dollar sign.

The syntax is that of Go's ``os.Expand``, which hermit applies until a text stops changing
(envars/util.go:52-117). Where hermit would go on for ever the reader is told which variables go round.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pkgs.package.model import Places
from pkgs.platforms import Platform

# ${name} | an empty or unclosed brace, which is swallowed | a one-character name | a name.
# The bound keeps a text of unclosed braces from being read again and again to its end.
_REFERENCE = re.compile(r"\$(?:\{([^}]{1,1000})\}|(\{\}?)|([*#$@!?\-0-9])|([A-Za-z0-9_]+))")
_MAX_LENGTH = 1 << 18  # characters one text may grow to
_SYMBOLS = frozenset(dataclasses.astuple(Places.symbolic()))


class UnknownVariableError(Exception):
    """A text names a variable that does not exist; ``args[0]`` is the name."""


class EndlessVariablesError(Exception):
    """Variables name each other in a circle, or grow without bounds; ``args[0]`` says how."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What the variables of one package stand for."""

    values: Mapping[str, str]

    def expand(self, text: str) -> str:
        """Replace every variable; raise :class:`UnknownVariableError` or :class:`EndlessVariablesError`."""
        if "$" not in text:
            return text
        return self._repeat(text, strict=True).replace("$$", "$")

    def expand_lenient(self, text: str) -> str:
        """Replace every variable; an unknown one becomes its bare name, as in the values of ``files``."""
        values = dict(self.values)
        while True:
            try:
                return Variables(values).expand(text)
            except UnknownVariableError as error:
                values[error.args[0]] = error.args[0]

    def expand_known(self, text: str) -> str:
        """Replace the known variables; keep others as ``${NAME}``, and ``$$``, for the environment."""
        return self._repeat(text, strict=False) if "$" in text else text

    def _repeat(self, text: str, *, strict: bool) -> str:
        """Replace until nothing changes: at most once for each variable, unless they go round."""
        start = text
        for _ in range(len(self.values) + 2):
            before, text = text, self._once(text, strict=strict)
            if text == before:
                return text
        raise self._endless(start)

    def _once(self, text: str, *, strict: bool) -> str:
        length = len(text)

        def value(match: re.Match[str]) -> str:
            nonlocal length
            replaced = self._value(match, strict=strict)
            length += len(replaced) - len(match.group())
            if length > _MAX_LENGTH:
                raise self._endless(text)
            return replaced

        return _REFERENCE.sub(value, text)

    def _value(self, match: re.Match[str], *, strict: bool) -> str:
        name = match.group(1) or match.group(3) or match.group(4)
        if name is None:
            return ""
        if name == "$":
            return "$$"
        if (value := self.values.get(name)) is not None:
            return value
        if strict:
            raise UnknownVariableError(name)
        return f"${{{name}}}"

    def _endless(self, text: str) -> EndlessVariablesError:
        trail = self._cycle(text)
        if not trail:
            return EndlessVariablesError(f"its variables make a text of more than {_MAX_LENGTH} characters")
        return EndlessVariablesError(f"its variables go round without end: {' → '.join(trail)}")

    def _cycle(self, text: str) -> list[str]:
        """Return the names on the way round that starts in ``text``, the first of them again at the end."""
        pending: list[list[str]] = [[name] for name in _names(text)]
        visited: set[str] = set()
        while pending:
            trail = pending.pop()
            for name in _names(self.values.get(trail[-1], "")):
                if name in trail:
                    return [*trail[trail.index(name) :], name]
                if name not in visited:
                    visited.add(name)
                    pending.append([*trail, name])
        return []


def builtins(platform: Platform, places: Places, today: dt.date | None) -> dict[str, str]:
    """Return the variables that every package has the same (hermit, envars/util.go:76-117)."""
    env = literal(places.env)
    bin_dir = f"{env.rstrip('/')}/bin" if env else "bin"
    values = {"os": platform.os, "arch": platform.arch, "xarch": platform.xarch, "HOME": literal(places.home)}
    values |= dict.fromkeys(("env", "HERMIT_ENV", "PKGS_ENV"), env)
    values |= dict.fromkeys(("HERMIT_BIN", "PKGS_BIN"), bin_dir)
    if today is not None:
        values |= {"YYYY": f"{today.year:04}", "MM": f"{today.month:02}", "DD": f"{today.day:02}"}
    return values


def literal(place: str) -> str:
    """Guard a path that holds a dollar sign from being expanded, unless it stands for itself."""
    return place if place in _SYMBOLS else place.replace("$", "$$")


def _names(text: str) -> Iterator[str]:
    for match in _REFERENCE.finditer(text):
        if name := match.group(1) or match.group(3) or match.group(4):
            yield name
