"""Python package sources against a small index."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from pkgs.artifact import pypi
from pkgs.artifact.fetch import HttpFetcher
from pkgs.artifact.locations import Client
from pkgs.artifact.memo import FileMemo
from pkgs.artifact.model import Artifact
from pkgs.artifact.pypi import PypiClient, parse_source
from pkgs.artifact.transport import HttpxTransport
from pkgs.artifact.web import Web
from pkgs.digests import digest_bytes
from pkgs.errors import DigestMismatchError, FetchError
from pkgs.platforms import Platform
from pkgs.progress import SilentTask
from tests.artifact.conftest import LINUX
from tests.support.registries import PythonIndex
from tests.support.server import Reply, Server, basic

LINUX_WHEEL = "rust_just-1.0.0-py3-none-manylinux_2_17_x86_64.whl"
MAC_WHEEL = "rust_just-1.0.0-py3-none-macosx_11_0_arm64.whl"
SOURCE = "pypi:rust-just==1.0.0"
Fetching = Callable[[Sequence[Client]], HttpFetcher]
Get = Callable[..., bytes]


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def get(transport: HttpxTransport, fetching: Fetching, tmp_path: Path, warnings: list[str]) -> Get:
    """Fetch a Python source, with this environment, and return the bytes."""

    def fetch(
        url: str, environ: Mapping[str, str], *, digest: bytes | None = None, platform: Platform = LINUX
    ) -> bytes:
        environ = {"PIP_CONFIG_FILE": os.devnull, "PATH": ""} | dict(environ)
        memo = FileMemo(tmp_path / "memo")
        client = PypiClient(Web(transport), environ, tmp_path / "home", memo, warnings.append)
        artifact = Artifact(url, digest_bytes(digest) if digest else None)
        received = fetching([client]).fetch(artifact, platform, tmp_path / "file", SilentTask())
        assert received.url == url
        return (tmp_path / "file").read_bytes()

    return fetch


@pytest.mark.parametrize("as_json", [True, False])
def test_the_wheel_of_the_platform_arrives(server: Server, get: Get, as_json: bool) -> None:
    index = PythonIndex(server, json=as_json)
    index.publish("rust-just", MAC_WHEEL, b"mac")
    index.publish("rust-just", LINUX_WHEEL, b"linux")
    index.publish("rust-just", "rust_just-0.9.tar.gz", b"source")
    environ = {"PIP_INDEX_URL": index.url.rstrip("/")}

    assert get("pypi:Rust_Just==1.0", environ) == b"linux"
    assert get(SOURCE, environ, platform=Platform("darwin", "arm64")) == b"mac"


def test_a_known_digest_chooses_the_wheel(server: Server, get: Get, warnings: list[str]) -> None:
    index = PythonIndex(server)
    index.publish("rust-just", LINUX_WHEEL, b"linux")
    index.publish("rust-just", "rust_just-1.0.0-py3-none-musllinux_1_1_x86_64.whl", b"musl", yanked="bad")

    assert get(SOURCE, {"PIP_INDEX_URL": index.url}, digest=b"musl") == b"musl"
    assert warnings == []


@pytest.mark.parametrize("as_json", [True, False])
def test_the_hash_of_the_index_is_checked(server: Server, get: Get, as_json: bool) -> None:
    index = PythonIndex(server, json=as_json)
    index.publish("rust-just", LINUX_WHEEL, b"linux", sha256="0" * 64)

    with pytest.raises(DigestMismatchError, match="should have been 0000"):
        get(SOURCE, {"PIP_INDEX_URL": index.url})


@pytest.mark.parametrize("as_json", [True, False])
def test_a_withdrawn_wheel_is_used_with_a_warning(
    server: Server, get: Get, warnings: list[str], as_json: bool
) -> None:
    index = PythonIndex(server, json=as_json)
    index.publish("rust-just", LINUX_WHEEL, b"linux", yanked='broken "badly"')

    assert get(SOURCE, {"PIP_INDEX_URL": index.url}) == b"linux"
    assert warnings == [f'{LINUX_WHEEL} was withdrawn by its publisher: broken "badly"']


def test_credentials_in_the_index_open_it_and_are_not_shown(server: Server, get: Get) -> None:
    index = PythonIndex(server, authorization=basic("me", "secret"))
    index.publish("rust-just", LINUX_WHEEL, b"linux")

    assert get(SOURCE, {"PIP_INDEX_URL": server.url("/simple", userinfo="me:secret")}) == b"linux"
    with pytest.raises(FetchError, match="answers 401") as caught:
        get(SOURCE, {"PIP_INDEX_URL": server.url("/simple", userinfo="me:mistake")})
    assert "mistake" not in caught.value.message + caught.value.hint


def test_an_extra_index_comes_first_and_the_other_knows_the_rest(server: Server, get: Get) -> None:
    private, public = PythonIndex(server, "/private"), PythonIndex(server)
    private.publish("rust-just", LINUX_WHEEL, b"private")
    public.publish("rust-just", LINUX_WHEEL, b"public")
    public.publish("other", "other-1-py3-none-any.whl", b"other")
    environ = {"PIP_INDEX_URL": public.url, "PIP_EXTRA_INDEX_URL": private.url}

    assert get(SOURCE, environ) == b"private"
    assert get("pypi:other==1", environ) == b"other"


def test_what_is_missing_is_named(server: Server, get: Get) -> None:
    index = PythonIndex(server)
    index.publish("rust-just", MAC_WHEEL, b"mac")
    environ = {"PIP_INDEX_URL": index.url}

    with pytest.raises(FetchError, match="no wheel with programs for linux-amd64") as caught:
        get(SOURCE, environ)
    assert MAC_WHEEL in caught.value.hint
    with pytest.raises(FetchError, match="no index has wheels of pypi:rust-just==2") as caught:
        get("pypi:rust-just==2", environ)
    assert MAC_WHEEL in caught.value.hint
    with pytest.raises(FetchError, match="no index knows the project of pypi:nothing==2"):
        get("pypi:nothing==2", environ)


def test_what_is_no_index_is_named(server: Server, get: Get) -> None:
    server.add("/simple/rust-just/", Reply(b"{nonsense"))

    with pytest.raises(FetchError, match="does not answer as a Python package index"):
        get(SOURCE, {"PIP_INDEX_URL": server.url("/simple")})


def _fake_client(tmp_path: Path, name: str, words: str) -> dict[str, str]:
    tool = tmp_path / "bin" / name
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\necho >> {tmp_path}/calls\ncat <<'.'\n{words}\n.\n", encoding="utf-8")
    tool.chmod(0o755)
    return {"PATH": f"{tool.parent}:/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pip3", "-i, --index-url <url>  Base URL of the Python Package Index (default {}). This should"),
        ("uv", "  The default package index (by default: <{}>) [env: UV_DEFAULT_INDEX]"),
    ],
)
def test_without_configuration_the_client_is_asked_once(
    server: Server, get: Get, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.setattr(pypi, "_CLIENTS", [client for client in pypi._CLIENTS if client[0] == name])
    index = PythonIndex(server)
    index.publish("rust-just", LINUX_WHEEL, b"linux")
    environ = _fake_client(tmp_path, name, words.format(index.url.rstrip("/")))

    assert [get(SOURCE, environ) for _ in range(2)] == [b"linux", b"linux"]
    assert (tmp_path / "calls").read_text() == "\n"


def test_with_neither_an_error_says_what_to_write(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pypi, "_CLIENTS", [("pip-that-is-not-there",)])

    with pytest.raises(FetchError, match="no Python package index is configured") as caught:
        get(SOURCE, {})

    assert "`index-url = URL`" in caught.value.hint


@pytest.mark.parametrize(
    "url", ["pypi:", "pypi:x", "pypi:x=1", "pypi:x==", "pypi:-x==1", "pypi:x==1 2", "pypi:../x==1"]
)
def test_what_is_no_source_is_refused(url: str) -> None:
    with pytest.raises(FetchError, match="is not a Python package source"):
        parse_source(url)
