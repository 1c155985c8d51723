"""GitHub's API with a token, with a bad one, and without."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pkgs.artifact.patience import Patience
from pkgs.artifact.transport import HttpxTransport
from pkgs.artifact.web import Web
from pkgs.authoring.github import Github
from pkgs.errors import FetchError
from tests.support.server import Reply, Request, Server, redirect, serving

LATEST = "/repos/someone/tool/releases/latest"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


class Makes:
    """Makes clients of the server."""

    def __init__(self, server: Server, transport: HttpxTransport) -> None:
        self.server, self.transport = server, transport

    def __call__(self, warnings: list[str] | None = None, **environ: str) -> Github:
        environ = {"PKGS_GITHUB_API": self.server.url(""), **environ}
        warn = ([] if warnings is None else warnings).append
        site = self.server.url("/site")
        return Github(Web(self.transport), environ, warn, site=site, patience=Patience(rounds=1))


@pytest.fixture
def github(server: Server) -> Iterator[Makes]:
    with HttpxTransport({}) as transport:
        yield Makes(server, transport)


def tagged(tag: str) -> Reply:
    return Reply(json.dumps({"tag_name": tag, "assets": []}).encode())


def test_a_token_is_sent(server: Server, github: Makes) -> None:
    server.add(LATEST, tagged("v1"))
    warnings: list[str] = []

    assert github(warnings, GITHUB_TOKEN="secret").latest_tag("someone/tool") == "v1"

    assert server.seen(LATEST)[0].headers["authorization"] == "token secret"
    assert warnings == []


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_bad_token_is_told_of_once_and_done_without(server: Server, github: Makes, status: int) -> None:
    def answer(request: Request) -> Reply:
        return Reply(status=status) if "authorization" in request.headers else tagged("v2")

    server.add(LATEST, answer)
    warnings: list[str] = []
    asked = github(warnings, HERMIT_GITHUB_TOKEN="expired")

    server.add("/repos/someone/other/releases/latest", tagged("v3"))
    tags = [asked.latest_tag(f"someone/{name}") for name in ("tool", "tool", "other")]

    assert tags == ["v2", "v2", "v3"]

    assert len(warnings) == 1
    assert "HERMIT_GITHUB_TOKEN" in warnings[0]
    assert "expired-" not in warnings[0]
    assert [("authorization" in each.headers) for each in server.requests] == [True, False, False]


def test_without_quota_the_page_of_the_newest_release_tells(server: Server, github: Makes) -> None:
    server.add(LATEST, Reply(status=403))
    server.add("/site/someone/tool/releases/latest", redirect("/site/someone/tool/releases/tag/v3.1"))
    server.add("/site/someone/tool/releases/tag/v3.1", Reply(b"<html>"))

    assert github().latest_tag("someone/tool") == "v3.1"


def test_without_quota_and_page_a_token_is_advised(server: Server, github: Makes) -> None:
    server.add(LATEST, Reply(status=403))

    with pytest.raises(FetchError) as failure:
        github().latest_tag("someone/tool")

    assert "PKGS_GITHUB_TOKEN" in failure.value.hint


def test_releases_are_read_in_pages_without_drafts(server: Server, github: Makes) -> None:
    def answer(request: Request) -> Reply:
        first = "&page=1" in request.query
        names = [f"v{number}" for number in range(100)] if first else ["w", "draft"]
        return Reply(json.dumps([{"tag_name": name, "draft": name == "draft"} for name in names]).encode())

    server.add("/repos/someone/tool/releases", answer)

    tags = github().tags("someone/tool")

    assert (len(tags), tags[0], tags[-1]) == (101, "v0", "w")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"tag_name": 1}', b"[" * 200_000])
def test_strange_answers_are_told(server: Server, github: Makes, body: bytes) -> None:
    server.add(LATEST, Reply(body))

    with pytest.raises(FetchError, match="GitHub's API"):
        github().latest_tag("someone/tool")
