"""``pkgs.hcl`` as text: a new one, and changes of single values in one that people have written."""

from __future__ import annotations

from collections.abc import Iterator

from pkgs.environment.config import Config
from pkgs.manifest.document import Attribute, Block, Document, Entry, MapEntry, MapValue, Value
from pkgs.manifest.printer import print_document


def config_text(config: Config) -> str:
    """Return a file that says ``config``, leaving out what is the default anyway."""
    return print_document(Document(tuple(_entries(config))))


def _entries(config: Config) -> Iterator[Entry]:
    """Yield the entries in hermit's order (env.go:92-107)."""
    values: dict[str, tuple[Value | None, Value | None]] = {
        "env": (_map(config), MapValue(())),
        "sources": (config.sources, None),
        "manage-git": (config.manage_git, True),
        "inherit-parent": (config.inherit_parent, False),
        "install-on-activate": (config.install_on_activate, ()),
        "idea": (config.idea, False),
    }
    yield from (Attribute(name, value) for name, (value, default) in values.items() if value != default)
    if config.github_token_auth:
        yield Block("github-token-auth", (), (Attribute("match", config.github_token_auth),))


def _map(config: Config) -> MapValue:
    return MapValue(tuple(MapEntry(name, value) for name, value in sorted(config.env.items())))
