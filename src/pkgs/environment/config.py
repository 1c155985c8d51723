"""``pkgs.hcl``, an environment's own configuration, and ``~/.pkgs.hcl``, its user's.

Both have hermit's attributes with hermit's meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pkgs import texts
from pkgs.errors import EnvError

if TYPE_CHECKING:
    from pkgs.environment.configschema import EnvironmentFile


@dataclass(frozen=True, slots=True)
class Config:
    """An environment's configuration. ``sources`` is None where the file does not say."""

    env: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] | None = None
    manage_git: bool = True
    inherit_parent: bool = False
    install_on_activate: tuple[str, ...] = ()
    idea: bool = False
    github_token_auth: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UserConfig:
    """A user's own configuration, with the attributes of hermit's (app/user_config.go:26-64).

    ``defaults`` is what ``pkgs init`` writes into new environments; ``no_git`` and ``idea`` outdo it.
    """

    prompt: str = "env"
    no_git: bool = False
    idea: bool = False
    defaults: Config = field(default_factory=Config)


def read_config(path: Path) -> Config:
    """Read a configuration; a missing file is the default one.

    Raises :class:`EnvError` with every fault as ``file:line: …``.
    """
    return parse_config(read_text(path), path)


def read_user_config(path: Path) -> UserConfig:
    """Read a user's configuration; a missing file is the default one. Raises as :func:`read_config`.

    Who names it may name a pipe, too.
    """
    return parse_user_config(_text(path, lambda named: named.read_text(encoding="utf-8")), path)


def read_text(path: Path) -> str:
    """Return the text of a configuration, "" for a missing one; raise :class:`EnvError`."""
    return _text(path, texts.read_text)


def _text(path: Path, read: Callable[[Path], str]) -> str:
    try:
        return read(path)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise EnvError(
            f"cannot read {path}: {error}", "it must be a text in UTF-8 that you may read"
        ) from error


def parse_config(text: str, path: Path) -> Config:
    """Read a configuration's text; ``path`` names it in messages."""
    if not text.strip():
        return Config()
    from pkgs.environment.configvalues import plain_values  # deferred: the parser

    values, lines = plain_values(text, path)
    return _validated(values, lines, path)


def parse_user_config(text: str, path: Path) -> UserConfig:
    """Read the text of a user's configuration; ``path`` names it in messages."""
    if not text.strip():
        return UserConfig()
    from pkgs.environment.configvalues import plain_values  # deferred: the parser

    values, lines = plain_values(text, path)
    return _validated_user(values, lines, path)


def _validated(values: dict[str, Any], lines: dict[str, int], path: Path) -> Config:
    from pkgs.environment.configschema import EnvironmentFile, validate  # deferred: pydantic

    return _config(validate(EnvironmentFile, values, lines, path))


def _validated_user(values: dict[str, Any], lines: dict[str, int], path: Path) -> UserConfig:
    from pkgs.environment.configschema import UserFile, validate  # deferred: pydantic

    file = validate(UserFile, values, lines, path)
    return UserConfig(
        prompt="short" if file.short_prompt else file.prompt,
        no_git=file.no_git,
        idea=file.idea,
        defaults=_config(file.defaults),
    )


def _config(file: EnvironmentFile) -> Config:
    return Config(
        env=file.env,
        sources=None if file.sources is None else tuple(file.sources),
        manage_git=file.manage_git,
        inherit_parent=file.inherit_parent,
        install_on_activate=tuple(file.install_on_activate),
        idea=file.idea,
        github_token_auth=tuple(file.github_token_auth.match),
    )
