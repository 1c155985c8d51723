"""Git sources, with real git on repositories of this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pkgs.artifact.git import GitSource, clone, remote_commit
from pkgs.errors import FetchError

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
