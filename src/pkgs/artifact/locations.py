"""Locations: a URL that can be asked now, and what it takes to ask there."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from pkgs.digests import Digest
from pkgs.platforms import Platform

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Tls:
    """How a server proves itself and we prove ourselves.

    ``cafile`` (a path) or ``cadata`` (PEM text) replace the system's certificates; ``certificate`` and
    ``key`` are paths of a client certificate. ``verify`` is False only where the user's own configuration
    of that client says so.
    """

    cafile: str = ""
    cadata: str = ""
    certificate: str = ""
    key: str = ""
    verify: bool = True

    def anonymous(self) -> Tls:
        """Return the same without the client certificate."""
        return replace(self, certificate="", key="")


@dataclass(frozen=True, slots=True)
class Location:
    """An http(s) URL without credentials in it.

    ``headers`` (credentials among them) go to this URL's origin only, never across a redirect to another.
    ``checks`` are digests that whoever lists the file publishes, hexadecimal by :mod:`hashlib`'s names.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: Tls = field(default_factory=Tls)
    checks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, url: str) -> Location:
        """Return the location of a URL; a user and password in it become a header."""
        plain, login = without_login(url)
        return cls(plain, basic(login[0], login[1] or "") if login else {})


def without_login(url: str) -> tuple[str, tuple[str, str | None] | None]:
    """Return a URL without user and password, and these, decoded; None for what is not in it.

    Raises :class:`ValueError` for what is no URL.
    """
    parts = urlsplit(url)
    userinfo, at, netloc = parts.netloc.rpartition("@")
    if not at:
        return url, None
    user, colon, password = userinfo.partition(":")
    return urlunsplit(parts._replace(netloc=netloc)), (unquote(user), unquote(password) if colon else None)


class Client(Protocol):
    """Someone who knows what a kind of URL stands for, e.g. a package registry's client."""

    def locate(self, url: str, platform: Platform, digest: Digest | None) -> Sequence[Location] | None:
        """Return where the bytes of ``url`` are, best first; None if the URL is not this client's.

        ``digest`` is what is wanted, if it is known: it decides between several files. Raises
        :class:`pkgs.errors.FetchError`.
        """


def basic(user: str, password: str) -> Mapping[str, str]:
    """Return the header of basic authentication (RFC 7617)."""
    return {
        "Authorization": "Basic "
        + base64.b64encode(f"{user}:{password}".encode(errors="surrogateescape")).decode()
    }


def origin(url: str) -> tuple[str, str, int]:
    """Return the origin of ``url`` (RFC 6454): scheme, host and port; raise :class:`ValueError`."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or PORTS.get(scheme, 0)


def downgraded(listing: str, url: str) -> bool:
    """Say whether ``url``, which the page ``listing`` names, gives up the encryption of that page."""
    return origin(listing)[0] == "https" and origin(url)[0] == "http"
