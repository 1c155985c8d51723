"""An environment's configuration without parsing it again: commands that only look should not wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pkgs.environment.config import Config, parse_config, read_text
from pkgs.source.cache import Cache


def cached_config(path: Path, cache: Cache) -> Config:
    """Read a configuration like :func:`~pkgs.environment.config.read_config`, parsing only unknown texts."""
    text = read_text(path)
    return _decode(cache.of_text("config", text, lambda: asdict(parse_config(text, path))))


def _decode(values: Mapping[str, Any]) -> Config:
    plain: Any = {name: tuple(each) if isinstance(each, list) else each for name, each in values.items()}
    return Config(**plain)
