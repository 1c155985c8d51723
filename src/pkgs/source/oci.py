"""Snapshots in OCI registries as manifest sources: an artifact whose one layer is an archive of manifests.

The layer's digest is the revision, so that a lock needs no manifest of the registry's, and no tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pkgs.artifact.documents import from_json
from pkgs.artifact.fetch import Fetcher
from pkgs.artifact.oci import OciReference
from pkgs.errors import SourceError
from pkgs.source.access import Access
from pkgs.source.remote import RemoteSource
from pkgs.source.snapshot import SnapshotOrigin

_LARGEST_MANIFEST = 4 << 20
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class OciOrigin:
    """What a tag of a repository names; ``shown`` is what the user calls it."""

    url: str
    shown: str
    fetcher: Callable[[], Fetcher]

    @property
    def local(self) -> bool:
        """A registry is never taken to be on this machine."""
        return False

    def newest(self) -> str:
        """Return the digest of the layer that the tag names now."""
        text = self.fetcher().text(self.url, _LARGEST_MANIFEST)
        try:
            manifest: Any = from_json(text)
            digests = [layer["digest"] for layer in manifest["layers"]]
        except (ValueError, KeyError, TypeError) as error:
            raise self._odd("is not an image manifest") from error
        if len(digests) != 1:
            raise self._odd(f"has {len(digests)} layers")
        if not _DIGEST.fullmatch(str(digests[0])):
            raise self._odd(f"names its layer by {str(digests[0])[:80]!r}, which is no SHA-256 digest")
        return str(digests[0])

    ask = newest

    def obtain(self, revision: str, into: Path) -> str:
        """Fetch and unpack the layer."""
        revision = revision or self.newest()
        reference = OciReference.parse(self.url)
        layer = f"oci://{reference.host}/{reference.repository}@{revision}"
        return SnapshotOrigin(layer, self.shown, self.fetcher).obtain(revision, into)

    def _odd(self, why: str) -> SourceError:
        return SourceError(
            f"the manifest source {self.shown} {why}",
            "push one archive, for example: oras push HOST/REPOSITORY:TAG manifests.tar.zst",
        )


def oci_source(uri: str, url: str, access: Access) -> RemoteSource:
    """Return the source of what ``url`` names, which is called ``uri``; nothing is fetched yet."""
    OciReference.parse(url)
    return RemoteSource(uri, OciOrigin(url, uri, access.fetcher), access)
