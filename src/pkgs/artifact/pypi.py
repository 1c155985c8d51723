"""``pypi:name==VERSION``: wheels that hold programs, from the index that the user's own pip or uv uses."""

from __future__ import annotations

import hashlib
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pkgs.artifact.asking import default_of
from pkgs.artifact.failures import AttemptError, host_of, refused
from pkgs.artifact.locations import Location, downgraded
from pkgs.artifact.memo import Memo
from pkgs.artifact.model import PYPI
from pkgs.artifact.web import Web
from pkgs.artifact.wheels import WheelFile, best_wheel, host_libc, project_name, wheels_of
from pkgs.digests import Digest
from pkgs.errors import FetchError
from pkgs.platforms import Platform

if TYPE_CHECKING:
    from pkgs.artifact.pipconf import IndexConfig

_SOURCE = re.compile(PYPI + r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)==([A-Za-z0-9.!+_-]+)")
_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_LARGEST_PAGE = 64 << 20
_CHECKED = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b"})
_CLIENTS = (
    (sys.executable, "-m", "pip", "download", "--help"),
    ("pip3", "download", "--help"),
    ("pip", "download", "--help"),
    ("uv", "pip", "install", "--help"),
)
_DEFAULT = r"index-url[^(]*\(default|package index \(by default:"
_WHERE = (
    "write `index-url = URL` under [global] into ~/.config/pip/pip.conf, set PIP_INDEX_URL, or install pip"
)


class PypiClient:
    """Finds the wheel of a version: the one with the wanted digest, else the one that fits the platform.

    Without configuration pip or uv is asked for its default, and the answer remembered in ``memo``.
    ``warn`` hears of withdrawn (yanked) files that are used although no digest asks for them.
    """

    def __init__(
        self,
        web: Web,
        environ: Mapping[str, str],
        home: Path,
        memo: Memo,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._web = web
        self._environ = environ
        self._home = home
        self._memo = memo
        self._warn = warn
        self._asking = threading.Lock()

    def locate(self, url: str, platform: Platform, digest: Digest | None) -> Sequence[Location] | None:
        """See :class:`pkgs.artifact.locations.Client`."""
        if not url.startswith(PYPI):
            return None
        from pkgs.artifact.pipconf import read_config  # deferred: seldom needed, and slow to import

        name, version = parse_source(url)
        config = read_config(self._environ, self._home)
        seen: list[WheelFile] = []
        for index in (*config.extra, config.index or self._default()):
            files = self._files(config, index, name)
            wheels = wheels_of(files, name, version)
            chosen = self._chosen(wheels, platform, digest)
            if chosen:
                return (self._location(config, index, chosen, pinned=digest is not None),)
            seen += files
        raise _nothing(url, platform, seen, wheels_of(seen, name, version))

    def _default(self) -> str:
        """Return the index that pip or uv uses by itself."""
        with self._asking:
            found = default_of(_CLIENTS, _DEFAULT, self._environ, self._memo)
        if not found:
            raise FetchError(
                "no Python package index is configured, and there is neither pip nor uv to ask", _WHERE
            )
        return found

    def _chosen(
        self, wheels: Sequence[WheelFile], platform: Platform, digest: Digest | None
    ) -> WheelFile | None:
        if digest:
            pinned = [wheel for wheel in wheels if ("sha256", digest.hex) in wheel.hashes]
            if pinned:
                return pinned[0]
        chosen = best_wheel(wheels, platform, self._libc(platform))
        if chosen and chosen.yanked and not digest:
            self._warn(f"{chosen.filename} was withdrawn by its publisher: {chosen.yanked}")
        return chosen

    def _libc(self, platform: Platform) -> str:
        """Return the C library of this machine if it is of the platform, else the usual one."""
        return (
            host_libc()
            if platform.os == "linux" and sys.platform == "linux" and platform == Platform.current()
            else "glibc"
        )

    def _location(self, config: IndexConfig, index: str, wheel: WheelFile, *, pinned: bool) -> Location:
        checks = {
            name: value for name, value in wheel.hashes if name in _CHECKED & hashlib.algorithms_available
        }
        location = config.location(wheel.url, index)
        if not checks and not pinned and downgraded(index, location.url):
            why = f"{host_of(index)} lists it without a hash, at an address without encryption"
            raise refused(location.url, why, "pin its sha256, or ask whoever runs the index")
        return replace(location, checks=checks)

    def _files(self, config: IndexConfig, index: str, name: str) -> list[WheelFile]:
        """Return all files that an index lists of a project; none if it does not know it."""
        page = f"{index.rstrip('/')}/{project_name(name)}/"
        location = config.location(page, index)
        try:
            text = self._web.text(location, _LARGEST_PAGE, _ACCEPT)
        except AttemptError as error:
            if error.status == 404:
                return []
            raise
        from pkgs.artifact.indexpage import files_of  # deferred: seldom needed, and slow to import

        return list(files_of(text, location.url))


def parse_source(url: str) -> tuple[str, str]:
    """Return name and version of ``pypi:NAME==VERSION``; raise :class:`FetchError`."""
    found = _SOURCE.fullmatch(url)
    if not found:
        raise FetchError(f"{url!r} is not a Python package source", "write pypi:NAME==VERSION")
    return found[1], found[2]


def _nothing(
    url: str, platform: Platform, files: Sequence[WheelFile], wheels: Sequence[WheelFile]
) -> FetchError:
    """Say what there is instead of what was looked for."""
    if wheels:
        names = ", ".join(wheel.filename for wheel in wheels[:6])
        return FetchError(f"{url} has no wheel with programs for {platform}", f"its wheels are: {names}")
    if files:
        names = ", ".join(file.filename for file in files[-5:])
        return FetchError(f"no index has wheels of {url}", f"the newest files of the project are: {names}")
    return FetchError(
        f"no index knows the project of {url}", "check its name, and which index pip is configured with"
    )
