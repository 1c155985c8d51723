"""A manifest as frozen values, after parsing and validation and before any layering.

Field names and merge rules follow hermit (manifest/config.go); see docs/reference/manifest.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_EMPTY: Mapping[str, str] = MappingProxyType({})


def _nothing() -> Mapping[str, str]:
    return _EMPTY


@dataclass(frozen=True, slots=True)
class Message:
    """Show ``text`` to the user."""

    text: str


@dataclass(frozen=True, slots=True)
class Rename:
    """Rename ``from_`` to ``to`` (absolute paths)."""

    from_: str
    to: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove ``files`` (absolute paths)."""

    files: tuple[str, ...]
    recursive: bool = False


@dataclass(frozen=True, slots=True)
class Chmod:
    """Give ``file`` the permission bits ``mode``."""

    mode: int
    file: str


@dataclass(frozen=True, slots=True)
class Run:
    """Run ``cmd`` (split as a shell splits words, never given to one) with ``args`` in ``dir``."""

    cmd: str
    args: tuple[str, ...] = ()
    dir: str = ""
    env: tuple[str, ...] = ()
    stdin: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """Copy ``from_`` (relative: beside the manifest) to ``to``; ``mode`` 0 keeps the source's."""

    from_: str
    to: str
    mode: int = 0


@dataclass(frozen=True, slots=True)
class Mkdir:
    """Make directory ``dir`` and its parents; ``mode`` 0 means 0o750."""

    dir: str
    mode: int = 0


@dataclass(frozen=True, slots=True)
class Symlink:
    """Make ``to`` a symbolic link that points at ``from_``."""

    from_: str
    to: str


Action = Message | Rename | Delete | Chmod | Run | Copy | Mkdir | Symlink


@dataclass(frozen=True, slots=True)
class Trigger:
    """Actions to run, in source order, when ``event`` happens."""

    event: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another origin of the same package version: tried, in order, when ``source`` fails."""

    source: str
    sha256: str = ""
    strip: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What a manifest, a platform, a version or a channel says; empty fields say nothing."""

    arch: str = ""
    binaries: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=_nothing)
    requires: tuple[str, ...] = ()
    runtime_dependencies: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    dest: str = ""
    root: str = ""
    files: Mapping[str, str] = field(default_factory=_nothing)
    strip: int = 0
    test: str | None = None
    env: Mapping[str, str] = field(default_factory=_nothing)
    vars: Mapping[str, str] = field(default_factory=_nothing)
    source: str = ""
    alternatives: tuple[Alternative, ...] = ()
    dont_extract: bool = False
    mirrors: tuple[str, ...] = ()
    sha256: str = ""
    sha256_source: str = ""
    mutable: bool = False
    systems: tuple[System, ...] = ()
    platforms: tuple[PlatformBlock, ...] = ()
    triggers: tuple[Trigger, ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """A ``darwin`` or ``linux`` block; ``layer.arch`` narrows it."""

    os: str
    layer: Layer


@dataclass(frozen=True, slots=True)
class PlatformBlock:
    """A ``platform`` block: every label is a regular expression that must match."""

    labels: tuple[str, ...]
    layer: Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoVersion:
    """Where new versions are found; exactly the attributes of hermit's ``auto-version`` block."""

    github_release: str = ""
    git_tags: str = ""
    html_url: str = ""
    html_xpath: str = ""
    html_css: str = ""
    json_url: str = ""
    json_jq: str = ""
    version_pattern: str = "v?(.*)"
    ignore_invalid_versions: bool = False


@dataclass(frozen=True, slots=True)
class VersionBlock:
    """A ``version`` block; each label is one installable version sharing ``layer``."""

    versions: tuple[str, ...]
    layer: Layer
    auto_version: AutoVersion | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A ``channel`` block; ``update_seconds`` is the interval between update checks."""

    name: str
    update_seconds: float
    version: str | None
    layer: Layer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Manifest:
    """One package's manifest; ``path`` names the file in messages, ``channels`` are the declared ones.

    Equal only to itself, so that what is worked out for one can be remembered by it.
    """

    name: str
    path: str
    description: str
    layer: Layer
    default: str = ""
    homepage: str = ""
    repository: str = ""
    sha256sums: Mapping[str, str] = field(default_factory=_nothing)
    versions: tuple[VersionBlock, ...] = ()
    channels: tuple[Channel, ...] = ()
