"""Make a pinned package present: its bytes verified in the store, its tree unpacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from pkgs.artifact.fetch import Fetcher
from pkgs.artifact.model import Artifact
from pkgs.artifact.select import artifacts_of
from pkgs.digests import Digest, digest_bytes
from pkgs.environment.lock import LockedPackage
from pkgs.environment.locking import refuse_contradiction, symbolic, to_artifact
from pkgs.environment.freeze import frozen
from pkgs.package.model import Package, Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import Selector
from pkgs.platforms import Platform
from pkgs.progress import Reporter
from pkgs.references import Reference
from pkgs.source.catalog import Entry
from pkgs.store.recipe import Recipe
from pkgs.store.store import Store


@dataclass(frozen=True, slots=True)
class Installed:
    """A package that is present: resolved at its real places, with what it was made from."""

    package: Package
    tree: Path
    key: Digest
    digest: str
    artifact: Artifact
