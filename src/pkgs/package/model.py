"""A package: one manifest resolved for one reference and one platform. Frozen, and made without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pkgs.envops import EnvOp
from pkgs.manifest.model import Action
from pkgs.platforms import Platform
from pkgs.references import Reference


@dataclass(frozen=True, slots=True)
class Places:
    """The directories a manifest may name: where a package is unpacked, the environment's root, home, state.

    Resolving with :meth:`symbolic` gives the same package on every machine, with ``${dest}``, ``${env}``,
    ``${HOME}`` and ``${state}`` where the paths would stand.
    """

    dest: str
    env: str
    home: str
    state: str

    @classmethod
    def symbolic(cls) -> Places:
        """Return places that stand for themselves."""
        return cls(dest="${dest}", env="${env}", home="${HOME}", state="${state}")


@dataclass(frozen=True, slots=True)
class Origin:
    """One origin of a package's bytes: an expanded URL, its digest ("" where unknown) and its strip."""

    source: str
    sha256: str
    strip: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Everything needed to fetch, unpack, expose and run one package.

    ``origins`` holds the source and then its alternatives, in the order they are to be tried; ``source``,
    ``sha256`` and ``strip`` repeat the first. ``version`` is the concrete version
    ("" for a channel without one). ``dest`` is set only where a manifest sets it; ``root`` is where
    ``binaries`` are relative to.
    """

    reference: Reference
    platform: Platform
    version: str
    description: str = ""
    homepage: str = ""
    repository: str = ""
    arch: str = ""
    binaries: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    runtime_dependencies: tuple[str, ...] = ()
    env: tuple[EnvOp, ...] = ()
    origins: tuple[Origin, ...] = ()
    sha256_source: str = ""
    mirrors: tuple[str, ...] = ()
    dont_extract: bool = False
    root: str = ""
    dest: str = ""
    mutable: bool = False
    test: str = ""
    update_seconds: float = 0
    triggers: Mapping[str, tuple[Action, ...]]
    files: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    unsupported_platforms: tuple[Platform, ...] = ()

    @property
    def source(self) -> str:
        """The first origin's URL, or "" where the platform has none."""
        return self.origins[0].source if self.origins else ""

    @property
    def sha256(self) -> str:
        """The first origin's digest, or "" where it is unknown."""
        return self.origins[0].sha256 if self.origins else ""

    @property
    def strip(self) -> int:
        """How many leading path parts of the first origin's archive are dropped."""
        return self.origins[0].strip if self.origins else 0
