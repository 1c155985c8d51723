"""Client certificates: which of them is shown to which host, and to no other."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pkgs.artifact.fetch import plain_location
from pkgs.artifact.locations import Location, Tls, origin
from pkgs.digests import Digest
from pkgs.errors import PkgsError
from pkgs.platforms import Platform

VARIABLE = "PKGS_CLIENT_CERTS"


class CertificateClient:
    """Locates https URLs of the hosts that ``PKGS_CLIENT_CERTS`` names.

    It holds words like ``HOST=FILE`` or ``HOST:PORT=FILE``, in quotes where a path has blanks; a file holds a
    certificate and its key as PEM. Raises :class:`PkgsError` for anything else.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._files = dict(map(_pair, _words(environ.get(VARIABLE, ""))))

    def locate(self, url: str, platform: Platform, digest: Digest | None) -> Sequence[Location] | None:  # noqa: ARG002
        """See :class:`pkgs.artifact.locations.Client`."""
        if not self._files or not url.lower().startswith("https:"):
            return None
        location = plain_location(url)
        tls = self.tls(location.url)
        return (replace(location, tls=tls),) if tls.certificate else None

    def tls(self, url: str) -> Tls:
        """Return what the host of ``url`` is shown; raise :class:`ValueError` for what is no URL."""
        scheme, host, port = origin(url)
        if scheme != "https":
            return Tls()
        return Tls(certificate=self._files.get(f"{host}:{port}") or self._files.get(host, ""))


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise _malformed(text) from error


def _pair(word: str) -> tuple[str, str]:
    host, sign, file = word.partition("=")
    if not (host and sign and file):
        raise _malformed(word)
    return host.lower(), file


def _malformed(text: str) -> PkgsError:
    return PkgsError(
        f"{VARIABLE} holds {text!r}, which names no host and file",
        f"for example: {VARIABLE}='artifacts.example.org=/etc/pki/me.pem'",
    )
