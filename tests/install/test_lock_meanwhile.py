"""A lock that git or an editor changes while a command is at work: who knows nothing of our locks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pkgs.cli.main import main
from pkgs.environment.pins import read_pins
from pkgs.install import install, refresh, relock
from tests.support.meanwhile import before
from tests.support.project import Project
from tests.support.repositories import Repository, small_manifest


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return the project that this process is in; newer than what it has are a commit and an alpha."""
    repository = Repository.make(tmp_path / "remote/tools.git", {"a.hcl": small_manifest("a", "1.0")})
    project = Project.make(tmp_path / "project", tmp_path / "state")
    project.tool("alpha", "1.0.0", "1.1.0")
    (project.bin / "pkgs.hcl").write_text(f'sources = ["env:///manifests", "{repository.uri}"]\n')
    project.pkgs("install", "alpha-1.0.0", check=True)
    repository.commit({"a.hcl": small_manifest("a", "2.0")})
    monkeypatch.setenv("PKGS_STATE_DIR", str(project.state))
    monkeypatch.chdir(project.root)
    return project


@pytest.mark.parametrize(
    ("words", "owner", "step"),
    [
        (["upgrade", "alpha"], install, "commit"),
        (["uninstall", "alpha"], install, "commit"),
        (["update"], refresh, "write_lock"),
        (["lock", "--update"], relock, "write_lock"),
    ],
)
@pytest.mark.parametrize("gone", [False, True])
def test_what_others_wrote_is_not_overwritten(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: Sequence[str],
    owner: object,
    step: str,
    gone: bool,
) -> None:
    if words[0] == "lock":
        project.tool("alpha", "1.0.0")  # packed anew
    pulled = f'{project.lock.read_text()}\n[package."beta-1.0.0"]\nversion = "1.0.0"\n'
    change = project.lock.unlink if gone else lambda: project.lock.write_text(pulled)
    before(monkeypatch, owner, step, change)

    assert main(list(words)) == 1

    said = capsys.readouterr().err
    assert f"{project.lock} was changed by another program meanwhile" in said
    assert "run the command again" in said
    assert (project.lock.read_text() if project.lock.exists() else None) == (None if gone else pulled)
    assert [str(pin.reference) for pin in read_pins(project.bin)] == ["alpha-1.0.0"]
    assert main(list(words)) == 0


def test_a_lock_that_only_looks_different_is_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(
        monkeypatch, install, "commit", lambda: project.lock.write_text(f"# hi\n{project.lock.read_text()}")
    )

    assert main(["upgrade", "alpha"]) == 0
