"""npm sources against a small registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from pkgs.artifact.fetch import HttpFetcher
from pkgs.artifact.locations import Client
from pkgs.artifact.memo import FileMemo
from pkgs.artifact.model import Artifact
from pkgs.artifact.npm import NpmClient, parse_source
from pkgs.artifact.transport import HttpxTransport
from pkgs.artifact.web import Web
from pkgs.digests import digest_bytes
from pkgs.errors import DigestMismatchError, FetchError
from pkgs.progress import SilentTask
from tests.artifact.conftest import LINUX
from tests.support.registries import NpmRegistry
from tests.support.server import Reply, Server

TARBALL = b"tarball" * 1000
Fetching = Callable[[Sequence[Client]], HttpFetcher]
Get = Callable[..., bytes]


@pytest.fixture
def get(transport: HttpxTransport, fetching: Fetching, tmp_path: Path) -> Get:
    """Fetch an npm source, with this environment, and return the bytes."""

    def fetch(url: str, environ: Mapping[str, str], digest: bytes | None = None) -> bytes:
        client = NpmClient(Web(transport), environ, tmp_path / "home", FileMemo(tmp_path / "memo"))
        artifact = Artifact(url, digest_bytes(digest) if digest else None)
        received = fetching([client]).fetch(artifact, LINUX, tmp_path / "file", SilentTask())
        assert received.url == url
        return (tmp_path / "file").read_bytes()

    return fetch


def _npmrc(tmp_path: Path, *lines: str) -> None:
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home/.npmrc").write_text("\n".join(lines), encoding="utf-8")


def _fake_npm(tmp_path: Path, script: str) -> dict[str, str]:
    """Put an ``npm`` on a PATH of its own that counts its calls."""
    tool = tmp_path / "bin/npm"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\necho >> {tmp_path}/calls\n{script}\n", encoding="utf-8")
    tool.chmod(0o755)
    return {"PATH": str(tool.parent)}


def test_a_scoped_package_arrives_from_the_configured_registry(server: Server, get: Get) -> None:
    registry = NpmRegistry(server)
    registry.publish("@mine/tool", "1.2.3", TARBALL)

    assert get("npm:@mine/tool@1.2.3", {"NPM_CONFIG_REGISTRY": registry.url}, TARBALL) == TARBALL
    assert server.requests[0].path == "/npm/@mine/tool/1.2.3"


def test_a_token_of_the_users_file_opens_the_registry(server: Server, get: Get, tmp_path: Path) -> None:
    registry = NpmRegistry(server, authorization="Bearer secret")
    registry.publish("@mine/tool", "1.2.3", TARBALL)
    host = f"//127.0.0.1:{server.port}/npm/"
    _npmrc(tmp_path, f"@mine:registry={registry.url}", host + ":_authToken=${TOKEN}")

    assert get("npm:@mine/tool@1.2.3", {"TOKEN": "secret"}) == TARBALL
    with pytest.raises(FetchError, match="answers 401") as caught:
        get("npm:@mine/tool@1.2.3", {"TOKEN": "wrong"})
    assert "wrong" not in str(caught.value)


def test_the_token_goes_to_no_other_host(server: Server, get: Get, tmp_path: Path) -> None:
    registry = NpmRegistry(server)
    server.add("/cdn/x.tgz", Reply(TARBALL))
    registry.publish("x", "1.0.0", TARBALL, tarball=server.url("/cdn/x.tgz", "localhost"))
    _npmrc(tmp_path, f"registry={registry.url}", f"//127.0.0.1:{server.port}/:_authToken=secret")

    assert get("npm:x@1.0.0", {}) == TARBALL
    assert server.seen("/npm/x/1.0.0")[0].headers["authorization"] == "Bearer secret"
    assert "authorization" not in server.seen("/cdn/x.tgz")[0].headers


def test_a_mirror_that_passes_on_foreign_addresses_still_serves(server: Server, get: Get) -> None:
    registry = NpmRegistry(server)
    registry.publish("@mine/x", "1.0.0", TARBALL, tarball="http://behind.invalid/x.tgz")

    assert get("npm:@mine/x@1.0.0", {"NPM_CONFIG_REGISTRY": registry.url}) == TARBALL
    with pytest.raises(DigestMismatchError):
        get("npm:@mine/x@1.0.0", {"NPM_CONFIG_REGISTRY": registry.url}, b"other")


def test_a_tarball_that_may_yet_come_is_tried_again(server: Server, get: Get) -> None:
    registry = NpmRegistry(server)
    registry.publish("x", "1.0.0", TARBALL, tarball=server.url("/gone", "localhost"))
    server.add("/npm/x/-/x-1.0.0.tgz", Reply(status=503), Reply(TARBALL))

    assert get("npm:x@1.0.0", {"NPM_CONFIG_REGISTRY": registry.url}) == TARBALL


@pytest.mark.parametrize("claim", [{"integrity": "sha512-" + "A" * 86 + "=="}, {"shasum": "0" * 40}])
def test_what_the_registry_publishes_is_checked(server: Server, get: Get, claim: Mapping[str, str]) -> None:
    registry = NpmRegistry(server)
    registry.publish("x", "1.0.0", TARBALL, **claim)

    with pytest.raises(DigestMismatchError, match=r"sha512|sha1"):
        get("npm:x@1.0.0", {"NPM_CONFIG_REGISTRY": registry.url}, TARBALL)


def test_the_pinned_digest_is_checked_too(server: Server, get: Get) -> None:
    registry = NpmRegistry(server)
    registry.publish("x", "1.0.0", TARBALL)

    with pytest.raises(DigestMismatchError, match="sha256"):
        get("npm:x@1.0.0", {"NPM_CONFIG_REGISTRY": registry.url}, b"other")


def test_a_registry_without_single_versions_is_asked_for_all(server: Server, get: Get) -> None:
    registry = NpmRegistry(server)
    registry.publish("x", "1.0.0", TARBALL)
    server.add("/npm/x/1.0.0", Reply(status=405))

    assert get("npm:x@1.0.0", {"NPM_CONFIG_REGISTRY": registry.url}) == TARBALL


def test_unknown_packages_and_versions_are_named(server: Server, get: Get) -> None:
    registry = NpmRegistry(server)
    registry.publish("x", "1.0.0", TARBALL)
    environ = {"NPM_CONFIG_REGISTRY": registry.url}

    with pytest.raises(FetchError, match=r"has no version 2\.0\.0 of x") as caught:
        get("npm:x@2.0.0", environ)
    assert caught.value.hint == "it has: 1.0.0"
    with pytest.raises(FetchError, match="answers 404"):
        get("npm:y@1.0.0", environ)


def test_what_is_no_registry_is_named(server: Server, get: Get) -> None:
    server.add("/npm/x/1.0.0", Reply(b"<html>"))

    with pytest.raises(FetchError, match="does not answer as an npm registry"):
        get("npm:x@1.0.0", {"NPM_CONFIG_REGISTRY": server.url("/npm")})


def test_without_configuration_npm_is_asked_once(server: Server, get: Get, tmp_path: Path) -> None:
    registry = NpmRegistry(server)
    registry.publish("x", "1.0.0", TARBALL)
    environ = _fake_npm(tmp_path, f'[ "$*" = "config get registry" ] && echo {registry.url}')

    assert [get("npm:x@1.0.0", environ) for _ in range(2)] == [TARBALL, TARBALL]
    assert (tmp_path / "calls").read_text() == "\n"


@pytest.mark.parametrize("script", ["exit 1", "echo undefined"])
def test_with_neither_an_error_says_what_to_write(get: Get, tmp_path: Path, script: str) -> None:
    for environ in ({"PATH": ""}, _fake_npm(tmp_path, script)):
        with pytest.raises(FetchError, match="no npm registry is configured") as caught:
            get("npm:x@1.0.0", environ)
        assert "`registry=URL` into ~/.npmrc" in caught.value.hint


@pytest.mark.parametrize(
    "url", ["npm:", "npm:x", "npm:@x@1", "npm:../x@1", "npm:x@1/2", "npm:x@1 2", "npm:x@"]
)
def test_what_is_no_source_is_refused(url: str) -> None:
    with pytest.raises(FetchError, match="is not an npm source"):
        parse_source(url)
