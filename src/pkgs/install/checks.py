"""Asking whether a channel without a version has other bytes now, no more often than it wants to be asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress

from pkgs.artifact.failures import shown
from pkgs.artifact.git import GitSource, remote_commit
from pkgs.artifact.local import local_path
from pkgs.artifact.model import Artifact
from pkgs.artifact.placed import placed
from pkgs.environment.lock import LockedArtifact
from pkgs.errors import FetchError, StoreError
from pkgs.install.workspace import Workspace
from pkgs.package.model import Package
from pkgs.references import Reference
from pkgs.store.files import atomic_write
from pkgs.store.treedigest import digest_tree


class Checks:
    """When each channel was asked last, in seconds since the epoch; ``always`` asks whatever that says."""

    def __init__(self, workspace: Workspace, now: Callable[[], float], *, always: bool) -> None:
        self._workspace = workspace
        self._now = now
        self._always = always
        self._path = workspace.state.env(workspace.owner) / "checked.json"

    def due(self, package: Package) -> bool:
        """Tell whether a channel's update interval is over, or it was never asked."""
        last = self._read().get(str(package.reference))
        return self._always or last is None or self._now() - last >= package.update_seconds

    def changed(self, artifact: Artifact, held: LockedArtifact) -> str:
        """Ask the origin; return what it calls other bytes than are ``held``, or "" if they are the same.

        An origin that does not answer, or has no name for them, changes nothing; that is told.
        """
        try:
            now = self._ask(artifact)
        except FetchError as error:
            self._workspace.reporter.warn(
                f"{shown(artifact.url)} was not asked for an update: {error.message}"
            )
            return ""
        return now if now not in (held.commit, held.etag, held.sha256) else ""

    def _ask(self, artifact: Artifact) -> str:
        url = placed(artifact.url, self._workspace.places)
        source = GitSource.parse(url)
        if source:
            return remote_commit(source, self._workspace.environ)
        path = local_path(url)
        if path and path.is_dir():
            return digest_tree(path).digest.hex
        probe = self._workspace.fetcher.probe(artifact.url, self._workspace.platform)
        if not probe.reachable:
            raise FetchError(probe.reason)
        if not probe.etag:
            raise FetchError("its server tells no ETag")
        return probe.etag

    def remember(self, references: Iterable[Reference]) -> None:
        """Note that channels were asked just now; where that cannot be written they are asked again."""
        asked = {str(reference): self._now() for reference in references if reference.channel}
        with suppress(StoreError):
            atomic_write(self._path, json.dumps({**self._read(), **asked}).encode())

    def _read(self) -> dict[str, float]:
        with suppress(OSError, ValueError):
            found = json.loads(self._path.read_bytes())
            if isinstance(found, dict):
                return {str(key): float(value) for key, value in found.items()}
        return {}
