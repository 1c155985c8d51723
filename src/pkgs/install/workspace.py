"""An environment together with everything that can act on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pkgs.environment.config import Config
from pkgs.environment.program import Program
from pkgs.environment.root import Environment
from pkgs.platforms import Platform
from pkgs.progress import Reporter
from pkgs.source.catalog import Catalog
from pkgs.state import State
from pkgs.store.store import Store

if TYPE_CHECKING:
    from pkgs.artifact.fetch import Fetcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """What installing and calling tools is given.

    ``frozen`` forbids every change of pins and lock. ``jobs`` is how many packages are fetched and unpacked
    at once. ``home`` is the user's home directory, which manifests may name; ``environ`` is what programs
    that pkgs itself starts, such as git, see of the process's variables.
    ``places`` tells which directories the symbols in sources of this machine stand for. ``owned_by`` is who
    uses what it has in the store, if that is not the environment (:mod:`pkgs.install.apart`).
    """

    environment: Environment
    config: Config
    program: Callable[[], Program]
    state: State
    platform: Platform
    home: str
    today: date
    catalog: Catalog
    store: Store
    fetcher: Fetcher
    reporter: Reporter
    places: Mapping[str, str] = field(default_factory=dict)
    frozen: bool = False
    jobs: int = 4
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    owned_by: Path | None = None

    def afresh(self) -> Workspace:
        """Return the same workspace with no manifest read yet."""
        return replace(self, catalog=self.catalog.afresh())

    @property
    def owner(self) -> Path:
        """Who uses the store, by one name: the environment, however its directory is spelled."""
        return self.owned_by or self.environment.bin_dir.resolve()
