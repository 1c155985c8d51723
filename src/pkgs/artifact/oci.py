"""OCI registries: ``oci://HOST/REPOSITORY:TAG`` is a manifest, ``oci://HOST/REPOSITORY@sha256:…`` a blob.

Any registry of the distribution specification 1.0 (https://github.com/opencontainers/distribution-spec). On
the loopback interface it is talked to without encryption, as all clients do. Credentials are those that
``docker login`` has stored in a file; helper programs are not asked.
"""

from __future__ import annotations

import base64
import json
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from pkgs.artifact.documents import from_json
from pkgs.artifact.failures import shown
from pkgs.artifact.locations import Location, Tls, basic, origin
from pkgs.artifact.model import OCI
from pkgs.artifact.web import Ask, Web
from pkgs.digests import Digest
from pkgs.errors import FetchError
from pkgs.platforms import Platform

_REFERENCE = re.compile(
    OCI + r"(?:[^/@]*@)?(?P<host>[A-Za-z0-9.-]+(?::[0-9]+)?|\[[0-9a-f:]+\](?::[0-9]+)?)/"
    r"(?P<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>[\w][\w.-]{0,127}))?"
)
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]+){3}|\[::1\]")
_CHALLENGE = re.compile(r'([a-z]+)="([^"]*)"')
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)
_LARGEST_TOKEN = 1 << 16
# How long a token is good for (seconds) if nobody says, and how long before its end it is not used any more.
_TOKEN_LASTS, _TOKEN_SPARE = 60, 10


@dataclass(frozen=True, slots=True)
class OciReference:
    """A place in a registry: a blob if ``digest`` is set, else what ``tag`` names."""

    host: str
    repository: str
    tag: str = "latest"
    digest: str = ""

    @classmethod
    def parse(cls, url: str) -> OciReference:
        """Read an ``oci://`` URL; raise :class:`FetchError` for what is none."""
        found = _REFERENCE.fullmatch(url)
        if not found:
            raise FetchError(f"{shown(url)!r} names nothing in a registry", "write oci://HOST/REPOSITORY:TAG")
        return cls(found["host"], found["repository"], found["tag"] or "latest", found["digest"] or "")

    @property
    def base(self) -> str:
        """The registry's address."""
        plain = _LOOPBACK.fullmatch(re.sub(r":[0-9]+$", "", self.host))
        return f"{'http' if plain else 'https'}://{self.host}"

    @property
    def url(self) -> str:
        """Where it is."""
        part = f"blobs/{self.digest}" if self.digest else f"manifests/{self.tag}"
        return f"{self.base}/v2/{self.repository}/{part}"


def _scheme(url: str) -> str:
    try:
        return origin(url)[0]
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class _Authorization:
    """With which header a repository may be read, and until when."""

    headers: Mapping[str, str]
    until: float = math.inf


class OciClient:
    """Finds what is in registries; see :class:`pkgs.artifact.locations.Client`.

    ``tls`` returns how to talk to the host of a URL: which client certificate it is shown.
    """

    def __init__(
        self,
        asking: Web,
        environ: Mapping[str, str],
        home: Path,
        tls: Callable[[str], Tls] = lambda _: Tls(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asking = asking
        self._tls = tls
        self._clock = clock
        folder = environ.get("DOCKER_CONFIG")
        self._logins = (Path(folder) if folder else home / ".docker") / "config.json"
        self._known: dict[tuple[str, str], _Authorization] = {}

    def locate(self, url: str, platform: Platform, digest: Digest | None) -> Sequence[Location] | None:  # noqa: ARG002
        """See :class:`pkgs.artifact.locations.Client`."""
        if not url.startswith(OCI):
            return None
        reference = OciReference.parse(url)
        key = reference.host, reference.repository
        known = self._known.get(key)
        if known is None or known.until < self._clock():
            known = self._known[key] = self._authorization(reference)
        accept = {} if reference.digest else {"Accept": _MANIFESTS}
        return (Location(reference.url, {**known.headers, **accept}, self._tls(reference.url)),)

    def _authorization(self, reference: OciReference) -> _Authorization:
        """Return the header with which the repository may be read; ask the registry what it wants."""
        base = Location(f"{reference.base}/v2/", tls=self._tls(reference.base))
        with self._asking.open(base, Ask(understood=(401, 404))) as answer:
            challenge = answer.headers.get("www-authenticate", "") if answer.status == 401 else ""
        kind, _, rest = challenge.partition(" ")
        login = self._login(reference.host)
        if kind.lower() == "basic" or not kind:
            return _Authorization(login if kind else {})
        return self._token(reference, dict(_CHALLENGE.findall(rest)), login)

    def _token(
        self, reference: OciReference, asked: Mapping[str, str], login: Mapping[str, str]
    ) -> _Authorization:
        """Fetch a token for reading; anybody gets one for what is public."""
        realm = asked.get("realm", "")
        if _scheme(realm) not in ("https", _scheme(reference.base)):
            raise FetchError(f"{reference.host} sends to {realm or 'nowhere'} for a token, which is not safe")
        query = {"scope": f"repository:{reference.repository}:pull"}
        if "service" in asked:
            query["service"] = asked["service"]
        joined = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query, quote_via=quote)}"
        asked_at = self._clock()
        text = self._asking.text(Location(joined, login, self._tls(joined)), _LARGEST_TOKEN)
        try:
            answer: Any = from_json(text)
            token = answer.get("token") or answer["access_token"]
            lasts = answer.get("expires_in")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FetchError(f"{reference.host} gives no token for {reference.repository}") from error
        lasts = lasts if isinstance(lasts, int | float) else _TOKEN_LASTS
        return _Authorization({"Authorization": f"Bearer {token}"}, asked_at + lasts - _TOKEN_SPARE)

    def _login(self, host: str) -> Mapping[str, str]:
        try:
            logins: Any = json.loads(self._logins.read_text("utf-8"))["auths"]
            user, _, password = base64.b64decode(logins[host]["auth"]).decode().partition(":")
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return basic(user, password)
