"""What a user sets by flags and variables: read, and told of where it makes no sense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pkgs.errors import UsageError
from pkgs.manifest.durations import seconds
from pkgs.package.variables import is_variable_name


def ephemeral_variables(texts: Iterable[str]) -> Mapping[str, str]:
    """Return the variables that ``--env NAME=VALUE;…`` sets (hermit, app/commands.go:13-15).

    Raises :class:`UsageError` for what is not ``NAME=VALUE``.
    """
    pairs = [each.partition("=") for text in texts for each in text.split(";") if each]
    for name, sign, value in pairs:
        if not sign or not is_variable_name(name):
            raise UsageError(f"--env takes NAME=VALUE, not {name + sign + value!r}", "such as: --env DEBUG=1")
    return {name: value for name, _, value in pairs}


def lock_timeout(text: str | None) -> float | None:
    """Return how many seconds to wait for another process; None for as long as it lives."""
    try:
        return seconds(text) if text else None
    except ValueError as error:
        raise UsageError(f"the time to wait for locks: {error}", "such as: --lock-timeout 30s") from error


def user_config_file(named: str | None, home: Path, cwd: Path) -> Path:
    """Return where the user's configuration is, or would be. hermit's counts where there is none of pkgs."""
    if named:
        return cwd / named
    own, old = home / ".pkgs.hcl", home / ".hermit.hcl"
    return old if old.is_file() and not own.exists() else own
