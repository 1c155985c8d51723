"""The lock: for every pin and platform, exactly which bytes; and which pkgs reads it.

Home of tomli_w. The file is TOML, sorted and line-oriented, so that two branches which pin different
packages merge without a conflict. See docs/adr/0003-lock-format.md.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pkgs.artifact.model import NOTHING
from pkgs.digests import Digest
from pkgs.environment.program import Program
from pkgs.errors import LockError, PkgsError
from pkgs.platforms import PLATFORMS, Platform

FORMAT = 1
_HEADER = "# Written by pkgs; commit it. To change it: pkgs install, upgrade, uninstall, lock.\n\n"
FROM_MANIFEST = "manifest"
FIRST_USE = "first-use"


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
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Lock()
    except (OSError, UnicodeDecodeError) as error:
        raise LockError(f"cannot read {path}: {error}") from error
    try:
        return _parsed(text)
    except tomllib.TOMLDecodeError as error:
        raise LockError(f"{path}: {error}", _repair_hint(path, text)) from error
    except (KeyError, TypeError, AttributeError, ValueError, PkgsError) as error:
        raise LockError(f"{path} is not a lock of pkgs: {error}", _repair_hint(path, text)) from error


@functools.lru_cache(maxsize=4)
def _parsed(text: str) -> Lock:
    return _decode(tomllib.loads(text))


def _repair_hint(path: Path, text: str) -> str:
    if "<<<<<<<" in text:
        return f"resolve the merge conflict in {path}, keeping both sides, then run: pkgs lock"
    return "restore it from version control, or remove it and run: pkgs lock"


def _decode(data: dict[str, Any]) -> Lock:
    if data.get("version") != FORMAT:
        raise LockError(f"its format is {data.get('version')}, this pkgs knows {FORMAT}")
    program = data.get("pkgs")
    return Lock(
        program=Program.decode(program) if program else None,
        sources=tuple(
            LockedSource(entry["uri"], entry.get("commit", "")) for entry in data.get("source", ())
        ),
        packages={key: _decode_package(key, entry) for key, entry in data.get("package", {}).items()},
    )


def _decode_package(reference: str, entry: dict[str, Any]) -> LockedPackage:
    platforms = {platform: str(platform) for platform in PLATFORMS}
    return LockedPackage(
        reference=reference,
        version=entry["version"],
        source=entry.get("source", ""),
        artifacts={
            platform: tuple(_decode_artifact(item) for item in entry[key])
            for platform, key in platforms.items()
            if key in entry
        },
        undigested=tuple(Platform.parse(key) for key in entry.get("undigested", ())),
        automatic=bool(entry.get("automatic", False)),
        runtime=tuple(entry.get("runtime", ())),
    )


def _decode_artifact(entry: dict[str, Any]) -> LockedArtifact:
    if not (entry.get("sha256") or entry.get("commit") or entry["url"] == NOTHING):
        raise LockError(f"{entry['url']} has no sha256")
    return LockedArtifact(
        url=entry["url"],
        sha256=Digest.parse(entry["sha256"]).hex if "sha256" in entry else "",
        size=entry.get("size"),
        strip=entry.get("strip", 0),
        mirrors=tuple(entry.get("mirrors", ())),
        tree=str(Digest.parse(entry["tree"])) if "tree" in entry else "",
        provenance=entry.get("provenance", FROM_MANIFEST),
        commit=entry.get("commit", ""),
        etag=entry.get("etag", ""),
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
