"""The lock: for every pin and platform, exactly which bytes; and which pkgs reads it.

Home of tomli_w. The file is TOML, sorted and line-oriented, so that two branches which pin different
packages merge without a conflict. See docs/adr/0003-lock-format.md.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pkgs.artifact.model import NOTHING
from pkgs.digests import Digest
from pkgs.environment.program import Program
from pkgs.environment.tables import Table
from pkgs.errors import LockError, PkgsError
from pkgs.platforms import PLATFORMS, Platform
from pkgs.references import Reference
from pkgs.texts import read_text

FORMAT = 1
_HEADER = "# Written by pkgs; commit it. To change it: pkgs install, upgrade, uninstall, lock.\n\n"
FROM_MANIFEST = "manifest"
FIRST_USE = "first-use"
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PLATFORMS = {platform: str(platform) for platform in PLATFORMS}
_RESTORE = "restore it from version control, or remove what follows its table [pkgs], and run: pkgs lock"
_NEWER = "use the pkgs that wrote it, or a newer one: bin/pkgs starts the one that the lock names"


@dataclass(frozen=True, slots=True)
class LockedArtifact:
    """One origin of a package on one platform. ``size`` in bytes; ``tree`` is the unpacked tree's digest.

    ``sha256`` is that of the download, or for a local directory its tree's digest. A git repository has a
    ``commit`` instead, and a package with nothing to fetch has neither. ``provenance`` says where the digest
    is from: ``manifest``, or ``first-use`` (nobody vouched for it). ``etag`` is what the server called the
    bytes of a channel without a version, so that an upgrade can ask whether there are others.
    """

    url: str
    sha256: str = ""
    size: int | None = None
    strip: int = 0
    mirrors: tuple[str, ...] = ()
    tree: str = ""
    provenance: str = FROM_MANIFEST
    commit: str = ""
    etag: str = ""


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """A pinned reference, or one that a pinned package needs at run time.

    ``version`` is what a channel is frozen to. ``undigested`` lists platforms that the manifest offers but
    whose digest nobody knows yet. ``automatic`` marks a pin that came as a requirement of others and goes
    with the last of them; ``runtime`` are the references that the package needs at run time.
    """

    reference: str
    version: str
    source: str = ""
    artifacts: Mapping[Platform, tuple[LockedArtifact, ...]] = field(default_factory=dict)
    undigested: tuple[Platform, ...] = ()
    automatic: bool = False
    runtime: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LockedSource:
    """A manifest source and the commit it stands at ("" for a directory)."""

    uri: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """The whole file. ``program`` is None only before the first write."""

    program: Program | None = None
    sources: tuple[LockedSource, ...] = ()
    packages: Mapping[str, LockedPackage] = field(default_factory=dict)

    def with_package(self, package: LockedPackage) -> Lock:
        """Return a lock that holds ``package`` beside, or instead of, what it held."""
        return replace(self, packages={**self.packages, package.reference: package})

    def only(self, references: set[str]) -> Lock:
        """Return a lock without the packages that ``references`` does not name."""
        return replace(self, packages={k: v for k, v in self.packages.items() if k in references})


def read_lock(path: Path) -> Lock:
    """Read a lock; a missing file is an empty lock. Raises :class:`LockError` naming file and place."""
    try:
        text = read_text(path)
    except FileNotFoundError:
        return Lock()
    except (OSError, ValueError) as error:
        hint = "see whether you may read it" if isinstance(error, PermissionError) else _RESTORE
        raise LockError(f"cannot read {path}: {error}", hint) from error
    try:
        return _parsed(text)
    except tomllib.TOMLDecodeError as error:
        raise LockError(f"{path}: {error}", _repair_hint(path, text)) from error
    except RecursionError as error:
        raise LockError(f"{path} is not a lock of pkgs: nested too deeply", _RESTORE) from error
    except (ValueError, PkgsError) as error:
        hint = _NEWER if isinstance(error, _NewerError) else _repair_hint(path, text)
        raise LockError(f"{path} is not a lock of pkgs: {error}", hint) from error


@functools.lru_cache(maxsize=4)
def _parsed(text: str) -> Lock:
    return _decode(Table("", tomllib.loads(text)))


def _repair_hint(path: Path, text: str) -> str:
    if "<<<<<<<" in text:
        return f"resolve the merge conflict in {path}, keeping both sides, then run: pkgs lock"
    return _RESTORE


class _NewerError(LockError):
    """The lock is of a format that did not exist when this was written."""


def _decode(data: Table) -> Lock:
    found = data.values.get("version")
    if found != FORMAT:
        newer = isinstance(found, int) and found > FORMAT
        raise (_NewerError if newer else LockError)(f"its format is {found}, this pkgs knows {FORMAT}")
    packages = data.table("package", "")
    return Lock(
        program=Program.decode(data.table("pkgs", "").values) if "pkgs" in data.values else None,
        sources=tuple(
            LockedSource(entry.text("uri"), entry.text("commit", ""))
            for entry in data.tables("source", "source")
        ),
        packages={
            str(data.parsed(Reference.parse, key)): _decode_package(key, packages.table(key, key))
            for key in packages.values
        },
    )


def _decode_package(reference: str, entry: Table) -> LockedPackage:
    return LockedPackage(
        reference=reference,
        version=entry.text("version"),
        source=entry.text("source", ""),
        artifacts={
            platform: tuple(map(_decode_artifact, entry.tables(key, f"{reference}, {key}")))
            for platform, key in _PLATFORMS.items()
            if key in entry.values
        },
        undigested=tuple(entry.parsed(Platform.parse, each) for each in entry.texts("undigested")),
        automatic=entry.flag("automatic"),
        runtime=tuple(str(entry.parsed(Reference.parse, each)) for each in entry.texts("runtime")),
    )


def _decode_artifact(entry: Table) -> LockedArtifact:
    url, commit = entry.text("url"), entry.text("commit", "")
    if commit and not _COMMIT.fullmatch(commit):
        raise LockError(f"{entry.where}: commit is {commit!r}, not one of git's")
    if not (commit or url == NOTHING or "sha256" in entry.values):
        raise LockError(f"{entry.where}: {url!r} has neither sha256 nor commit")
    return LockedArtifact(
        url=url,
        sha256=entry.parsed(Digest.parse, entry.text("sha256")).hex if "sha256" in entry.values else "",
        size=entry.count("size"),
        strip=entry.count("strip") or 0,
        mirrors=entry.texts("mirrors"),
        tree=str(entry.parsed(Digest.parse, entry.text("tree"))) if "tree" in entry.values else "",
        provenance=entry.text("provenance", FROM_MANIFEST),
        commit=commit,
        etag=entry.text("etag", ""),
    )


def print_lock(lock: Lock) -> str:
    """Return the file's text: the same lock always gives the same bytes."""
    import tomli_w  # deferred: only writers need it

    data: dict[str, Any] = {"version": FORMAT}
    if lock.program:
        data["pkgs"] = lock.program.encode()
    if lock.sources:
        data["source"] = [_present({"uri": source.uri, "commit": source.commit}) for source in lock.sources]
    if lock.packages:
        data["package"] = {key: _encode_package(lock.packages[key]) for key in sorted(lock.packages)}
    return _HEADER + tomli_w.dumps(data, multiline_strings=False)


def _encode_package(package: LockedPackage) -> dict[str, Any]:
    entry = _present(
        {
            "version": package.version,
            "source": package.source,
            "automatic": package.automatic,
            "runtime": list(package.runtime),
            "undigested": [str(platform) for platform in sorted(package.undigested)],
        }
    )
    entry.setdefault("version", "")
    for platform in sorted(package.artifacts):
        entry[str(platform)] = [_encode_artifact(artifact) for artifact in package.artifacts[platform]]
    return entry


def _encode_artifact(artifact: LockedArtifact) -> dict[str, Any]:
    return _present(
        {
            "url": artifact.url,
            "mirrors": list(artifact.mirrors),
            "sha256": artifact.sha256,
            "commit": artifact.commit,
            "etag": artifact.etag,
            "size": artifact.size,
            "strip": artifact.strip,
            "tree": artifact.tree,
            "provenance": artifact.provenance,
        }
    )


def _present(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value not in (None, "", [], 0)}
