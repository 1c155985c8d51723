"""What a user sets by flags and variables: read, and told of where it makes no sense."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from pkgs.environment.config import UserConfig, read_user_config
from pkgs.errors import EnvError, UsageError
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
    return duration(text, "--lock-timeout") if text else None


def duration(text: str, flag: str) -> float:
    """Return a time in seconds; raise :class:`UsageError` naming ``flag`` for what is none."""
    try:
        found = seconds(text)
    except ValueError as error:
        raise UsageError(f"{flag}: {error}", f"such as: {flag} 30s") from error
    if found < 0:
        raise UsageError(f"{flag}: {text} is less than nothing", f"such as: {flag} 30s")
    return found


def user_config_files(named: str | None, home: Path, cwd: Path) -> tuple[Path, ...]:
    """Return where the user's configuration may be; hermit's counts where there is none of pkgs."""
    return (cwd / named,) if named else (home / ".pkgs.hcl", home / ".hermit.hcl")


def user_config(paths: Sequence[Path], warn: Callable[[str], None]) -> UserConfig:
    """Read the first of ``paths`` that exists; a broken one is told of, and counts as absent."""
    try:
        return read_user_config(next((path for path in paths if path.exists()), paths[0]))
    except EnvError as error:
        warn(f"your own configuration is left out: {error.message}")
        return UserConfig()
