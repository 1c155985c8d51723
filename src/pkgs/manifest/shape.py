"""The shape of the schema: which attributes and blocks each kind of body may hold."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from pkgs.manifest.schema import PLACE, Body


@functools.cache
def blocks(model: type[Body]) -> Mapping[str, tuple[type[Body], bool]]:
    """Return the blocks a body may hold, by name: what is in them, and whether there may be several."""
    found: dict[str, tuple[type[Body], bool]] = {}
    for field in model.model_fields.values():
        for inner in getattr(field.annotation, "__args__", ()):
            if isinstance(inner, type) and issubclass(inner, Body):
                found[str(field.alias)] = (inner, field.default == ())
    return found


@functools.cache
def attributes(model: type[Body]) -> Mapping[str, Any]:
    """Return the attributes a body may hold, by name, as pydantic describes them."""
    without = {*blocks(model), model.label, PLACE}
    return {str(field.alias): field for field in model.model_fields.values() if field.alias not in without}
