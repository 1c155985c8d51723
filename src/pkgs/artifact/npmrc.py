"""The user's own npm configuration: where a package's registry is, and how to be let in.

What counts, and in which order, is what ``npm help npmrc`` and ``npm help config`` say.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pkgs.artifact.locations import Tls, basic
from pkgs.errors import FetchError

_VARIABLE = re.compile(r"(\\*)\$\{([^${}]+)\}")
_PREFIX = "npm_config_"
_UNDERSCORE = re.compile(r"(?!^)_")

Settings = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class NpmConfig:
    """npm's settings by name; lists (``ca[]``) are tuples. ``home`` is what ``~`` means."""

    settings: Settings
    home: Path

    def registry(self, name: str) -> str:
        """Return the registry for the package ``name``, with a slash at its end; "" if none is configured."""
        scope = name.partition("/")[0] if name.startswith("@") else ""
        url = self._text(f"{scope}:registry") if scope else ""
        url = url or self._text("registry")
        return f"{url.rstrip('/')}/" if url else ""

    def credentials(self, url: str) -> Mapping[str, str]:
        """Return the header that the configuration has for ``url``; the longest matching path counts."""
        for place in _places(url):
            token = self._text(f"{place}:_authToken")
            if token:
                return {"Authorization": f"Bearer {token}"}
            pair = self._text(f"{place}:_auth")
            if pair:
                return {"Authorization": f"Basic {pair}"}
            user, password = self._text(f"{place}:username"), self._text(f"{place}:_password")
            if user and password:
                return basic(user, _from_base64(password))
        return {}

    def tls(self, url: str) -> Tls:
        """Return the certificates that the configuration has for ``url``."""
        places = list(_places(url))
        authorities = self.settings.get("ca", ())
        cadata = "\n".join(authorities) if isinstance(authorities, tuple) else authorities
        return Tls(
            cafile=self._first("cafile", [*places, ""]),
            cadata="" if cadata in ("", "null") else cadata.replace("\\n", "\n"),
            certificate=self._first("certfile", places),
            key=self._first("keyfile", places),
            verify=self._text("strict-ssl") != "false",
        )

    def _first(self, name: str, places: list[str]) -> str:
        values = (self._text(f"{place}:{name}" if place else name) for place in places)
        path = next((value for value in values if value not in ("", "null")), "")
        return str(self.home / path[2:]) if path.startswith("~/") else path

    def _text(self, name: str) -> str:
        value = self.settings.get(name, "")
        return value if isinstance(value, str) else (value[-1] if value else "")


def read_config(environ: Mapping[str, str], home: Path, project: Path | None = None) -> NpmConfig:
    """Read npm's configuration: the environment over the project's ``.npmrc``, the user's and the global one.

    ``project`` is the directory whose ``.npmrc`` counts. Raises :class:`FetchError` for an unreadable file.
    """
    from_environment = _from_environment(environ)
    settings: dict[str, str | tuple[str, ...]] = {}
    user = from_environment.get("userconfig") or str(home / ".npmrc")
    files = [_global_file(environ, from_environment), Path(user)]
    if project:
        files.append(project / ".npmrc")
    for file in files:
        if file:
            settings |= parse(_read(file), environ)
    return NpmConfig(settings | from_environment, home)


def parse(text: str, environ: Mapping[str, str]) -> dict[str, str | tuple[str, ...]]:
    """Read an ``.npmrc``: ``name = value`` lines, ``name[]`` for lists, ``;`` and ``#`` for comments.

    ``${NAME}`` is replaced from ``environ``; an unset one stays, with ``${NAME?}`` it becomes empty.
    """
    settings: dict[str, str | tuple[str, ...]] = {}
    for line in map(str.strip, text.splitlines()):
        if not line or line[0] in ";#":
            continue
        name, equals, value = line.partition("=")
        name = _expand(name.strip(), environ)
        value = _expand(_unquote(value.strip()), environ) if equals else "true"
        if name.endswith("[]"):
            former = settings.get(name[:-2], ())
            settings[name[:-2]] = (*(former if isinstance(former, tuple) else (former,)), value)
        else:
            settings[name] = value
    return settings


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings in ``npm_config_…`` variables, whose case and inner underscores npm ignores."""
    found: dict[str, str] = {}
    for name, value in environ.items():
        if name.lower().startswith(_PREFIX) and value:
            setting = name[len(_PREFIX) :]
            if not setting.startswith(("//", "@")):
                setting = _UNDERSCORE.sub("-", setting.lower())
            found[setting] = value
    return found


def _global_file(environ: Mapping[str, str], from_environment: Mapping[str, str]) -> Path | None:
    """Return ``{prefix}/etc/npmrc``; the prefix is where node is installed."""
    if "globalconfig" in from_environment:
        return Path(from_environment["globalconfig"])
    prefix = from_environment.get("prefix")
    node = shutil.which("node", path=environ.get("PATH"))
    if not prefix and not node:
        return None
    return (Path(prefix) if prefix else Path(node or "").parent.parent) / "etc" / "npmrc"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    except OSError as error:
        hint = "check its permissions, or name another file in NPM_CONFIG_USERCONFIG"
        raise FetchError(f"cannot read {file}: {error.strerror}", hint) from error


def _places(url: str) -> Iterator[str]:
    """Yield the names under which ``url`` may have settings: ``//host/a/``, ``//host/a``, then shorter."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    while True:
        yield f"//{parts.netloc}{path}/"
        yield f"//{parts.netloc}{path}"
        if not path:
            return
        path = path.rpartition("/")[0]


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        try:
            return str(json.loads(value)) if value[0] == '"' else value[1:-1]
        except ValueError:
            return value[1:-1]
    return re.split(r"\s[;#]", value, maxsplit=1)[0].rstrip()


def _expand(text: str, environ: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        slashes, name = found[1], found[2]
        if len(slashes) % 2:
            return found[0][1:]
        optional = name.endswith("?")
        return slashes + environ.get(name.rstrip("?"), "" if optional else found[0][len(slashes) :])

    return _VARIABLE.sub(value, text)


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return text
