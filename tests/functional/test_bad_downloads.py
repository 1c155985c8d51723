"""Downloads that go wrong, by a real server: a sentence, a hint, exit 1, and everything as it was."""

from __future__ import annotations

import socket

import pytest

from pkgs.digests import digest_bytes
from tests.functional.conftest import World, told
from tests.support.archives import make_tar_gz
from tests.support.server import Reply, basic, redirect, serving

EVIL = b"#!/bin/sh\necho evil\n"


def test_a_wrong_digest(world: World) -> None:
    evil = make_tar_gz(world.project.root / "evil.tar.gz", {"x/bin/ink": EVIL}).read_bytes()
    url = world.offer("ink", Reply(evil))
    expected = digest_bytes(world.archive("ink")).hex

    done = world.fails("install", "ink", says=expected, hint="compare it with the publisher's")

    assert digest_bytes(evil).hex in done.err
    assert url in done.err
    world.offer("ink")
    world.recovers("ink")


def test_a_download_that_is_cut_is_gone_on_with(world: World) -> None:
    data = world.archive("ink")
    world.offer("ink", Reply(data, etag='"1"', truncate_after=40))

    world.fails("install", "ink", says="broke off", hint="goes on where it stopped")

    asked = len(world.server.seen("/ink.tar.gz"))
    world.offer("ink")
    world.recovers("ink")
    later = world.server.seen("/ink.tar.gz")[asked:]
    ranges = [each.headers.get("range") for each in later if each.method == "GET"]
    assert ranges == ["bytes=120-"]  # each of the three tries brought some more


def test_a_connection_that_is_reset(world: World) -> None:
    world.offer("ink", Reply(world.archive("ink"), reset_after=40))

    world.fails("install", "ink", says="broke off", hint="run the command again")

    world.offer("ink")
    world.recovers("ink")


def test_a_length_that_is_a_lie(world: World) -> None:
    world.offer("ink", Reply(world.archive("ink"), content_length=10_000), sha256="")

    world.fails("install", "ink", says="broke off", hint="run the command again")

    world.offer("ink")
    world.recovers("ink")


def test_a_length_that_is_a_lie_does_no_harm_where_the_digest_is_known(world: World) -> None:
    world.offer("ink", Reply(world.archive("ink"), content_length=10_000))

    world.recovers("ink")


@pytest.mark.parametrize(
    ("status", "says", "hint"),
    [
        (404, "answers 404 (not found)", "check the version and the URL"),
        (410, "answers 410", "withdrawn"),
        (401, "answers 401", "credentials"),
        (403, "answers 403", "allow 127.0.0.1"),
        (500, "answers 500", "try again later"),
    ],
)
def test_an_answer_that_is_no_file(world: World, status: int, says: str, hint: str) -> None:
    url = world.offer("ink", Reply(b"<html>no</html>", status=status))

    done = world.fails("install", "ink", says=says, hint=hint)

    assert url in done.err
    world.offer("ink")
    world.recovers("ink")


def test_a_page_that_pretends_to_be_the_file(world: World) -> None:
    """A captive portal answers everything, with 200; without a digest its page is no archive of the tool."""
    page = b"<html>Please log in</html>"
    url = world.offer("ink", Reply(page), sha256="")

    world.fails("install", "ink", says=url, hint="", keeps=digest_bytes(page).hex)

    world.offer("ink", sha256="")
    world.recovers("ink")


def test_no_network(world: World) -> None:
    """Nobody listens: the host is named, so that it can be allowed."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        world.project.remote("ink", f"http://127.0.0.1:{port}/ink.tar.gz")

        world.fails("install", "ink", says=f"no connection to 127.0.0.1:{port}", hint="127.0.0.1")

    world.offer("ink")
    world.recovers("ink")


def test_a_host_without_an_address(world: World) -> None:
    world.project.remote("ink", "http://nowhere.invalid/ink.tar.gz")

    world.fails("install", "ink", says="no address for nowhere.invalid", hint="nowhere.invalid")


def test_a_server_that_says_nothing(world: World) -> None:
    world.offer("ink", Reply(world.archive("ink"), delay=60))

    world.fails(
        "install", "ink", says="sent nothing for 0.3 s", hint="PKGS_HTTP_TIMEOUT", PKGS_HTTP_TIMEOUT="0.3"
    )

    world.offer("ink")
    world.recovers("ink")


def test_a_server_that_falls_silent(world: World) -> None:
    world.offer("ink", Reply(world.archive("ink"), etag='"1"', stall_after=30))

    world.fails(
        "install",
        "ink",
        says="sent nothing for 0.3 s",
        hint="goes on where it stopped",
        PKGS_HTTP_TIMEOUT="0.3",
    )

    world.offer("ink")
    world.recovers("ink")


def test_a_timeout_that_is_no_number(world: World) -> None:
    world.offer("ink")

    world.fails("install", "ink", says="PKGS_HTTP_TIMEOUT is 'soon'", hint="60s", PKGS_HTTP_TIMEOUT="soon")


def test_offline(world: World) -> None:
    url = world.offer("ink")

    world.fails("--offline", "install", "ink", says=url, hint="--offline")

    assert world.server.seen("/ink.tar.gz") == []
    world.recovers("ink")


class TestRedirects:
    def test_credentials_do_not_go_to_another_host(self, world: World) -> None:
        """The URL's user and password are for its own host, and are not shown either."""
        data = world.archive("ink")
        with serving() as other:
            other.add("/ink.tar.gz", Reply(data))
            world.server.add("/moved", redirect(other.url("/ink.tar.gz", host="localhost")))
            url = world.server.url("/moved", userinfo="joe:secret")
            world.project.remote("ink", url, digest_bytes(data).hex)

            world.recovers("ink")

            assert world.server.seen("/moved")[0].headers["authorization"] == basic("joe", "secret")
            assert "authorization" not in other.seen("/ink.tar.gz")[0].headers

    def test_another_host_that_wants_credentials_of_its_own(self, world: World) -> None:
        with serving() as other:
            other.add("/ink.tar.gz", Reply(b"", authorization=basic("joe", "secret")))
            world.server.add("/moved", redirect(other.url("/ink.tar.gz", host="localhost")))
            url = world.server.url("/moved", userinfo="joe:secret")
            world.project.remote("ink", url)

            done = world.fails("install", "ink", says="answers 401", hint="localhost")

        assert "secret" not in done.err

    def test_a_circle(self, world: World) -> None:
        world.server.add("/round", redirect("/round"))
        world.project.remote("ink", world.server.url("/round"))

        world.fails("install", "ink", says="more than 10 redirects", hint="another origin")

    def test_a_redirect_to_a_file_of_this_machine(self, world: World) -> None:
        world.server.add("/file", redirect("file:///etc/passwd"))
        world.project.remote("ink", world.server.url("/file"))

        world.fails("install", "ink", says="redirects to a file: URL", hint="another origin")


def test_of_several_failures_all_are_told_and_the_good_is_not_pinned(world: World) -> None:
    """One transaction: what could be had is not pinned either, but need not be downloaded again."""
    world.offer("ink", Reply(status=404))
    world.offer("nib", Reply(status=404))
    world.offer("pen")
    links = {name: text for name, text in world.project.snapshot().items() if "/bin/" in name}

    done = world.project.pkgs("install", "ink", "nib", "pen")

    told(done, "2 things failed", "check the version")
    assert "ink.tar.gz" in done.err
    assert "nib.tar.gz" in done.err
    after = world.project.snapshot()
    assert {name: text for name, text in after.items() if name in links} == links
    assert not (world.project.bin / "pen").exists()
    asked = len(world.server.seen("/pen.tar.gz"))
    world.recovers("pen")
    assert [each.method for each in world.server.seen("/pen.tar.gz")[asked:]].count("GET") == 0
