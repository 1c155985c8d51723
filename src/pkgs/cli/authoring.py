"""What the commands that write manifests share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pkgs.app import App
from pkgs.errors import PkgsError, UsageError, together

if TYPE_CHECKING:
    from pkgs.artifact.fetch import Fetcher
    from pkgs.artifact.web import Web
    from pkgs.authoring.digests import Finder
    from pkgs.authoring.files import ManifestPath

JOBS = 8


def manifest_paths(app: App, words: Iterable[str]) -> list[ManifestPath]:
    """Return the manifests that are named, those of directories among them; raise :class:`UsageError`."""
    from pkgs.authoring.files import ManifestPath

    found = []
    for word in words:
        path = app.cwd / word
        found += sorted(path.glob("*.hcl")) if path.is_dir() else [path]
        if not path.exists():
            raise UsageError(f"there is no manifest {word}", "name a file, such as manifests/TOOL.hcl")
    return [ManifestPath(path) for path in found]


def fetcher(app: App) -> Fetcher:
    """Return what downloads, with an environment or without one."""
    from pkgs.artifact.clients import fetcher_of

    if app.within:
        return app.workspace().fetcher
    memo = app.state.root / "memo"
    warn = app.reporter.warn
    return fetcher_of(app.environ, app.home, app.cwd, memo, offline=app.offline, warn=warn)


def finder(app: App) -> Finder:
    """Return what finds digests."""
    from pkgs.authoring.checksums import Checksums
    from pkgs.authoring.digests import Finder

    downloads = fetcher(app)
    return Finder(downloads, app.store.blobs, app.reporter, Checksums(downloads.text))


@contextmanager
def web(app: App) -> Iterator[Web]:
    """Yield what asks the web; raise :class:`PkgsError` when offline."""
    from pkgs.artifact.transport import HttpxTransport, Timeouts
    from pkgs.artifact.web import Web

    if app.offline:
        raise PkgsError("new versions are upstream, and pkgs is offline", "run it without --offline")
    with HttpxTransport(app.environ, Timeouts.of(app.environ)) as transport:
        yield Web(transport)


def raise_all(errors: list[PkgsError]) -> None:
    """Raise one error that tells all of ``errors``, if there are any."""
    if errors:
        raise together(errors)
