"""Updates of manifest sources while another process is at work on the same environment."""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path

import pytest

from pkgs.cli.main import main
from pkgs.environment.commits import locked_commits
from pkgs.source.remote import RemoteSource
from pkgs.store.sourcesweep import source_lock
from tests.support.meanwhile import after
from tests.support.project import Project
from tests.support.repositories import Repository, small_manifest


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path / "remote/tools.git", {"a.hcl": small_manifest("a", "1.0")})


@pytest.fixture
def project(tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return the project that this process is in, whose lock names the commit that is newest so far."""
    project = Project.make(tmp_path / "project", tmp_path / "state")
    project.tool("alpha", "1.0.0")
    (project.bin / "pkgs.hcl").write_text(f'sources = ["env:///manifests", "{repository.uri}"]\n')
    project.pkgs("install", "alpha", check=True)
    monkeypatch.setenv("PKGS_STATE_DIR", str(project.state))
    monkeypatch.chdir(project.root)
    return project


@pytest.mark.parametrize("broken", [False, True])
def test_an_update_does_not_take_back_a_later_one(
    project: Project, repository: Repository, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    """It was slower: what it found, or could not find, is older than what the lock says since."""
    moved = repository.path.with_name("moved")
    if broken:
        repository.path.rename(moved)

    def later() -> None:
        if broken:
            moved.rename(repository.path)
        repository.commit({"a.hcl": small_manifest("a", "3.0")})
        project.pkgs("update", check=True)

    if not broken:
        repository.commit({"a.hcl": small_manifest("a", "2.0")})
    after(monkeypatch, RemoteSource, "refresh", later)

    assert main(["update"]) == 0

    assert locked_commits(project.lock) == {repository.uri: repository.head}


def test_who_waits_for_a_source_is_told_and_waits_no_longer_than_was_said(
    project: Project, repository: Repository
) -> None:
    name = source_lock(hashlib.sha256(repository.uri.encode()).hexdigest())
    with (project.state / "locks" / f"{name}.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        run = project.pkgs("--lock-timeout", "1.2s", "update")

    assert run.status == 0  # the source stays where it is
    assert f"waiting for the manifest source {repository.uri}" in run.err
    assert "gave up waiting" in run.err
