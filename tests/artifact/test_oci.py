"""Registries: tokens that end, and certificates that are shown. The rest is in tests/source/test_oci.py."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from pkgs.artifact.certificates import CertificateClient
from pkgs.artifact.locations import Location
from pkgs.artifact.oci import OciClient, OciReference
from pkgs.artifact.transport import Answer, Request
from pkgs.artifact.web import Web
from pkgs.errors import FetchError
from tests.artifact.conftest import LINUX

BLOB = "oci://r.test/o/r@sha256:" + "1" * 64


class _Registry:
    """A transport to a registry that wants tokens of ``https://auth.test/token``, a new one each time."""

    def __init__(
        self, more: Mapping[str, object] | None = None, realm: str = "https://auth.test/token"
    ) -> None:
        self.requests: list[Request] = []
        self._realm = realm
        self._more = more or {}

    @contextmanager
    def send(self, request: Request) -> Iterator[Answer]:
        self.requests.append(request)
        if "/v2/" in request.url:
            challenge = f'Bearer realm="{self._realm}"'
            yield Answer(request.url, 401, {"www-authenticate": challenge}, iter(()))
        else:
            text = json.dumps({"token": len(self.requests), **self._more})
            yield Answer(request.url, 200, {}, iter((text.encode(),)))


def _located(client: OciClient) -> Location:
    found = client.locate(BLOB, LINUX, None)
    assert found
    return found[0]


@pytest.mark.parametrize(
    ("more", "seconds"), [({}, 50), ({"expires_in": 300}, 290), ({"expires_in": "soon"}, 50)]
)
def test_a_token_is_used_until_shortly_before_its_end(
    tmp_path: Path, more: Mapping[str, object], seconds: float
) -> None:
    now = [0.0]
    client = OciClient(Web(_Registry(more)), {}, tmp_path, clock=lambda: now[0])

    def token(at: float) -> str:
        now[0] = at
        return _located(client).headers["Authorization"]

    assert [token(0), token(seconds - 1)] == ["Bearer 2"] * 2
    assert [token(seconds + 1), token(seconds + 2)] == ["Bearer 4"] * 2


@pytest.mark.parametrize(
    "url", ["oci://me:secret@h.test", "oci://me:secret@h.test/UPPER", "oci://me:secret@["]
)
def test_a_password_in_an_address_that_is_none_is_not_shown(url: str) -> None:
    with pytest.raises(FetchError, match="names nothing in a registry") as caught:
        OciReference.parse(url)
    assert "secret" not in str(caught.value)


def test_a_registry_is_shown_the_certificate_for_it_and_no_other(tmp_path: Path) -> None:
    registry = _Registry()
    certificates = CertificateClient({"PKGS_CLIENT_CERTS": "r.test:443=/me.pem other.test=/other.pem"})
    location = _located(OciClient(Web(registry), {}, tmp_path, certificates.tls))

    assert location.tls.certificate == "/me.pem"
    assert [request.tls.certificate for request in registry.requests] == ["/me.pem", ""]


@pytest.mark.parametrize(
    "realm", ["https://[", "https://h:x/", "http://auth.test/", "file:///etc/passwd", ""]
)
def test_a_token_from_nowhere_is_a_sentence(tmp_path: Path, realm: str) -> None:
    certificates = CertificateClient({"PKGS_CLIENT_CERTS": "r.test=/me.pem"})

    with pytest.raises(FetchError, match=r"r\.test"):
        _located(OciClient(Web(_Registry(realm=realm)), {}, tmp_path, certificates.tls))
