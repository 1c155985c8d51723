"""``npm:@scope/name@VERSION``: packages of an npm registry, found as the user's own npm would find them."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, urljoin

from pkgs.artifact.asking import default_of
from pkgs.artifact.documents import from_json
from pkgs.artifact.failures import AttemptError, host_of, shown
from pkgs.artifact.fetch import plain_location
from pkgs.artifact.locations import Location, downgraded, origin
from pkgs.artifact.memo import Memo
from pkgs.artifact.model import NPM
from pkgs.artifact.npmrc import NpmConfig, read_config
from pkgs.artifact.web import Web
from pkgs.digests import Digest
from pkgs.errors import FetchError
from pkgs.platforms import Platform

_SOURCE = re.compile(NPM + r"((?:@[a-z0-9~._-]+/)?[a-z0-9~._-]+)@([0-9A-Za-z.+-]+)", re.IGNORECASE)
_ABBREVIATED = "application/vnd.npm.install-v1+json, application/json"
_LARGEST_DOCUMENT = 64 << 20
_STRONGEST_FIRST = ("sha512", "sha384", "sha256")
_WHERE = "write the line `registry=URL` into ~/.npmrc, set NPM_CONFIG_REGISTRY, or install npm"


class NpmClient:
    """Finds the tarball of a version and what its registry publishes of it.

    The configuration is read at the first use; where it names no registry, npm itself is asked, and the
    answer remembered in ``memo``. ``project`` is the directory whose ``.npmrc`` counts.
    """

    def __init__(
        self, web: Web, environ: Mapping[str, str], home: Path, memo: Memo, project: Path | None = None
    ) -> None:
        self._web = web
        self._environ = environ
        self._home = home
        self._memo = memo
        self._project = project
        self._asking = threading.Lock()

    def locate(self, url: str, platform: Platform, digest: Digest | None) -> Sequence[Location] | None:  # noqa: ARG002
        """See :class:`pkgs.artifact.locations.Client`."""
        if not url.startswith(NPM):
            return None
        name, version = parse_source(url)
        config = read_config(self._environ, self._home, self._project)
        registry = config.registry(name) or self._default()
        dist = self._dist(config, registry, name, version)
        checks = _checks(dist)
        known = digest is not None or not checks.keys().isdisjoint(_STRONGEST_FIRST)
        published = _published(registry, _string(dist, "tarball"), known=known)
        usual = f"{registry}{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        tarballs = [published] if published else []
        if not tarballs or origin(published) != origin(registry):
            tarballs.append(usual)  # a mirror may pass on the addresses of the registry behind it
        return tuple(_location(config, tarball, registry, checks) for tarball in tarballs)

    def _default(self) -> str:
        """Return the registry that npm uses by itself."""
        with self._asking:
            found = default_of([("npm", "config", "get", "registry")], r"\A", self._environ, self._memo)
        if not found:
            raise FetchError("no npm registry is configured, and there is no npm to ask for its own", _WHERE)
        return f"{found.rstrip('/')}/"

    def _dist(self, config: NpmConfig, registry: str, name: str, version: str) -> Mapping[str, object]:
        """Return what the registry publishes of one version."""
        path = f"{registry}{quote(name, safe='@')}"
        try:
            document = self._document(config, f"{path}/{quote(version)}")
        except AttemptError as error:
            if error.again:
                raise
            return self._dist_from_list(config, path, name, version)  # it may serve no single versions
        return _mapping(document, "dist")

    def _dist_from_list(self, config: NpmConfig, path: str, name: str, version: str) -> Mapping[str, object]:
        document = self._document(config, path)
        versions = _mapping(document, "versions")
        if version not in versions:
            newest = ", ".join(list(versions)[-5:][::-1]) or "none"
            raise FetchError(f"{shown(path)} has no version {version} of {name}", f"it has: {newest}")
        return _mapping(_mapping(versions, version), "dist")

    def _document(self, config: NpmConfig, url: str) -> Mapping[str, object]:
        text = self._web.text(_location(config, url, url, {}), _LARGEST_DOCUMENT, _ABBREVIATED)
        try:
            document = from_json(text)
        except ValueError as error:
            raise _not_npm(url) from error
        if not isinstance(document, Mapping):
            raise _not_npm(url)
        return document


def parse_source(url: str) -> tuple[str, str]:
    """Return name and version of ``npm:NAME@VERSION``; raise :class:`FetchError`."""
    found = _SOURCE.fullmatch(url)
    if not found or ".." in url:
        raise FetchError(f"{url!r} is not an npm source", "write npm:NAME@VERSION or npm:@SCOPE/NAME@VERSION")
    return found[1], found[2]


def _published(registry: str, tarball: str, *, known: bool) -> str:
    """Return where the registry says that the tarball is; "" if that is of no use.

    Without encryption it may be only if its bytes are known.
    """
    try:
        url = urljoin(registry, tarball) if tarball else ""
        usable = origin(url)[0] in ("http", "https") and (known or not downgraded(registry, url))
    except ValueError:
        return ""
    return url if usable else ""


def _location(config: NpmConfig, url: str, listing: str, checks: Mapping[str, str]) -> Location:
    """Return how to ask ``url``, which ``listing`` names: with no secret where that alone is encrypted."""
    location = plain_location(url)
    secrets = {} if downgraded(listing, location.url) else config.credentials(location.url)
    headers = {**secrets, **location.headers}
    return Location(location.url, headers, config.tls(location.url), checks)


def _checks(dist: Mapping[str, object]) -> Mapping[str, str]:
    """Return the digests that the registry publishes: the strongest of ``integrity``, and ``shasum``."""
    checks: dict[str, str] = {}
    shasum = _string(dist, "shasum")
    if shasum:
        checks["sha1"] = shasum
    for name in _STRONGEST_FIRST:
        for entry in _string(dist, "integrity").split():
            algorithm, _, value = entry.partition("?")[0].partition("-")
            if algorithm == name:
                return checks | {name: _hex(value)}
    return checks


def _hex(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).hex()
    except ValueError as error:
        raise FetchError(f"the registry publishes {value!r}, which is no digest") from error


def _mapping(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = document.get(name, {})
    return value if isinstance(value, Mapping) else {}


def _string(document: Mapping[str, object], name: str) -> str:
    value = document.get(name, "")
    return value if isinstance(value, str) else ""


def _not_npm(url: str) -> FetchError:
    hint = f"check that the configured registry is one: {host_of(url)}"
    return FetchError(f"{shown(url)} does not answer as an npm registry does", hint)
