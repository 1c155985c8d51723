"""The index: what is known of manifests without parsing them again.

    STATE/index/v1/<code>/manifest/ab/abcd…   a parsed manifest, by the digest of its text
    STATE/index/v1/<code>/listing/<source>    each file of a directory: its stamp, digest and summary

A file whose stamp is as it was is not even opened. One whose stamp differs is read, and parsed only if its
digest is new. A stamp taken so soon after a change that another change could hide behind it is not kept.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pkgs.errors import ManifestError, SourceError
from pkgs.source.cache import Cache, stamp
from pkgs.source.local import SUFFIX
from pkgs.source.model import Source
from pkgs.source.summary import Summary

if TYPE_CHECKING:
    from pkgs.manifest.model import Manifest

_SETTLED_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Index:
    """Manifests and summaries, parsed once for every text there ever was."""

    cache: Cache = field(default_factory=lambda: Cache(None))

    def load(self, text: str, *, name: str, path: str) -> Manifest:
        """Return the manifest that ``text`` says; see :func:`~pkgs.manifest.load.load_manifest`."""
        from pkgs.source.parsed import parsed  # deferred: a search in what is known needs no manifest

        return parsed(self.cache, text, name=name, path=path)

    def summaries(self, source: Source) -> Mapping[str, Summary]:
        """Return every manifest of ``source`` in short, by package name, in the order of names."""
        directory = str(source.directory)
        listing = f"listing/{hashlib.sha256(directory.encode(errors='surrogateescape')).hexdigest()[:32]}"
        known = self.cache.read(listing) or {}
        found = {name: self._entry(source, directory, name, known.get(name)) for name in source.names()}
        if found != known:
            self.cache.write(listing, found)
        return {name: Summary.decode(summary) for name, (_, _, summary) in found.items()}

    def _entry(self, source: Source, directory: str, name: str, known: Any) -> list[Any]:
        """Return ``[stamp, digest, summary]`` of one file, like ``known`` if it has not changed."""
        try:
            stamped = list(stamp(f"{directory}/{name}{SUFFIX}"))
        except OSError:
            stamped = []
        if known and stamped and known[0] == stamped:
            return list(known)
        kept = stamped if stamped and time.time_ns() - max(stamped[:2]) > _SETTLED_NS else []
        return [kept, *self._summarised(source, name, known)]

    def _summarised(self, source: Source, name: str, known: Any) -> tuple[str, Any]:
        try:
            file = source.read(name)
        except SourceError as error:
            return "", Summary(error=error.message).encode()
        if file is None:
            return "", Summary(error=f"{name}{SUFFIX} is gone").encode()
        digest = hashlib.sha256(file.text.encode(errors="surrogatepass")).hexdigest()
        if known and known[1] == digest:
            return digest, known[2]
        from pkgs.source.parsed import summary_of  # deferred: see above

        try:
            summary = summary_of(self.load(file.text, name=name, path=os.fspath(file.path)))
        except ManifestError as error:
            summary = Summary(error=error.message)
        return digest, summary.encode()
