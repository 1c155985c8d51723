"""Git sources, with real git on repositories of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from select import select

import pytest

from pkgs.artifact.git import GitSource, clone, remote_commit, remote_tags
from pkgs.errors import FetchError
from tests.support.raw import Turn, heard, speaking
from tests.support.repositories import Repository
from tests.support.server import Reply, Request, Server, basic, redirect
from tests.support.stores import SOURCES
from tests.support.terminal import Terminal

ENVIRON = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


def _git(repository: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@t.invalid", "-c", "init.defaultBranch=main"]
    command = ["git", *who, "-C", str(repository), *arguments]
    return subprocess.run(command, env=ENVIRON, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two commits: the first is tagged v1 (annotated), a branch ``side`` is there too."""
    where = tmp_path / "tool.git"
    where.mkdir()
    _git(where, "init", "--quiet")
    for content in ("one", "two"):
        (where / "file").write_text(content, encoding="utf-8")
        _git(where, "add", "file")
        _git(where, "commit", "--quiet", "-m", content)
    _git(where, "tag", "-a", "v1", "-m", "v1", "HEAD~1")
    _git(where, "branch", "side", "HEAD~1")
    return where


def _source(url: str) -> GitSource:
    source = GitSource.parse(url)
    assert source is not None
    return source


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://github.com/o/r.git#v1", GitSource("https://github.com/o/r.git", "v1")),
        ("git@github.com:o/r.git", GitSource("git@github.com:o/r.git", "")),
        ("https://github.com/o/r/archive/v1.tgz", None),
        ("https://h.test/x#y.git", None),
    ],
)
def test_what_is_a_git_source(url: str, source: GitSource | None) -> None:
    assert GitSource.parse(url) == source


@pytest.mark.parametrize("url", ["--upload-pack=touch x.git", "https://h.test/x.git#--upload-pack=x"])
def test_nothing_is_taken_for_an_option(url: str) -> None:
    with pytest.raises(FetchError, match="dash"):
        GitSource.parse(url)


@pytest.mark.parametrize(("ref", "revision"), [("", "main"), ("v1", "main~1"), ("side", "main~1")])
def test_a_tag_or_branch_is_cloned_without_its_history(
    repository: Path, tmp_path: Path, ref: str, revision: str
) -> None:
    source = _source(f"file://{repository}#{ref}")

    commit = clone(source, tmp_path / "into", ENVIRON)

    assert commit == _git(repository, "rev-parse", revision) == remote_commit(source, ENVIRON)
    assert [path.name for path in (tmp_path / "into").iterdir()] == ["file"]
    assert (tmp_path / "into/file").read_text() == ("two" if revision == "main" else "one")


@pytest.mark.parametrize("allowed", ["true", "false"])
def test_a_commit_is_fetched_whether_or_not_the_server_gives_it_out(
    repository: Path, tmp_path: Path, allowed: str
) -> None:
    _git(repository, "config", "uploadpack.allowAnySHA1InWant", allowed)
    first = _git(repository, "rev-parse", "HEAD~1")

    assert clone(_source(f"file://{repository}#{first}"), tmp_path / "into", ENVIRON) == first
    assert (tmp_path / "into/file").read_text() == "one"


def test_failures_are_sentences_and_leave_nothing(repository: Path, tmp_path: Path) -> None:
    for url, why in (
        (f"file://{tmp_path}/none.git", "does not (exist|appear)"),
        (f"file://{repository}#v9", "v9"),
        (f"file://{repository}#" + "0" * 40, "0000"),
        ("http://me:secret@127.0.0.1:9/x.git", "127.0.0.1"),
    ):
        with pytest.raises(FetchError, match=why) as caught:
            clone(_source(url), tmp_path / "into", ENVIRON)
        assert "secret" not in caught.value.message + caught.value.hint
        assert not (tmp_path / "into").exists()
    with pytest.raises(FetchError, match="has no tag or branch v9"):
        remote_commit(_source(f"file://{repository}#v9"), ENVIRON)


def test_hooks_and_foreign_settings_do_not_count(repository: Path, tmp_path: Path) -> None:
    hooks = tmp_path / "templates/hooks"
    hooks.mkdir(parents=True)
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", encoding="utf-8")
    (hooks / "post-checkout").chmod(0o755)
    (tmp_path / "config").write_text(f"[core]\nhooksPath = {hooks}\n[init]\ntemplateDir = {hooks.parent}\n")
    foreign = {
        "GIT_CONFIG_GLOBAL": str(tmp_path / "config"),
        "GIT_DIR": str(tmp_path / "elsewhere"),
        "GIT_TEMPLATE_DIR": str(hooks.parent),
    }

    clone(_source(f"file://{repository}#v1"), tmp_path / "into", ENVIRON | foreign)

    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("attributes", ["a.txt text eol=crlf\n", "* -text\n"])
def test_what_the_user_has_files_written_like_does_not_count(tmp_path: Path, attributes: str) -> None:
    """Or the tree would not be the one in the lock."""
    where = tmp_path / "tool.git"
    where.mkdir()
    _git(where, "init", "--quiet")
    (where / "a.txt").write_bytes(b"one\n")
    (where / ".gitattributes").write_text("a.txt text\n", encoding="utf-8")
    _git(where, "add", ".")
    _git(where, "commit", "--quiet", "-m", "a")
    (tmp_path / "attributes").write_text(attributes, encoding="utf-8")
    (tmp_path / "config").write_text(
        f"[core]\nattributesFile = {tmp_path}/attributes\neol = crlf\n", encoding="utf-8"
    )

    environ = ENVIRON | {"GIT_CONFIG_GLOBAL": str(tmp_path / "config")}
    clone(_source(f"file://{where}"), tmp_path / "into", environ)

    assert (tmp_path / "into/a.txt").read_bytes() == b"one\n"


@pytest.mark.parametrize(
    "repository", ["https://[x/tool.git", "https://h:x/tool.git", "https://me:s@[/tool.git"]
)
def test_a_repository_nowhere_is_a_sentence(tmp_path: Path, repository: str) -> None:
    with pytest.raises(FetchError, match="cannot clone"):
        clone(GitSource(repository, "v1"), tmp_path / "into", ENVIRON)


def _asked(url: str, into: Path, environ: dict[str, str]) -> None:
    """Ask a repository in each way, in vain."""
    commit = "1" * 40
    ways: list[Callable[[], object]] = [
        lambda: remote_commit(GitSource(url, "v1"), environ),
        lambda: remote_tags(url, environ),
        lambda: clone(GitSource(url, "v1"), into, environ),
        lambda: clone(GitSource(url, commit), into, environ),
    ]
    for way in ways:
        with pytest.raises(FetchError) as caught:
            way()
        assert "s@cret" not in str(caught.value) + caught.value.hint


def test_a_password_is_told_to_the_server_and_to_no_other_process(server: Server, tmp_path: Path) -> None:
    server.add("/x.git/info/refs", Reply(status=403, authorization=basic("me", "s@cret")))
    tool = tmp_path / "bin/git"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/words\nexec {shutil.which("git")} "$@"\n')
    tool.chmod(0o755)
    environ = ENVIRON | {"PATH": f"{tool.parent}:{ENVIRON['PATH']}"}

    _asked(server.url("/x.git", userinfo="me:s%40cret"), tmp_path / "into", environ)

    words = (tmp_path / "words").read_text()
    assert server.url("/x.git") in words
    assert "cret" not in words
    assert {request.headers.get("authorization", "") for request in server.requests} == {
        "",
        basic("me", "s@cret"),
    }


def _smart(heads: list[bytes], status: bytes = b"200 OK") -> Turn:
    """Speak as a git server that tells what it can do, and then answers nothing."""
    body = b"001e# service=git-upload-pack\n0000000eversion 2\n000cls-refs\n0000"

    def turn(connection: socket.socket) -> None:
        while True:
            heads.append(heard(connection))
            kind = b"Content-Type: application/x-git-upload-pack-advertisement"
            head = b"HTTP/1.1 %s\r\n%s\r\nWWW-Authenticate: Basic realm=x\r\n" % (status, kind)
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    return turn


@pytest.mark.parametrize("status", [b"200 OK", b"401 Unauthorized"])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_password_goes_to_no_host_that_git_is_redirected_to(
    server: Server, tmp_path: Path, status: bytes, at_once: bool
) -> None:
    heads: list[bytes] = []

    def answer(request: Request) -> Reply:
        wants = not at_once and "authorization" not in request.headers
        asking = Reply(status=401, headers={"WWW-Authenticate": "Basic realm=x"})
        return asking if wants else redirect(f"{other}/x.git/info/refs?{request.query}")

    server.add("/x.git/info/refs", answer)
    with speaking(_smart(heads, status)) as url:
        other = url.replace("127.0.0.1", "localhost")
        _asked(server.url("/x.git", userinfo="me:s%40cret"), tmp_path / "into", ENVIRON)

    assert heads
    assert not [head for head in heads if b"authorization" in head.lower()]


needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make certificates")


@needs_openssl
def test_git_gives_up_encryption_only_for_a_known_commit(
    secure: Server, certificate: tuple[str, str], tmp_path: Path
) -> None:
    environ = ENVIRON | {"GIT_SSL_CAINFO": certificate[0]}
    heads: list[bytes] = []
    with speaking(_smart(heads)) as plain:
        secure.add("/x.git/info/refs", lambda request: redirect(f"{plain}/x.git/info/refs?{request.query}"))
        for ask in (remote_commit, lambda source, environ: clone(source, tmp_path / "into", environ)):
            with pytest.raises(FetchError, match=r"(?i)protocol"):
                ask(GitSource(secure.url("/x.git"), "v1"), environ)
        assert not heads
        with pytest.raises(FetchError):
            clone(GitSource(secure.url("/x.git"), "1" * 40), tmp_path / "into", environ)
        assert heads


def test_a_silent_git_server_is_given_up(tmp_path: Path) -> None:
    def silent(connection: socket.socket) -> None:
        heard(connection)
        select([connection], [], [], 60)

    with speaking(silent) as url, pytest.raises(FetchError, match="too slow"):
        environ = ENVIRON | {"PKGS_HTTP_TIMEOUT": "1"}
        clone(GitSource(f"{url}/x.git", "v1"), tmp_path / "into", environ, timeout=30)


def test_a_repository_runs_no_program_of_its_own_choice(tmp_path: Path) -> None:
    (tmp_path / "config").write_text('[protocol]\nallow = always\n[protocol "ext"]\nallow = always\n')
    environ = ENVIRON | {"GIT_CONFIG_GLOBAL": str(tmp_path / "config")}

    for source in (f"ext::touch {tmp_path}/ran.git", f"ext::touch {tmp_path}/ran.git#v1"):
        with pytest.raises(FetchError, match="transport 'ext' not allowed"):
            clone(_source(source), tmp_path / "into", environ)
    assert not (tmp_path / "ran.git").exists()


def test_submodules_stay_where_they_are(repository: Path, tmp_path: Path) -> None:
    """Whatever the user has git do: the tree is one commit's, and nothing else is fetched."""
    (tmp_path / "config").write_text('[protocol "file"]\nallow = always\n[submodule]\nrecurse = true\n')
    environ = ENVIRON | {"GIT_CONFIG_GLOBAL": str(tmp_path / "config")}
    outer = Repository.make(tmp_path / "outer.git", {"file": "x"})
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", repository.as_uri(), "inner")
    head = outer.commit({"file": "y"})

    for ref in ("", head):
        clone(GitSource(outer.uri, ref), tmp_path / "into", environ)
        assert list((tmp_path / "into/inner").iterdir()) == []
        shutil.rmtree(tmp_path / "into")


@pytest.mark.parametrize("how", ["GIT_ASKPASS", "SSH_ASKPASS", "core.askPass"])
def test_nobody_is_asked_for_a_password(server: Server, tmp_path: Path, how: str) -> None:
    server.add("/x.git/info/refs", Reply(authorization="Basic none"))
    asks = tmp_path / "ask"
    asks.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\necho x\n", encoding="utf-8")
    asks.chmod(0o755)
    (tmp_path / "config").write_text(f"[core]\naskPass = {asks}\n" if how == "core.askPass" else "")

    environ = ENVIRON | {"GIT_CONFIG_GLOBAL": str(tmp_path / "config"), how: str(asks)}
    _asked(server.url("/x.git"), tmp_path / "into", environ)

    assert server.requests
    assert not (tmp_path / "asked").exists()


def test_nobody_at_a_terminal_is_asked_for_a_password(server: Server, tmp_path: Path) -> None:
    server.add("/x.git/info/refs", Reply(authorization="Basic none"))
    program = (
        "import os, sys\nfrom pkgs.artifact.git import *\ntry: remote_tags(sys.argv[1], dict(os.environ))\n"
        "except FetchError as error: print('told:', error.message)\n"
    )
    command = [sys.executable, "-c", program, server.url("/x.git")]

    with Terminal(command, ENVIRON | {"PYTHONPATH": SOURCES}, tmp_path) as terminal:
        assert "told:" in terminal.wait_for("terminal prompts disabled")


def test_no_git_is_a_sentence(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="there is no git") as caught:
        clone(_source(f"file://{repository}"), tmp_path / "into", {"PATH": str(tmp_path)})

    assert caught.value.hint == "install git"


def test_a_git_that_hangs_is_ended(repository: Path, tmp_path: Path) -> None:
    tool = tmp_path / "bin/git"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\nexec sleep 20\n", encoding="utf-8")
    tool.chmod(0o755)

    with pytest.raises(FetchError, match=r"within 0\.1 s"):
        clone(
            _source(f"file://{repository}"), tmp_path / "into", {"PATH": f"{tool.parent}:/bin"}, timeout=0.1
        )


def test_offline_the_way_out_is_named(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="not allowed") as caught:
        clone(
            _source("https://h.invalid/x.git#v1"),
            tmp_path / "into",
            {**ENVIRON, "GIT_ALLOW_PROTOCOL": "file"},
        )

    assert "`pkgs bundle`" in caught.value.hint
