"""Commands while another process changes the same environment between two of their looks at it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import pytest

from pkgs.cli import exec as calling
from pkgs.cli.main import main
from pkgs.environment import pins
from pkgs.install import clean
from pkgs.install import install as installing
from pkgs.shim import calls
from pkgs.store import verify
from pkgs.store.locks import Locks
from tests.support.meanwhile import after, before
from tests.support.project import Project
from tests.support.repositories import Repository

# How long another command may take that nothing keeps from its work.
SECONDS = 5


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return the project that this process is in, with alpha 1.0.0 installed and 1.1.0 to be had."""
    project = Project.make(tmp_path / "project", tmp_path / "state")
    project.tool("alpha", "1.0.0", "1.1.0")
    project.pkgs("install", "alpha-1.0.0", check=True)
    project.enter(monkeypatch)
    return project


def test_info_of_a_package_that_goes_meanwhile(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    after(monkeypatch, pins, "read_pins", lambda: project.pkgs("upgrade", "alpha", check=True))

    assert main(["info", "--json", "alpha"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["version"], told["state"]) in (("1.0.0", "remote"), ("1.1.0", "installed"))


def test_pins_and_lock_are_looked_at_in_one_moment(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    after(monkeypatch, pins, "_links", lambda: project.pkgs("upgrade", "alpha", check=True))

    main(["doctor"])
    assert "does not cover" not in capsys.readouterr().out


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what becomes the output of the tool that would replace this process."""
    output: list[str] = []

    def execve(target: Path, words: list[str], environ: dict[str, str]) -> None:
        output.append(subprocess.run(words, env=environ, capture_output=True, text=True, check=True).stdout)

    monkeypatch.setattr(os, "execve", execve)
    monkeypatch.setattr(calling, "give_signals_back", lambda: None)
    return output


def test_a_call_that_only_reads_while_its_tool_is_upgraded(
    project: Project, monkeypatch: pytest.MonkeyPatch, called: list[str]
) -> None:
    after(monkeypatch, pins, "tool_behind", lambda: project.pkgs("upgrade", "alpha", check=True, CI=""))
    monkeypatch.setenv("CI", "true")

    assert main(["exec", "bin/alpha"]) == 0
    assert called == ["alpha 1.1.0\n"]


def test_a_call_whose_tool_is_upgraded_and_collected_before_it_starts(
    project: Project, monkeypatch: pytest.MonkeyPatch, called: list[str]
) -> None:
    def upgrade_and_collect() -> None:
        project.pkgs("upgrade", "alpha", check=True)
        project.pkgs("gc", check=True)

    after(monkeypatch, calls, "prepare", upgrade_and_collect)

    assert main(["exec", "bin/alpha"]) == 0
    assert called == ["alpha 1.1.0\n"]


def test_an_update_that_ends_while_an_install_waits_stays_in_the_lock(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.tool("beta", "1.0.0")
    manifests = {path.name: path.read_text() for path in (project.root / "manifests").iterdir()}
    repository = Repository.make(tmp_path / "manifests.git", manifests)
    (project.bin / "pkgs.hcl").write_text(f'sources = ["{repository.uri}"]\n')
    project.pkgs("lock", check=True)
    newest = repository.commit({"more.txt": ""})
    before(monkeypatch, Locks, "hold", lambda: project.pkgs("update", check=True))

    assert main(["install", "beta"]) == 0
    assert newest in project.lock.read_text()


@pytest.mark.parametrize("what", ["--packages", "--cache"])
def test_what_another_environment_claims_while_one_is_cleaned_stays(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    project.pkgs("install", "alpha-1.0.0", check=True)
    other = Project.make(tmp_path / "other", project.state)
    other.tool("alpha", "1.0.0")
    whole = {path for path in project.state.glob("trees/*") if path.is_dir()}
    whole |= set(project.state.glob("blobs/sha256/*/*"))
    after(monkeypatch, clean._Shares, "__init__", lambda: other.pkgs("install", "alpha-1.0.0", check=True))

    assert main(["clean", what]) == 0
    assert all(path.exists() for path in whole)


def test_an_install_whose_package_is_uninstalled_and_collected_before_its_calls_are_prepared(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def undo() -> None:
        project.pkgs("uninstall", "alpha", check=True)
        project.pkgs("gc", check=True)

    after(monkeypatch, installing, "install", undo)

    assert main(["install", "alpha-1.1.0"]) == 0


def test_a_download_that_another_process_has_repaired_is_not_removed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (blob,) = (path for path in project.state.glob("blobs/sha256/*/*") if path.stat().st_size < 1000)
    whole = blob.read_bytes()
    blob.chmod(0o644)
    blob.write_bytes(bytes(len(whole)))
    other = threading.Thread(target=lambda: project.pkgs("verify", "--deep", "--repair", check=True))
    with ExitStack() as stack:

        def start_another() -> None:
            other.start()
            other.join(SECONDS)
            if blob.read_bytes() == whole:
                repaired.append(stack.enter_context(blob.open()))

        repaired: list[TextIO] = []
        before(monkeypatch, verify, "remove_tree", start_another)

        assert main(["verify", "--deep", "--repair"]) == 0
        other.join()
        assert blob.read_bytes() == whole
        assert all(os.path.samestat(os.fstat(file.fileno()), blob.stat()) for file in repaired)
