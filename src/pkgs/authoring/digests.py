"""Digests for manifests: which are missing, what publishers state of them, and what downloads turn out to be.

Source of the rules: hermit, manifest/digest/digest.go:38-184. Other than there, alternatives count, every
platform does, ``HASH *name`` is read, and one version that cannot be had stops no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import date

from pkgs.artifact.fetch import Fetcher
from pkgs.artifact.git import GitSource
from pkgs.artifact.local import local_path
from pkgs.artifact.model import NOTHING, PYPI, Artifact
from pkgs.authoring.checksums import Checksums, Stated
from pkgs.errors import FetchError, PkgsError, ResolveError
from pkgs.manifest.model import Manifest
from pkgs.package.model import Origin, Package, Places
from pkgs.package.resolve import Resolver
from pkgs.package.selectors import ExactSelector
from pkgs.platforms import PLATFORMS, Platform
from pkgs.progress import Reporter
from pkgs.references import Reference
from pkgs.store.blobs import Blobs

DOWNLOAD = "download"
"""Where a digest is from that no publisher states."""


@dataclass(frozen=True, slots=True)
class Request:
    """One URL of a manifest: what it belongs to, who states its digest, and the one that is listed ("")."""

    url: str
    label: str
    platforms: tuple[Platform, ...]
    mirrors: tuple[str, ...] = ()
    stated_by: str = ""
    listed: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A digest, and where it is from: the URL of a publisher's file, or :data:`DOWNLOAD`."""

    digest: str
    by: str


@dataclass(frozen=True, slots=True)
class Finder:
    """What finding digests takes."""

    fetcher: Fetcher
    blobs: Blobs
    reporter: Reporter
    checksums: Checksums

    def find(self, request: Request) -> Found:
        """Return the digest that is stated, else that of what is downloaded; raise :class:`PkgsError`."""
        stated = self._stated(request) if _has_neighbours(request.url) else None
        return Found(stated.digest, stated.by) if stated else Found(self._downloaded(request), DOWNLOAD)

    def _stated(self, request: Request) -> Stated | None:
        try:
            return self.checksums.find(request.url, request.stated_by)
        except FetchError as error:
            if not self.checksums.reaches(request.url):
                raise
            self.reporter.warn(f"{request.label}: {error.message}; downloading the file instead")
            return None

    def _downloaded(self, request: Request) -> str:
        """Download for each platform if the URL stands for several files; they have to be the same."""
        several = request.url.startswith(PYPI)
        platforms = request.platforms if several else request.platforms[:1]
        digests = {platform: self._download(request, platform) for platform in platforms}
        if len(set(digests.values())) > 1:
            told = ", ".join(f'{platform}: sha256 = "{digest}"' for platform, digest in digests.items())
            raise FetchError(
                f"{request.url} is another file on each platform: {told}",
                "write each digest beside its source, in a block for the platform",
            )
        return next(iter(digests.values()))

    def _download(self, request: Request, platform: Platform) -> str:
        artifact = Artifact(request.url, mirrors=request.mirrors)
        blob = self.blobs.ensure([artifact], platform, self.fetcher, self.reporter, request.label)
        return blob.digest.hex


def _has_neighbours(url: str) -> bool:
    return url.startswith(("http:", "https:", "file:", "/"))


def requests_of(manifest: Manifest, today: date, problem: Callable[[PkgsError], None]) -> tuple[Request, ...]:
    """Return every URL of a manifest's versions once, in order; git repositories and directories have none.

    Channels are passed over, as in hermit: what they point at moves. ``problem`` hears of versions that
    cannot be resolved.
    """
    found: dict[str, Request] = {}
    for package in _packages(manifest, today, problem):
        for number, origin in enumerate(package.origins):
            if _is_download(origin.source):
                fresh = _request(package, origin, first=number == 0)
                found[origin.source] = _joined(found.get(origin.source), fresh)
    return tuple(found.values())


def _packages(manifest: Manifest, today: date, problem: Callable[[PkgsError], None]) -> Iterator[Package]:
    resolver = Resolver(manifest)
    for version in (version for block in manifest.versions for version in block.versions):
        selector = ExactSelector(Reference(manifest.name, version=version))
        for platform in PLATFORMS:
            try:
                yield resolver.resolve(selector, platform, Places.symbolic(), today=today)
            except ResolveError as error:
                if error.kind not in ("no-source", "no-binaries"):
                    problem(error)


def _request(package: Package, origin: Origin, *, first: bool) -> Request:
    return Request(
        url=origin.source,
        label=f"{package.reference} {package.platform}",
        platforms=(package.platform,),
        mirrors=package.mirrors if first else (),
        stated_by=package.sha256_source if first else "",
        listed=origin.sha256.lower(),
    )


def _joined(known: Request | None, fresh: Request) -> Request:
    if known is None:
        return fresh
    platforms = tuple(dict.fromkeys((*known.platforms, *fresh.platforms)))
    return replace(known, platforms=platforms, listed=known.listed or fresh.listed)


def _is_download(url: str) -> bool:
    if url == NOTHING or GitSource.parse(url):
        return False
    path = None if "$" in url else local_path(url)
    return not (path and path.is_dir())


def found_in_parallel(
    find: Callable[[Request], Found], requests: Iterable[Request], jobs: int
) -> Iterator[tuple[Request, Found | PkgsError]]:
    """Yield each request with its digest or with why there is none, as they come."""
    pool = ThreadPoolExecutor(max(1, jobs))
    try:
        futures = {pool.submit(find, request): request for request in requests}
        for future in as_completed(futures):
            error = future.exception()
            if error and not isinstance(error, PkgsError):
                raise error
            yield futures[future], error if isinstance(error, PkgsError) else future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a publisher states of a listed digest; ``stated`` is None where nothing is stated."""

    request: Request
    stated: Stated | None
    problem: str = ""

    @property
    def contradicted(self) -> bool:
        """Whether the publisher states another digest."""
        return self.stated is not None and self.stated.digest != self.request.listed


def verdict(checksums: Checksums, request: Request) -> Verdict:
    """Hold one listed digest against what its publisher states."""
    try:
        found = checksums.find(request.url, request.stated_by) if _has_neighbours(request.url) else None
    except FetchError as error:
        return Verdict(request, None, error.message)
    return Verdict(request, found, "" if found else "its publisher states none beside it")


def verdicts(checksums: Checksums, requests: Sequence[Request], jobs: int) -> list[Verdict]:
    """Hold all listed digests against what their publishers state, in order."""
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        return list(pool.map(lambda request: verdict(checksums, request), requests))
