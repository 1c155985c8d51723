"""Private releases, through an API on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from pkgs.artifact.fetch import HttpFetcher
from pkgs.artifact.github import GithubClient
from pkgs.artifact.locations import Client
from pkgs.artifact.model import Artifact
from pkgs.artifact.transport import HttpxTransport
from pkgs.artifact.web import Web
from pkgs.errors import FetchError, UsageError
from pkgs.progress import SilentTask
from tests.artifact.conftest import LINUX
from tests.support.server import Reply, Server, redirect

Get = Callable[[str, Mapping[str, str]], bytes]
API = "/api/repos/me/private"


@pytest.fixture
def get(
    server: Server,
    transport: HttpxTransport,
    fetching: Callable[[Sequence[Client]], HttpFetcher],
    tmp_path: Path,
) -> Get:
    """Fetch a release asset with this environment; repositories of ``me`` are private."""
    release = {"assets": [{"name": "a b.tgz", "url": server.url(API + "/releases/assets/7")}]}
    server.add(API + "/releases/tags/v1", Reply(json.dumps(release).encode(), authorization="token secret"))
    server.add(API + "/releases/assets/7", redirect(server.url("/storage", "localhost")))
    server.add("/storage", Reply(b"private"))
    server.add("/me/private/releases/download/v1/a b.tgz", Reply(b"public"))

    def fetch(url: str, environ: Mapping[str, str]) -> bytes:
        web, api = server.url(""), server.url("/api")
        client = GithubClient(Web(transport), environ, ["me/{private,other}"], web=web, api=api)
        fetching([client]).fetch(Artifact(url), LINUX, tmp_path / "file", SilentTask())
        return (tmp_path / "file").read_bytes()

    return fetch


def test_an_asset_is_found_by_name_and_the_token_goes_no_further(server: Server, get: Get) -> None:
    url = server.url("/me/private/releases/download/v1/a%20b.tgz")

    assert get(url, {"HERMIT_GITHUB_TOKEN": "secret", "GITHUB_TOKEN": "other"}) == b"private"
    asset = server.seen(API + "/releases/assets/7")[0].headers
    assert (asset["authorization"], asset["accept"]) == ("token secret", "application/octet-stream")
    assert "authorization" not in server.seen("/storage")[0].headers


def test_without_token_or_match_the_url_is_fetched_as_it_is(server: Server, get: Get) -> None:
    server.add("/you/public/releases/download/v1/x", Reply(b"public"))

    assert get(server.url("/me/private/releases/download/v1/a%20b.tgz"), {}) == b"public"
    assert get(server.url("/you/public/releases/download/v1/x"), {"GITHUB_TOKEN": "secret"}) == b"public"
    assert all("authorization" not in request.headers for request in server.requests)


def test_a_missing_asset_names_what_there_is(server: Server, get: Get) -> None:
    with pytest.raises(FetchError, match=r"has no asset x\.tgz") as caught:
        get(server.url("/me/private/releases/download/v1/x.tgz"), {"PKGS_GITHUB_TOKEN": "secret"})

    assert caught.value.hint == "its assets are: a b.tgz"


def test_an_asset_elsewhere_gets_no_token(server: Server, get: Get) -> None:
    release = {"assets": [{"name": "x", "url": server.url("/elsewhere")}]}
    server.add(API + "/releases/tags/v2", Reply(json.dumps(release).encode()))

    with pytest.raises(FetchError, match="has no asset x"):
        get(server.url("/me/private/releases/download/v2/x"), {"PKGS_GITHUB_TOKEN": "secret"})
    assert not server.seen("/elsewhere")


def test_a_wrong_token_and_a_strange_answer_are_sentences(server: Server, get: Get) -> None:
    url = server.url("/me/private/releases/download/v1/x")
    with pytest.raises(FetchError, match="answers 401") as caught:
        get(url, {"PKGS_GITHUB_TOKEN": "mistake"})
    assert "mistake" not in str(caught.value)

    for body in (b"<html>", b"[" * 200_000):
        server.add(API + "/releases/tags/v1", Reply(body))
        with pytest.raises(FetchError, match="does not answer as GitHub's API does"):
            get(url, {"PKGS_GITHUB_TOKEN": "secret"})


def test_a_bad_pattern_is_refused(transport: HttpxTransport) -> None:
    with pytest.raises(UsageError, match="glob"):
        GithubClient(Web(transport), {}, ["[]"])
