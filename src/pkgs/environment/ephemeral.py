"""Variables for one command: ``--env NAME=VALUE;…`` (hermit, app/commands.go:13-15)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pkgs.errors import UsageError
from pkgs.package.variables import is_variable_name


def parse_variables(texts: Iterable[str]) -> Mapping[str, str]:
    """Return the variables that ``texts`` set; raise :class:`UsageError` for what is not ``NAME=VALUE``."""
    pairs = [each.partition("=") for text in texts for each in text.split(";") if each]
    for name, sign, value in pairs:
        if not sign or not is_variable_name(name):
            raise UsageError(f"--env takes NAME=VALUE, not {name + sign + value!r}", "such as: --env DEBUG=1")
    return {name: value for name, _, value in pairs}
