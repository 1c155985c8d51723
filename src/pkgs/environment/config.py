"""``pkgs.hcl``: an environment's own configuration, with hermit.hcl's attributes and meaning.

Home of pydantic for configurations: this is untrusted text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pkgs.errors import EnvError, ManifestError
from pkgs.manifest.document import Attribute, Block, Heredoc, MapEntry, MapValue
from pkgs.manifest.load import parse_document
from pkgs.names import did_you_mean


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


def read_config(path: Path) -> Config:
    """Read a configuration; a missing file is the default one.

    Raises :class:`EnvError` with every fault as ``file:line: …``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise EnvError(f"cannot read {path}: {error}") from error
    return parse_config(text, path)


def parse_config(text: str, path: Path) -> Config:
    """Read a configuration's text; ``path`` names it in messages."""
    if not text.strip():
        return Config()
    try:
        document = parse_document(text, path=str(path))
    except ManifestError as error:
        raise EnvError(error.message) from error
    lines: dict[str, int] = {}
    return _validated(_plain(document.entries, lines), lines, path)


def _plain(entries: Any, lines: dict[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in entries:
        if isinstance(entry, Attribute):
            found[entry.name] = _value(entry.value)
        elif isinstance(entry, Block):
            found[entry.name] = _plain(entry.body, lines)
        else:
            continue
        lines.setdefault(entry.name, entry.line)
    return found


def _value(value: Any) -> Any:
    if isinstance(value, MapValue):
        return {entry.key: _value(entry.value) for entry in value.entries if isinstance(entry, MapEntry)}
    if isinstance(value, Heredoc):
        return value.text
    return list(map(_value, value)) if isinstance(value, tuple) else value


def _validated(values: dict[str, Any], lines: dict[str, int], path: Path) -> Config:
    from pydantic import BaseModel, ConfigDict, Field, ValidationError

    class Auth(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        match: list[str] = Field(default_factory=list)

    class File(BaseModel):
        model_config = ConfigDict(
            extra="forbid", strict=True, alias_generator=lambda name: name.replace("_", "-")
        )
        env: dict[str, str] = Field(default_factory=dict)
        sources: list[str] | None = None
        manage_git: bool = True
        inherit_parent: bool = False
        install_on_activate: list[str] = Field(default_factory=list)
        idea: bool = False
        github_token_auth: Auth = Field(default_factory=Auth)

    try:
        file = File.model_validate(values)
    except ValidationError as error:
        known = [name.replace("_", "-") for name in File.model_fields]
        raise EnvError(_faults(error.errors(), lines, path, known)) from error
    return Config(
        env=file.env,
        sources=None if file.sources is None else tuple(file.sources),
        manage_git=file.manage_git,
        inherit_parent=file.inherit_parent,
        install_on_activate=tuple(file.install_on_activate),
        idea=file.idea,
        github_token_auth=tuple(file.github_token_auth.match),
    )


def _faults(errors: Any, lines: dict[str, int], path: Path, known: list[str]) -> str:
    return "\n".join(_fault(error, lines, path, known) for error in errors)


def _fault(error: Any, lines: dict[str, int], path: Path, known: list[str]) -> str:
    name = str(error["loc"][0])
    place = f"{path}:{lines.get(name, 1)}"
    if error["type"] == "extra_forbidden":
        unknown = str(error["loc"][-1])
        return f"{place}: unknown attribute {unknown!r}{did_you_mean(unknown, known)}"
    return f"{place}: {name}: {error['msg'][0].lower()}{error['msg'][1:]}"
