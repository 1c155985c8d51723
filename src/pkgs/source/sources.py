"""From a source's URI to the source.

| URI | source |
|---|---|
| ends in ``.git``, or ``.git#REF`` | a git repository, whatever its scheme (:mod:`pkgs.source.git`) |
| ends in ``.tar.zst``, ``.tar.gz``, ``.tgz`` or ``.tar.xz`` | a snapshot (:mod:`pkgs.source.snapshot`) |
| ``oci://HOST/REPOSITORY:TAG`` | a snapshot in a registry (:mod:`pkgs.source.oci`) |
| ``env:///dir`` | a directory below the environment's root |
| ``file:///dir`` | that directory |

The kinds are hermit's (sources/sources.go:119-164), snapshots apart.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pkgs
from pkgs.errors import SourceError
from pkgs.source.access import Access
from pkgs.source.local import LocalSource
from pkgs.source.model import Source
from pkgs.source.uris import without_secrets

BUILTIN = "builtin:"
_ARCHIVES = (".tar.zst", ".tar.gz", ".tgz", ".tar.xz")
_KINDS = (
    "sources are env:///DIR, file:///DIR, git repositories (….git or ….git#REF), and snapshots "
    "(https:// or file:// ….tar.zst or ….tar.gz, and oci://HOST/REPOSITORY:TAG)"
)


def open_sources(uris: Sequence[str], access: Access) -> tuple[Source, ...]:
    """Return the sources of a configuration in order, and last the manifests that come with pkgs.

    Nothing is fetched before it is read. A directory that does not exist is warned of, and has no manifests
    (hermit, sources/sources.go:138-163). Raises :class:`SourceError` for a kind that is not known.
    """
    return (*(open_source(uri, access) for uri in uris if uri != BUILTIN), builtin())


def builtin() -> LocalSource:
    """Return the manifests that come with pkgs: inside the package, or beside it in a checkout."""
    package = Path(pkgs.__file__).parent
    installed = package / "manifests"
    return LocalSource(BUILTIN, installed if installed.is_dir() else package.parent.parent / "manifests")


def open_source(uri: str, access: Access) -> Source:
    """Return the source that ``uri`` names; see :func:`open_sources`."""
    shown = without_secrets(uri)
    url = _below_root(uri, access.root)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise SourceError(f"the manifest source {shown!r} is not a URL", _KINDS) from error
    if url.partition("#")[0].endswith(".git"):
        from pkgs.source.git import git_source  # deferred: git and locks, for few environments

        return git_source(shown, url, access)
    if parts.scheme in ("http", "https", "file") and parts.path.endswith(_ARCHIVES):
        from pkgs.source.snapshot import snapshot_source  # deferred: unpacking, for few environments

        return snapshot_source(shown, url, access)
    if parts.scheme == "oci":
        from pkgs.source.oci import oci_source  # deferred: see above

        return oci_source(shown, url, access)
    if parts.scheme == "file":
        path = unquote(parts.path, errors="surrogateescape")
        if "\0" in path:
            raise SourceError(f"the manifest source {shown!r} has a NUL in its path", _KINDS)
        return _directory(shown, path, access)
    raise SourceError(f"unsupported manifest source {shown!r}", _KINDS)


def named_source(text: str, cwd: Path, access: Access) -> Source:
    """Return the source that a user names: a directory as seen from ``cwd``, or else a URI."""
    directory = cwd / text
    return open_source(directory.resolve().as_uri() if directory.is_dir() else text, access)


def _below_root(uri: str, root: Path | None) -> str:
    """Return an ``env:`` URI as the ``file:`` URI that it means."""
    if not uri.startswith("env:"):
        return uri
    if root is None:
        raise SourceError(f"the manifest source {uri} means an environment, and there is none", _KINDS)
    path = uri.removeprefix("env:").lstrip("/")
    # By name, since the root of an environment that is being made may not be there yet.
    return f"file://{os.path.normpath(f'{quote(os.fsencode(root))}/{path}')}" if path else "file://"


def _directory(uri: str, path: str, access: Access) -> LocalSource:
    """Return a source even of a directory that is missing, so that its coming is noticed."""
    directory = Path(path or os.devnull)
    if not directory.is_dir():
        named = f"names {path}, which is no directory" if path else "names no directory"
        access.reporter.warn(f"the manifest source {uri} {named}; it is skipped")
    return LocalSource(uri, directory)
