"""The schema of configurations. Home of pydantic for them: this is untrusted text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pkgs.errors import EnvError
from pkgs.names import did_you_mean
from pkgs.package.variables import is_variable_name


def _variable(name: str) -> str:
    if not is_variable_name(name):
        raise ValueError(f"{name!r} cannot be the name of a variable")
    return name


class _Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=lambda name: name.replace("_", "-")
    )


class Auth(_Body):
    """``github-token-auth``."""

    match: list[str] = Field(default_factory=list)


class EnvironmentFile(_Body):
    """``pkgs.hcl``; also ``defaults`` in a user's file (hermit, env.go:92-107)."""

    env: dict[Annotated[str, AfterValidator(_variable)], str] = Field(default_factory=dict)
    sources: list[str] | None = None
    manage_git: bool = True
    inherit_parent: bool = False
    install_on_activate: list[str] = Field(default_factory=list)
    idea: bool = False
    github_token_auth: Auth = Field(default_factory=Auth)


class UserFile(_Body):
    """``~/.pkgs.hcl``."""

    prompt: Literal["env", "short", "none"] = "env"
    short_prompt: bool = False
    no_git: bool = False
    idea: bool = False
    defaults: EnvironmentFile = Field(default_factory=EnvironmentFile)


Body = TypeVar("Body", bound=_Body)


def validate(model: type[Body], values: dict[str, Any], lines: dict[str, int], path: Path) -> Body:
    """Return ``values`` as a body of the kind ``model``.

    ``lines`` tells where names stand in the file ``path``. Raises :class:`EnvError` telling all faults.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = (_fault(each, lines, path, model) for each in error.errors())
        known = ", ".join(sorted(names.alias or name for name, names in model.model_fields.items()))
        raise EnvError("\n".join(faults), f"correct {path}, which may hold: {known}") from error


def _fault(error: Any, lines: dict[str, int], path: Path, model: type[_Body]) -> str:
    *outer, last = map(str, error["loc"])
    place = f"{path}:{lines.get(last) or lines.get(next(iter(outer), ''), 1)}"
    if error["type"] == "extra_forbidden":
        return f"{place}: unknown attribute {last!r}{did_you_mean(last, _known(model))}"
    said = error["msg"].removeprefix("Value error, ")
    return f"{place}: {'.'.join((*outer, last)).removesuffix('.[key]')}: {said[0].lower()}{said[1:]}"


def _known(model: type[_Body]) -> list[str]:
    names = {*model.model_fields, *(EnvironmentFile.model_fields if model is UserFile else ())}
    return [name.replace("_", "-") for name in names]
