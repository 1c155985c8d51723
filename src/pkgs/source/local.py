"""A directory of manifests: ``env:///dir``, ``file:///dir``, and the ones that come with pkgs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pkgs.errors import SourceError
from pkgs.source.model import ManifestFile

SUFFIX = ".hcl"


@dataclass(frozen=True, slots=True)
class LocalSource:
    """The manifests at the top level of ``directory``."""

    uri: str
    directory: Path
    commit: str = ""

    def names(self) -> Sequence[str]:
        """Return the names of all packages that have a manifest here, sorted."""
        try:
            return sorted(path.stem for path in self.directory.iterdir() if path.suffix == SUFFIX)
        except OSError as error:
            raise SourceError(f"cannot read the manifest source {self.uri}: {error}") from error

    def path(self, name: str) -> Path | None:
        """Return the file that holds, or would hold, the manifest of ``name``."""
        return self.directory / f"{name}{SUFFIX}"

    def read(self, name: str) -> ManifestFile | None:
        """Return the manifest of ``name``, or None; raise :class:`SourceError` if it cannot be read."""
        path = self.directory / f"{name}{SUFFIX}"
        try:
            return ManifestFile(name, path.read_text(encoding="utf-8"), path, self.uri)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise SourceError(f"cannot read {path}: {error}", "a manifest is UTF-8 text") from error

    def file(self, relative: str) -> bytes:
        """Return the content of a file beside the manifests, never from outside the source."""
        path = (self.directory / relative).resolve()
        if not path.is_relative_to(self.directory.resolve()):
            raise SourceError(f"{relative} lies outside the manifest source {self.uri}")
        try:
            return path.read_bytes()
        except OSError as error:
            raise SourceError(f"cannot read {relative} of the manifest source {self.uri}: {error}") from error
