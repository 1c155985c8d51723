"""A directory of manifests: ``env:///dir``, ``file:///dir``, and the ones that come with pkgs."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pkgs.errors import SourceError
from pkgs.source.model import ManifestFile, Refreshed
from pkgs.texts import read_bytes, read_text

SUFFIX = ".hcl"
# Of a file beside the manifests, in bytes.
_LARGEST = 1 << 30


@dataclass(frozen=True, slots=True)
class LocalSource:
    """The manifests at the top level of ``directory``; none if it does not exist.

    ``sealed``: links that lead out of the directory are not followed, as what is in it came from elsewhere.
    """

    uri: str
    directory: Path
    commit: str = ""
    sealed: bool = False

    @property
    def here(self) -> bool:
        """A directory is always here."""
        return True

    def names(self) -> Sequence[str]:
        """Return the names of all packages that have a manifest here, sorted."""
        try:
            return sorted(path.stem for path in self.directory.iterdir() if path.suffix == SUFFIX)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            told = f"cannot read the manifest source {self.uri}: {error}"
            raise SourceError(told, "see whether you may use it") from error

    def path(self, name: str) -> Path | None:
        """Return the file that holds, or would hold, the manifest of ``name``."""
        return self.directory / f"{name}{SUFFIX}"

    def read(self, name: str) -> ManifestFile | None:
        """Return the manifest of ``name``, or None; raise :class:`SourceError` if it cannot be read."""
        path = self.directory / f"{name}{SUFFIX}"
        if "/" in name or "\0" in name:
            return None
        try:
            if self.sealed:
                self._refuse_outside(path, path.name)
            text = read_text(path)
            return ManifestFile(name, text, path, self.uri) if self._is_called(name) else None
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
                return None
            raise SourceError(f"cannot read {path}: {error}", "a manifest is UTF-8 text") from error

    def _is_called(self, name: str) -> bool:
        """Tell whether a manifest that was read has that very name, also where case makes no difference."""
        other = self.directory / f"{name.swapcase()}{SUFFIX}"
        # Names alone, without a Path for each: where case makes no difference, this is for every manifest.
        return not other.exists() or f"{name}{SUFFIX}" in os.listdir(self.directory)  # noqa: PTH208

    def file(self, relative: str) -> bytes:
        """Return the content of a file beside the manifests, never from outside the source."""
        path = self.directory / relative
        try:
            self._refuse_outside(path, relative)
            return read_bytes(path, _LARGEST)
        except (OSError, ValueError) as error:
            told = f"cannot read {relative} of the manifest source {self.uri}: {error}"
            raise SourceError(told, "it must be a file that you may read") from error

    def _refuse_outside(self, path: Path, shown: str) -> None:
        # Path.resolve of Python 3.11 raises RuntimeError for links that lead in a circle.
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.directory)):
            raise SourceError(f"{shown} lies outside the manifest source {self.uri}")

    def follow(self, commit: str) -> bool:  # noqa: ARG002
        """Return False: a directory stands at no commit."""
        return False

    def refresh(self) -> Refreshed:
        """Say that there is nothing to refresh."""
        return Refreshed(self.uri)
