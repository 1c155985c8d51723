"""Snapshots in a real OCI registry."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgs.artifact.locations import Location
from pkgs.artifact.oci import OciClient, OciReference
from pkgs.artifact.transport import HttpxTransport
from pkgs.artifact.web import Web
from pkgs.errors import FetchError, SourceError
from pkgs.platforms import Platform
from pkgs.source.sources import open_source
from tests.source.conftest import Opened
from tests.support.archives import make_tar_gz
from tests.support.oci import Registry, needs_registry, registry
from tests.support.repositories import small_manifest
from tests.support.server import Reply, Request, basic, serving

LINUX = Platform("linux", "amd64")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Registry]:
    with registry(tmp_path / "registry") as running:
        yield running


def _snapshot(tmp_path: Path, version: str) -> bytes:
    path = make_tar_gz(tmp_path / f"{version}.tar.gz", {"a.hcl": small_manifest("a", version).encode()})
    return path.read_bytes()


@needs_registry
def test_a_snapshot_is_read_from_a_registry_and_held_by_its_digest(
    running: Registry, tmp_path: Path, access: Opened
) -> None:
    uri = f"oci://{running.host}/tools/manifests:stable"
    (old,) = running.push("tools/manifests", "stable", [_snapshot(tmp_path, "1.0")])
    source = open_source(uri, access())
    assert "1.0" in str(source.read("a"))
    assert source.commit == old
    (new,) = running.push("tools/manifests", "stable", [_snapshot(tmp_path, "2.0")])

    elsewhere = open_source(uri, access(commits={uri: old}))
    refreshed = source.refresh()

    assert "1.0" in str(elsewhere.read("a"))
    assert (refreshed.before, refreshed.after) == (old, new)
    assert "2.0" in str(source.read("a"))


@needs_registry
@pytest.mark.parametrize("layers", [0, 2])
def test_what_is_not_one_archive_is_refused(
    running: Registry, tmp_path: Path, access: Opened, layers: int
) -> None:
    running.push("x", "latest", [_snapshot(tmp_path, str(number)) for number in range(layers)])

    with pytest.raises(SourceError, match=f"{layers} layers"):
        open_source(f"oci://{running.host}/x", access()).names()


@pytest.mark.parametrize(
    "digest",
    ["..", "../x", "/", 5, None, "\0", "a" * 5000, f"sha512:{'a' * 128}", f"sha256:{'A' * 64}", "sha256"],
)
def test_what_a_registry_calls_a_layer_is_a_digest_and_no_path(
    tmp_path: Path, access: Opened, digest: object
) -> None:
    _snapshot(tmp_path, "1")
    with serving() as server:
        server.add("/v2/", Reply(b"{}"))
        server.add("/v2/r/manifests/t", Reply(json.dumps({"layers": [{"digest": digest}]}).encode()))
        source = open_source(f"oci://127.0.0.1:{server.port}/r:t", access())
        (tmp_path / "state/sources/sha256").mkdir(parents=True)

        refreshed = source.refresh()
        with pytest.raises(SourceError, match="no SHA-256 digest"):
            source.names()

    assert "no SHA-256 digest" in refreshed.problem
    assert refreshed.after == ""
    assert not source.here


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"3", b'{"layers": {"a": 1}}', b'{"layers": "ab"}', b"[" * 200_000]
)
def test_what_is_no_manifest_of_an_image_is_refused(access: Opened, body: bytes) -> None:
    with serving() as server:
        server.add("/v2/", Reply(b"{}"))
        server.add("/v2/r/manifests/t", Reply(body))

        with pytest.raises(SourceError, match="not an image manifest"):
            open_source(f"oci://127.0.0.1:{server.port}/r:t", access()).names()


@needs_registry
def test_a_tag_that_is_not_there_is_an_error(running: Registry, access: Opened) -> None:
    with pytest.raises(FetchError, match="404"):
        open_source(f"oci://{running.host}/x:none", access()).names()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("oci://ghcr.io/o/r", "https://ghcr.io/v2/o/r/manifests/latest"),
        ("oci://h.test:5000/r:v1", "https://h.test:5000/v2/r/manifests/v1"),
        ("oci://localhost:5000/r:v1", "http://localhost:5000/v2/r/manifests/v1"),
        ("oci://127.0.0.1/r@sha256:" + "1" * 64, "http://127.0.0.1/v2/r/blobs/sha256:" + "1" * 64),
        ("oci://localhost.evil.test/r", "https://localhost.evil.test/v2/r/manifests/latest"),
        ("oci://[::1]:5000/r", "http://[::1]:5000/v2/r/manifests/latest"),
    ],
)
def test_addresses(url: str, address: str) -> None:
    assert OciReference.parse(url).url == address


@pytest.mark.parametrize(
    "url", ["oci://h.test", "oci://h.test/UPPER", "oci://h.test/../x", "oci:///r", "oci://h/r:"]
)
def test_what_names_nothing_in_a_registry(access: Opened, url: str) -> None:
    with pytest.raises(FetchError, match="registry"):
        open_source(url, access())


def _located(host: str, home: Path) -> Location:
    with HttpxTransport({}) as transport:
        found = OciClient(Web(transport), {}, home).locate(f"oci://{host}/o/r:t", LINUX, None)
    assert found
    return found[0]


def _log_in(home: Path, host: str) -> None:
    (home / ".docker").mkdir(parents=True)
    auth = base64.b64encode(b"me:pw").decode()
    (home / ".docker/config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))


@pytest.mark.parametrize("logged_in", [False, True])
def test_a_token_is_fetched_as_the_registry_asks(tmp_path: Path, logged_in: bool) -> None:
    seen: list[Request] = []

    def token(request: Request) -> Reply:
        seen.append(request)
        return Reply(b'{"token": "T"}')

    with serving() as server:
        host = f"127.0.0.1:{server.port}"
        challenge = f'Bearer realm="{server.url("/token")}",service="reg"'
        server.add("/v2/", Reply(status=401, headers={"WWW-Authenticate": challenge}))
        server.add("/token", token)
        if logged_in:
            _log_in(tmp_path, host)

        location = _located(host, tmp_path)

    assert location.headers["Authorization"] == "Bearer T"
    assert "manifest" in location.headers["Accept"]
    assert seen[0].query == "scope=repository%3Ao%2Fr%3Apull&service=reg"
    assert seen[0].headers.get("authorization") == (basic("me", "pw") if logged_in else None)


def test_a_registry_that_asks_for_a_password_gets_the_one_for_it(tmp_path: Path) -> None:
    with serving() as server:
        host = f"127.0.0.1:{server.port}"
        server.add("/v2/", Reply(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'}))
        _log_in(tmp_path, host)

        assert _located(host, tmp_path).headers["Authorization"] == basic("me", "pw")
        assert "Authorization" not in _located(host, tmp_path / "nobody").headers


@pytest.mark.parametrize("body", [b"", b"[]", b"{}"])
def test_an_answer_without_a_token_is_a_sentence(tmp_path: Path, body: bytes) -> None:
    with serving() as server:
        challenge = f'Bearer realm="{server.url("/token")}"'
        server.add("/v2/", Reply(status=401, headers={"WWW-Authenticate": challenge}))
        server.add("/token", Reply(body))

        with pytest.raises(FetchError, match="no token"):
            _located(f"127.0.0.1:{server.port}", tmp_path)
