"""Git repositories as manifest sources, with real git on this machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pkgs.errors import FetchError, LockError, SourceError
from pkgs.source.credentials import git_environ
from pkgs.source.local import LocalSource
from pkgs.source.remote import RemoteSource
from pkgs.source.sources import open_source
from pkgs.state import State
from pkgs.store.files import remove_tree
from tests.source.conftest import Opened
from tests.support import meanwhile
from tests.support.checkout import ROOT
from tests.support.kills import count_changes, run_and_kill
from tests.support.reporters import Heard
from tests.support.repositories import Repository, small_manifest


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path / "remote/tools.git", {"a.hcl": small_manifest("a", "1.0")})


def _text(source: object, name: str = "a") -> str:
    assert isinstance(source, RemoteSource)
    file = source.read(name)
    assert file is not None
    return file.text


def _moved(repository: Repository) -> str:
    return repository.commit({"a.hcl": small_manifest("a", "2.0")})


def test_the_first_use_clones_the_newest_commit_and_later_ones_ask_nobody(
    repository: Repository, access: Opened, heard: Heard
) -> None:
    first = open_source(repository.uri, access())
    assert not first.here
    assert "1.0" in _text(first)
    _moved(repository)
    repository.path.rename(repository.path.with_name("gone"))

    later = open_source(repository.uri, access(offline=True))

    assert later.here
    assert "1.0" in _text(later)
    assert len(heard.tasks) == 1


def test_what_the_lock_names_is_what_is_read(repository: Repository, access: Opened) -> None:
    old = repository.head
    new = _moved(repository)

    sources = [open_source(repository.uri, access(commits={repository.uri: commit})) for commit in (old, new)]

    assert ["1.0" in _text(source) for source in sources] == [True, False]
    assert [source.commit for source in sources] == [old, new]


@pytest.mark.parametrize(("way", "argument"), [("names", ()), ("read", ("a",)), ("file", ("a.hcl",))])
def test_a_commit_that_gc_removes_while_it_is_read_is_cloned_again(
    repository: Repository,
    access: Opened,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    argument: tuple[str, ...],
) -> None:
    old = repository.head
    source = open_source(repository.uri, access())
    expected = getattr(source, way)(*argument)
    assert expected
    place = source.directory
    _moved(repository)
    meanwhile.before(monkeypatch, LocalSource, way, lambda: remove_tree(place))

    assert getattr(source, way)(*argument) == expected
    assert source.commit == old


def test_a_frozen_environment_reads_only_a_commit_that_the_lock_names(
    repository: Repository, access: Opened
) -> None:
    pinned = open_source(
        repository.uri, replace(access(commits={repository.uri: repository.head}), frozen=True)
    )
    unpinned = open_source(repository.uri, replace(access(), frozen=True))

    assert "1.0" in _text(pinned)
    with pytest.raises(LockError, match=r"the lock names no commit of the manifest source .*tools\.git"):
        unpinned.read("a")


@pytest.mark.parametrize("ref", ["v1", "side", "{commit}"])
def test_a_tag_a_branch_and_a_commit_are_honoured(repository: Repository, access: Opened, ref: str) -> None:
    old = repository.head
    repository.git("tag", "-a", "v1", "-m", "v1")
    repository.git("branch", "side")
    _moved(repository)
    uri = f"{repository.uri}#{ref.format(commit=old)}"

    source = open_source(uri, access())

    assert "1.0" in _text(source)
    assert source.commit == old
    assert source.refresh().after == old


@pytest.mark.parametrize("ref", ["v1", "refs/tags/v1", "refs/heads/v1"])
def test_the_first_use_reads_what_a_refresh_does(repository: Repository, access: Opened, ref: str) -> None:
    repository.git("branch", "v1")
    _moved(repository)
    repository.git("tag", "v1")
    source = open_source(f"{repository.uri}#{ref}", access())

    first = source.commit

    assert first == repository.git("rev-parse", ref)
    assert not source.refresh().changed


def test_a_commit_that_the_server_has_no_more_is_told_with_the_way_on(
    repository: Repository, access: Opened
) -> None:
    source = open_source(repository.uri, access(commits={repository.uri: "1" * 40}))

    with pytest.raises(FetchError) as caught:
        source.read("a")

    assert "1" * 40 in caught.value.message + caught.value.hint
    assert "pkgs update" in caught.value.hint


def test_a_refresh_goes_to_the_newest_commit_and_reads_it(repository: Repository, access: Opened) -> None:
    old = repository.head
    source = open_source(repository.uri, access(commits={repository.uri: old}))
    _text(source)
    new = _moved(repository)

    refreshed = source.refresh()

    assert (refreshed.before, refreshed.after, refreshed.problem) == (old, new, "")
    assert "2.0" in _text(source)
    assert "2.0" in _text(open_source(repository.uri, access()))


@pytest.mark.parametrize("offline", [False, True])
def test_a_refresh_that_fails_keeps_the_old(repository: Repository, access: Opened, offline: bool) -> None:
    source = open_source(repository.uri, access())
    _text(source)
    old = repository.head
    repository.path.rename(repository.path.with_name("gone"))

    refreshed = open_source(repository.uri, access(offline=offline)).refresh()

    assert refreshed.problem
    assert refreshed.usable
    assert refreshed.after == old
    assert "1.0" in _text(open_source(repository.uri, access()))


def test_a_first_use_that_fails_leaves_nothing(tmp_path: Path, access: Opened) -> None:
    source = open_source(f"file://{tmp_path}/none.git", access())

    with pytest.raises(FetchError, match=r"none\.git"):
        source.read("a")

    assert list((tmp_path / "state/sources").glob("*/*")) == []
    assert not source.refresh().usable


def test_offline_names_the_source_that_is_missing(access: Opened) -> None:
    uri = "https://git.example.invalid/tools.git"
    commit = "1" * 40

    with pytest.raises(SourceError, match=r"tools\.git at 1111111.* is not on this machine") as caught:
        open_source(uri, access(offline=True, commits={uri: commit})).read("a")

    assert "--offline" in caught.value.hint


@pytest.mark.parametrize("commit", ["--upload-pack=x", "../../etc", "main", "sha256:12"])
def test_a_lock_cannot_smuggle_in_anything_but_a_commit(
    repository: Repository, access: Opened, commit: str
) -> None:
    with pytest.raises(LockError, match="as the commit") as caught:
        open_source(repository.uri, access(commits={repository.uri: commit}))

    assert "take it out of pkgs.lock" in caught.value.hint


def test_a_commit_that_is_nowhere_is_an_error_and_no_other_is_read(
    repository: Repository, access: Opened
) -> None:
    source = open_source(repository.uri, access(commits={repository.uri: "2" * 40}))

    with pytest.raises(FetchError, match=r"2222|not our ref"):
        source.read("a")


@pytest.mark.parametrize("uri", ["--upload-pack=touch x.git", "file:///x.git#--upload-pack=x"])
def test_nothing_is_taken_for_an_option(access: Opened, uri: str) -> None:
    with pytest.raises(FetchError, match="dash"):
        open_source(uri, access())


def test_a_link_out_of_the_repository_is_not_followed(
    repository: Repository, access: Opened, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("token")
    (repository.path / "leak.hcl").symlink_to(tmp_path / "secret")
    (repository.path / "alias.hcl").symlink_to("a.hcl")
    repository.commit({})
    source = open_source(repository.uri, access())

    assert "1.0" in _text(source, "alias")
    with pytest.raises(SourceError, match="outside"):
        source.read("leak")
    with pytest.raises(SourceError, match="outside"):
        source.file("../../current")


def test_threads_share_one_clone(repository: Repository, access: Opened, heard: Heard) -> None:
    source = open_source(repository.uri, access())

    with ThreadPoolExecutor(8) as pool:
        texts = set(pool.map(lambda _: _text(source), range(8)))

    assert len(texts) == len(heard.tasks) == 1


_USE = """
import os, sys
from pathlib import Path
from pkgs.source.access import Access
from pkgs.source.sources import open_source
from pkgs.state import State
from tests.support.kills import count_changes, run_and_kill
from tests.support.reporters import Heard
uri, state = sys.argv[1:]
heard = Heard()
access = Access(state=State(Path(state)), environ=dict(os.environ), reporter=heard, fetcher=lambda: None)
source = open_source(uri, access)
print(len(heard.tasks) if source.read("a") and not heard.tasks.clear() else "-", source.commit)
"""


def _process(*words: str, path: str = "") -> subprocess.Popen[str]:
    environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    environ["PATH"] = f"{path}:{environ['PATH']}" if path else environ["PATH"]
    return subprocess.Popen(
        [sys.executable, "-c", _USE, *words], env=environ, stdout=subprocess.PIPE, text=True
    )


def _counting_git(tmp_path: Path, before: str = "") -> Path:
    """Return a directory with a git that notes each fetch, does ``before``, and goes on as git."""
    real = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, text=True, check=True)
    tool = tmp_path / "tools/git"
    tool.parent.mkdir()
    tool.write_text(
        f'#!/bin/sh\ncase " $* " in *" fetch "*) echo $$ >>"{tmp_path}/clones"; {before or ":"} ;; esac\n'
        f'exec "{real.stdout.strip()}" "$@"\n'
    )
    tool.chmod(0o755)
    return tool.parent


def test_eight_processes_at_once_make_one_clone(repository: Repository, tmp_path: Path) -> None:
    tools = str(_counting_git(tmp_path, "sleep 0.3"))

    running = [_process(repository.uri, str(tmp_path / "state"), path=tools) for _ in range(8)]
    outputs = [process.communicate(timeout=60)[0].split() for process in running]

    assert {words[1] for words in outputs} == {repository.head}
    assert len((tmp_path / "clones").read_text().splitlines()) == 1


def test_a_clone_that_is_killed_leaves_nothing_that_counts(
    repository: Repository, tmp_path: Path, access: Opened
) -> None:
    tools = str(_counting_git(tmp_path, "exec sleep 100"))
    killed = _process(repository.uri, str(tmp_path / "state"), path=tools)
    deadline = time.monotonic() + 30
    while not (tmp_path / "clones").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    shelf = State(tmp_path / "state").sources
    (next(shelf.iterdir()) / ".tmp-files-1-left").mkdir()
    killed.send_signal(signal.SIGKILL)
    os.kill(int((tmp_path / "clones").read_text()), signal.SIGKILL)
    killed.communicate(timeout=30)

    source = open_source(repository.uri, access())

    assert not source.here
    assert "1.0" in _text(source)
    assert sorted(path.name for path in next(shelf.iterdir()).iterdir()) == sorted(
        [repository.head, "current"]
    )


@pytest.mark.parametrize(
    ("repository", "token", "private", "expected"),
    [
        ("https://me:p%40@git.example.invalid/o/r.git", "", [], "me:p@"),
        ("https://me@git.example.invalid/o/r.git", "", [], "me:"),
        ("https://github.com/o/r.git", "T", ["o/*"], "x-access-token:T"),
        ("https://github.com/o/r.git", "T", ["other/*"], ""),
        ("https://github.com/o/r.git", "", ["o/*"], ""),
        ("https://github.com.example.invalid/o/r.git", "T", ["*"], ""),
        ("http://github.com/o/r.git", "T", ["*"], ""),
        ("git@github.com:o/r.git", "T", ["o/*"], ""),
    ],
)
def test_who_is_given_which_credentials(
    repository: str, token: str, private: list[str], expected: str
) -> None:
    environ = {"GIT_CONFIG_COUNT": "1", "GITHUB_TOKEN": token}

    given = git_environ(repository, environ, private)

    login = f"{given['PKGS_GIT_USER']}:{given['PKGS_GIT_PASSWORD']}" if "PKGS_GIT_USER" in given else ""
    assert login == expected
    assert given["GIT_CONFIG_COUNT"] == ("3" if expected else "1")
    if expected:
        assert given["GIT_CONFIG_KEY_2"] in (
            "credential.https://git.example.invalid.helper",
            "credential.https://github.com.helper",
        )


def test_a_password_is_neither_kept_nor_told(tmp_path: Path, access: Opened, heard: Heard) -> None:
    uri = "https://me:hunter2@127.0.0.1:9/tools.git"
    source = open_source(uri, access())

    with pytest.raises(FetchError) as caught:
        source.read("a")

    told = json.dumps([source.uri, caught.value.message, caught.value.hint, heard.tasks, heard.infos])
    kept = [path.read_text(errors="replace") for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert "hunter2" not in told + "".join(kept)
    assert source.uri == "https://127.0.0.1:9/tools.git"


def test_a_kill_at_any_change_leaves_what_was_there_or_what_was_wanted(
    repository: Repository, tmp_path: Path, access: Opened
) -> None:
    open_source(repository.uri, access()).read("a")
    old, new = repository.head, _moved(repository)
    template = tmp_path / "template"
    shutil.copytree(tmp_path / "state", template, symlinks=True)

    def refresh() -> None:
        assert not open_source(repository.uri, access()).refresh().problem

    changes = count_changes(refresh, tmp_path / "state")
    assert changes > 5
    for before in range(0, changes, 2):
        shutil.rmtree(tmp_path / "state")
        shutil.copytree(template, tmp_path / "state", symlinks=True)
        run_and_kill(refresh, tmp_path / "state", before)

        source = open_source(repository.uri, access(offline=True))
        assert source.commit in (old, new)
        assert ("1.0" in _text(source)) == (source.commit == old)
        assert open_source(repository.uri, access()).refresh().after == new
        assert list((tmp_path / "state/sources").rglob(".tmp-*")) == []
