"""OCI registries: ``oci://HOST/REPOSITORY:TAG`` is a manifest, ``oci://HOST/REPOSITORY@sha256:…`` a blob.

Any registry of the distribution specification 1.0 (https://github.com/opencontainers/distribution-spec). On
the loopback interface it is talked to without encryption, as all clients do. Credentials are those that
``docker login`` has stored in a file; helper programs are not asked.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from pkgs.artifact.locations import Location, basic
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
            raise FetchError(f"{url!r} names nothing in a registry", "write oci://HOST/REPOSITORY:TAG")
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


class OciClient:
    """Finds what is in registries; see :class:`pkgs.artifact.locations.Client`."""

    def __init__(self, asking: Web, environ: Mapping[str, str], home: Path) -> None:
        self._asking = asking
        folder = environ.get("DOCKER_CONFIG")
        self._logins = (Path(folder) if folder else home / ".docker") / "config.json"
        self._headers: dict[tuple[str, str], Mapping[str, str]] = {}

    def locate(self, url: str, platform: Platform, digest: Digest | None) -> Sequence[Location] | None:  # noqa: ARG002
        """See :class:`pkgs.artifact.locations.Client`."""
        if not url.startswith(OCI):
            return None
        reference = OciReference.parse(url)
        key = reference.host, reference.repository
        if key not in self._headers:
            self._headers[key] = self._authorization(reference)
        accept = {} if reference.digest else {"Accept": _MANIFESTS}
        return (Location(reference.url, {**self._headers[key], **accept}),)

    def _authorization(self, reference: OciReference) -> Mapping[str, str]:
        """Return the header with which the repository may be read; ask the registry what it wants."""
        with self._asking.open(Location(f"{reference.base}/v2/"), Ask(understood=(401, 404))) as answer:
            challenge = answer.headers.get("www-authenticate", "") if answer.status == 401 else ""
        kind, _, rest = challenge.partition(" ")
        login = self._login(reference.host)
        if kind.lower() == "basic":
            return login
        return self._token(reference, dict(_CHALLENGE.findall(rest)), login) if kind else {}

    def _token(
        self, reference: OciReference, asked: Mapping[str, str], login: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Fetch a token for reading; anybody gets one for what is public."""
        realm = asked.get("realm", "")
        if not realm.startswith("https://") and not reference.base.startswith("http://"):
            raise FetchError(f"{reference.host} sends to {realm or 'nowhere'} for a token, which is not safe")
        query = {"scope": f"repository:{reference.repository}:pull"}
        if "service" in asked:
            query["service"] = asked["service"]
        joined = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query, quote_via=quote)}"
        text = self._asking.text(Location(joined, login), _LARGEST_TOKEN)
        try:
            answer = json.loads(text)
            token = answer.get("token") or answer["access_token"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FetchError(f"{reference.host} gives no token for {reference.repository}") from error
        return {"Authorization": f"Bearer {token}"}

    def _login(self, host: str) -> Mapping[str, str]:
        try:
            logins: Any = json.loads(self._logins.read_text("utf-8"))["auths"]
            user, _, password = base64.b64decode(logins[host]["auth"]).decode().partition(":")
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return basic(user, password)
