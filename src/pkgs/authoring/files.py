"""Manifest files as they are read and written: the bytes of a file in, and back without a trace of pkgs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pkgs.errors import ManifestError
from pkgs.manifest.load import decode_manifest, load_manifest
from pkgs.manifest.model import Manifest
from pkgs.store.files import atomic_write


@dataclass(frozen=True, slots=True)
class ManifestPath:
    """A manifest's file; ``name`` is its package's."""

    path: Path

    @property
    def name(self) -> str:
        """The package's name."""
        return self.path.stem

    def text(self) -> str:
        """Return what is in the file; raise :class:`ManifestError`."""
        try:
            return decode_manifest(self.path.read_bytes(), path=str(self.path))
        except OSError as error:
            raise ManifestError(
                f"cannot read {self.path}: {error.strerror}", "name a manifest's file"
            ) from error

    def load(self) -> Manifest:
        """Return the manifest; raise :class:`ManifestError`."""
        return load_manifest(self.text(), name=self.name, path=str(self.path))

    def write(self, text: str) -> None:
        """Replace the file, or what it links to, keeping its permissions."""
        target = self.path.resolve()
        mode = target.stat().st_mode & 0o777
        atomic_write(target, text.encode(), mode)
        target.chmod(mode)  # whatever the umask is
