"""Tables of a TOML file that anybody may have edited: what is asked of them is of the kind it has to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from pkgs.errors import LockError, PkgsError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``where`` tells users which, "" for the whole file. Its methods raise :class:`LockError`."""

    where: str
    values: Mapping[str, Any]

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default it has to be there."""
        value = self.values.get(key, default)
        if value is None:
            raise LockError(f"{self._at(key)} is missing")
        if not isinstance(value, str):
            self._refuse(key, "a text")
        return value

    def count(self, key: str) -> int | None:
        """Return a number that is not negative, None if it is not there."""
        value = self.values.get(key, 0)
        if type(value) is not int or value < 0:  # True is an int, too
            self._refuse(key, "a whole number")
        return value if key in self.values else None

    def flag(self, key: str) -> bool:
        """Return whether a key is true; it need not be there."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            self._refuse(key, "true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return an array of texts, empty if it is not there."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._refuse(key, "an array of texts")
        return tuple(value)

    def table(self, key: str, where: str) -> Table:
        """Return a table, empty if it is not there, which users know as ``where``."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self._refuse(key, "a table")
        return Table(where, value)

    def tables(self, key: str, where: str) -> tuple[Table, ...]:
        """Return an array of tables, empty if it is not there, each of which users know as ``where``."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self._refuse(key, "an array of tables")
        return tuple(Table(where, each) for each in value)

    def parsed(self, parse: Callable[[str], T], text: str) -> T:
        """Return what a text in the table says."""
        try:
            return parse(text)
        except PkgsError as error:
            raise LockError(f"{self.where}: {error}" if self.where else str(error)) from error

    def _at(self, key: str) -> str:
        return f"{self.where}: {key}" if self.where else key

    def _refuse(self, key: str, kind: str) -> NoReturn:
        raise LockError(f"{self._at(key)} is {repr(self.values[key])[:80]}, not {kind}")
