"""The user's own settings of pip and uv: which indexes count, and how to be let in."""

from __future__ import annotations

import configparser
import netrc
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pkgs.artifact.fetch import plain_location
from pkgs.artifact.locations import Location, Tls, basic, downgraded, origin
from pkgs.errors import FetchError

_SECTIONS = ("global", "install", "download")


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """The indexes to ask: ``extra`` come before ``index``, as in uv, so that a private name is not shadowed.

    ``index`` is "" where none is configured. URLs may hold credentials.
    """

    index: str = ""
    extra: tuple[str, ...] = ()
    cafile: str = ""
    certificate: str = ""
    trusted: tuple[str, ...] = ()
    netrc: Path | None = None

    def location(self, url: str, index: str) -> Location:
        """Return how to ask ``url``, listed by ``index``, with the index's credentials or the netrc's."""
        plain, listed = plain_location(url), Location.of(index)
        headers = plain.headers
        if not headers and origin(plain.url) == origin(listed.url):
            headers = listed.headers
        if not headers and not downgraded(listed.url, plain.url):
            headers = self._from_netrc(plain.url)
        return Location(plain.url, headers, self._tls(plain.url))

    def _tls(self, url: str) -> Tls:
        parts = urlsplit(url)
        verify = parts.hostname not in self.trusted and parts.netloc not in self.trusted
        return Tls(cafile=self.cafile, certificate=self.certificate, verify=verify)

    def _from_netrc(self, url: str) -> Mapping[str, str]:
        if self.netrc is None or not self.netrc.is_file():
            return {}
        try:
            found = netrc.netrc(self.netrc).authenticators(urlsplit(url).hostname or "")
        except (OSError, ValueError, netrc.NetrcParseError):
            return {}  # as pip and uv do
        return basic(found[0], found[2] or "") if found else {}


def read_config(environ: Mapping[str, str], home: Path) -> IndexConfig:
    """Read the variables of pip and uv, then pip's files, then uv's; the first that says anything counts.

    Raises :class:`FetchError` for a file that cannot be read.
    """
    pip = _pip_settings(environ, home)
    uv = _uv_settings(environ, home)
    extra = _words(environ, "PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX")
    return IndexConfig(
        index=_first(environ, "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
        or pip.get("index-url", "")
        or uv[0],
        extra=extra or tuple(pip.get("extra-index-url", "").split()) or uv[1],
        cafile=_first(environ, "PIP_CERT") or pip.get("cert", ""),
        certificate=_first(environ, "PIP_CLIENT_CERT") or pip.get("client-cert", ""),
        trusted=_words(environ, "PIP_TRUSTED_HOST") or tuple(pip.get("trusted-host", "").split()),
        netrc=Path(environ["NETRC"]) if environ.get("NETRC") else home / ".netrc",
    )


def _first(environ: Mapping[str, str], *names: str) -> str:
    values = (environ.get(name, "").strip() for name in names)
    return next((_unnamed(value) for value in values if value), "")


def _words(environ: Mapping[str, str], *names: str) -> tuple[str, ...]:
    return tuple(_unnamed(word) for name in names for word in environ.get(name, "").split())


def _unnamed(index: str) -> str:
    """Return the URL of uv's ``name=URL``."""
    name, equals, url = index.partition("=")
    return url if equals and name.replace("-", "").replace("_", "").isalnum() else index


def _pip_settings(environ: Mapping[str, str], home: Path) -> Mapping[str, str]:
    """Return pip's settings, later files over earlier ones: see ``pip config --help``."""
    settings: dict[str, str] = {}
    for file in _pip_files(environ, home):
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(_read(file), str(file))
        except configparser.Error as error:
            hint = "correct it, or name another in PIP_CONFIG_FILE"
            raise FetchError(f"pip's configuration {file} cannot be understood", hint) from error
        for section in filter(parser.has_section, _SECTIONS):
            settings |= {name.replace("_", "-"): value for name, value in parser.items(section)}
    return settings


def _pip_files(environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    chosen = environ.get("PIP_CONFIG_FILE", "")
    if chosen == os.devnull:
        return
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip/pip.conf")
    for directory in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":"):
        yield Path(directory) / "pip/pip.conf"
    yield Path("/etc/pip.conf")
    yield home / ".pip/pip.conf"
    yield _config_home(environ, home) / "pip/pip.conf"
    if sys.platform == "darwin":
        yield home / "Library/Application Support/pip/pip.conf"
    if environ.get("VIRTUAL_ENV"):
        yield Path(environ["VIRTUAL_ENV"]) / "pip.conf"
    if chosen:
        yield Path(chosen)


def _uv_settings(environ: Mapping[str, str], home: Path) -> tuple[str, tuple[str, ...]]:
    """Return the default and the extra indexes of uv's own files."""
    files = [_config_home(environ, home) / "uv/uv.toml", Path("/etc/uv/uv.toml")]
    if environ.get("UV_CONFIG_FILE"):
        files = [Path(environ["UV_CONFIG_FILE"])]
    for file in files:
        try:
            settings = tomllib.loads(_read(file))
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            hint = "correct it, or name another in UV_CONFIG_FILE"
            raise FetchError(f"uv's configuration {file} cannot be understood: {error}", hint) from error
        default, extra = _uv_indexes(settings)
        if default or extra:
            return default, extra
    return "", ()


def _uv_indexes(settings: Mapping[str, object]) -> tuple[str, tuple[str, ...]]:
    listed = settings.get("index")
    indexes = [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, list) else []
    usable = [entry for entry in indexes if isinstance(entry.get("url"), str) and not entry.get("explicit")]
    default = [str(entry["url"]) for entry in usable if entry.get("default")]
    extra = [str(entry["url"]) for entry in usable if not entry.get("default")]
    older, older_extra = settings.get("index-url"), settings.get("extra-index-url")
    if isinstance(older, str) and not default:
        default = [older]
    if isinstance(older_extra, list):
        extra += [str(url) for url in older_extra]
    return (default[0] if default else ""), tuple(extra)


def _config_home(environ: Mapping[str, str], home: Path) -> Path:
    return Path(environ["XDG_CONFIG_HOME"]) if environ.get("XDG_CONFIG_HOME") else home / ".config"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    except OSError as error:
        raise FetchError(f"cannot read {file}: {error.strerror}", "check its permissions") from error
