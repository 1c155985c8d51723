"""All manifests an environment can see: its sources in order, the first that knows a name decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pkgs.errors import ResolveError
from pkgs.names import nearest
from pkgs.source.index import Index
from pkgs.source.model import ManifestFile, Source
from pkgs.source.summary import Summary

if TYPE_CHECKING:
    from pkgs.manifest.model import Manifest


@dataclass(frozen=True, slots=True)
class Entry:
    """A manifest together with the file and the source it was read from."""

    manifest: Manifest
    file: ManifestFile
    source: Source


@dataclass(frozen=True, slots=True)
class Listed:
    """A package in short, and the source that decides what it is."""

    name: str
    summary: Summary
    source: Source


@dataclass(frozen=True, slots=True)
class Catalog:
    """An ordered list of sources; each manifest is read once, and parsed if ``index`` does not know it."""

    sources: Sequence[Source]
    index: Index = field(default_factory=Index)
    _entries: dict[str, Entry] = field(default_factory=dict)
    _parsed: dict[ManifestFile, Manifest] = field(default_factory=dict)

    def afresh(self) -> Catalog:
        """Return the same catalog before anything was read: files are, texts need not be parsed again."""
        return Catalog(self.sources, self.index, _parsed=self._parsed)

    def follow(self, commits: Mapping[str, str]) -> None:
        """Read sources at these commits, by URI, from now on: somebody has changed the lock since."""
        moved = [source.follow(commits[source.uri]) for source in self.sources if source.uri in commits]
        if any(moved):
            self._entries.clear()

    def names(self) -> list[str]:
        """Return every package name that some source knows, sorted."""
        return sorted({name for source in self.sources for name in source.names()})

    def find(self, name: str) -> Entry | None:
        """Return the manifest of ``name`` from the first source that has one, or None.

        Raises :class:`ManifestError` when that manifest is broken: a broken manifest is never passed
        over in favour of a later source's (hermit, manifest/loader.go:61-84).
        """
        if name not in self._entries:
            found = self._read(name)
            if found is None:
                return None
            self._entries[name] = found
        return self._entries[name]

    def _read(self, name: str) -> Entry | None:
        located = self.locate(name)
        if located is None:
            return None
        file, source = located
        if file not in self._parsed:
            self._parsed[file] = self.index.load(file.text, name=name, path=str(file.path))
        return Entry(self._parsed[file], file, source)

    def locate(self, name: str) -> tuple[ManifestFile, Source] | None:
        """Return the manifest of ``name`` as text, and its source, or None."""
        for source in self.sources:
            file = source.read(name)
            if file:
                return file, source
        return None

    def manifest(self, name: str) -> Manifest | None:
        """Return the manifest of ``name``, or None; see :meth:`find`."""
        entry = self.find(name)
        return entry.manifest if entry else None

    def paths(self, name: str) -> list[Path]:
        """Return the files that decide which manifest ``name`` has, whether or not they exist."""
        return [path for source in self.sources if (path := source.path(name))]

    def get(self, name: str) -> Entry:
        """Return the manifest of ``name``; raise :class:`ResolveError` offering the nearest names."""
        found = self.find(name)
        if found is None:
            raise self.unknown(name)
        return found

    def unknown(self, name: str) -> ResolveError:
        """Return the error of a name that no source knows, with the names that may be meant."""
        return ResolveError("unknown-package", f"there is no package {name!r}", self._hint(name))

    def shadowed(self, name: str) -> list[ManifestFile]:
        """Return the manifests of ``name`` that are not read because an earlier source has one.

        Sources that would first have to be fetched are passed over.
        """
        files = [file for source in self.sources if source.here and (file := source.read(name))]
        first = files[0].path if files else None
        return [file for file in files[1:] if first and not file.path.samefile(first)]

    def listed(self) -> Mapping[str, Listed]:
        """Return every package in short, by name; broken manifests too."""
        found: dict[str, Listed] = {}
        for source in self.sources:
            for name, summary in self.index.summaries(source).items():
                found.setdefault(name, Listed(name, summary, source))
        return found

    def providers(self, name: str) -> list[str]:
        """Return the names of the packages that provide the virtual package ``name``, sorted."""
        return sorted(each.name for each in self.listed().values() if name in each.summary.provides)

    def _hint(self, name: str) -> str:
        providers = self.providers(name)
        if providers:
            return f"it is provided by: {', '.join(providers)}"
        near = nearest(name, self.names())
        sources = ", ".join(source.uri for source in self.sources)
        hint = f"did you mean {near}?" if near else f"sources searched: {sources}"
        moving = any(source.commit for source in self.sources)
        return f"{hint}; for newer manifests: pkgs update" if moving else hint
