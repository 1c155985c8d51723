"""From a source's URI to the source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pkgs
from pkgs.errors import SourceError
from pkgs.source.local import LocalSource
from pkgs.source.model import Source

BUILTIN = "builtin:"


def open_sources(uris: Sequence[str] | None, env_root: Path | None) -> tuple[Source, ...]:
    """Return the sources of a configuration in order, and last the manifests that come with pkgs.

    ``uris`` is None where the configuration does not say. Raises :class:`SourceError` for a kind of source
    that is not known, and for a directory that does not exist.
    """
    return (*(open_source(uri, env_root) for uri in uris or () if uri != BUILTIN), builtin())


def builtin() -> LocalSource:
    """Return the manifests that come with pkgs: inside the package, or beside it in a checkout."""
    package = Path(pkgs.__file__).parent
    installed = package / "manifests"
    return LocalSource(BUILTIN, installed if installed.is_dir() else package.parent.parent / "manifests")


def open_source(uri: str, env_root: Path | None) -> Source:
    """Return the source that ``uri`` names; see :func:`open_sources`."""
    parts = urlsplit(uri)
    path = unquote(parts.path)
    if parts.scheme == "env" and env_root:
        return _directory(uri, env_root / path.lstrip("/"))
    if parts.scheme == "file" and not path.endswith(".git"):
        return _directory(uri, Path(path))
    raise SourceError(f"unsupported manifest source {uri!r}", "sources are env:///DIR and file:///DIR")


def _directory(uri: str, directory: Path) -> LocalSource:
    if not directory.is_dir():
        raise SourceError(
            f"the manifest source {uri} names {directory}, which is no directory",
            "correct sources in pkgs.hcl",
        )
    return LocalSource(uri, directory)
