"""``pkgs doctor``: each fault is found, named, and comes with what helps."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.project import Project
from tests.support.repositories import Repository, small_manifest


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with one pinned tool."""
    project = Project.make(tmp_path / "project", tmp_path / "state")
    project.tool("hammer", "1.0")
    project.pkgs("install", "hammer", check=True)
    return project


def _found(
    project: Project, *flags: str, **environ: str
) -> tuple[int, dict[str, list[tuple[str, str, str]]]]:
    """Return the exit status, and the findings of each check that are not ok."""
    run = project.run([project.exe, "doctor", "--json"], environ=project.environ(**environ))
    found: dict[str, list[tuple[str, str, str]]] = {}
    for each in json.loads(run.out):
        if each["status"] != "ok":
            found.setdefault(each["check"], []).append((each["status"], each["message"], each["hint"]))
    return run.status, found


def test_a_healthy_environment(project: Project) -> None:
    assert _found(project) == (0, {})
    lines = project.pkgs("doctor").out.splitlines()
    assert all(line.startswith("ok    ") for line in lines)
    assert len(lines) >= 10


def test_outside_of_an_environment_the_machine_is_looked_at(project: Project, tmp_path: Path) -> None:
    run = project.run([project.exe, "doctor"], cwd=tmp_path)

    assert run.status == 0
    assert "pkgs init" in run.out
    assert "ok    state" in run.out


def test_scripts_that_are_missing_altered_or_cannot_run(project: Project) -> None:
    (project.bin / "activate-pkgs.fish").write_text("# altered\n")
    (project.bin / "pkgs").chmod(0o644)

    status, found = _found(project)

    assert status == 1
    assert [each[0] for each in found["scripts"]] == ["fail", "warn"]
    assert found["scripts"][0][2] == f"chmod +x {project.bin}/pkgs"


def test_a_lock_with_a_conflict(project: Project) -> None:
    project.lock.write_text("<<<<<<< HEAD\n" + project.lock.read_text())

    status, found = _found(project)

    assert status == 1
    assert "merge conflict" in found["lock"][0][2]


def test_a_pin_that_the_lock_does_not_cover(project: Project) -> None:
    text = project.lock.read_text()
    project.lock.write_text(text[: text.index('[package."hammer')])

    status, found = _found(project)

    assert status == 0
    assert found["lock"] == [("warn", "the lock does not cover hammer-1.0", "run: pkgs lock; then commit it")]


def test_a_pin_without_a_manifest(project: Project) -> None:
    (project.root / "manifests/hammer.hcl").unlink()

    status, found = _found(project)

    assert status == 1
    assert "hammer-1.0: there is no package 'hammer'" in found["packages"][0][1]


def test_manifests_that_hide_others_and_directories_that_are_missing(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/hammer.hcl").write_text(small_manifest("hammer"))
    (tmp_path / "other/unpinned.hcl").write_text(small_manifest("unpinned"))
    (project.root / "manifests/unpinned.hcl").write_text(small_manifest("unpinned"))
    sources = ["env:///manifests", (tmp_path / "other").as_uri(), "env:///none"]
    (project.bin / "pkgs.hcl").write_text(f"sources = {json.dumps(sources)}\n")

    status, found = _found(project)

    assert status == 0
    assert [each[1] for each in found["shadowing"]] == [
        f"{project.root}/manifests/hammer.hcl hides {tmp_path}/other/hammer.hcl of {sources[1]}"
    ]
    assert "env:///none is skipped" in found["sources"][0][1]


def test_sources_that_cannot_be_reached(project: Project, tmp_path: Path) -> None:
    repository = Repository.make(tmp_path / "remote.git", {"a.hcl": small_manifest("a")})
    sources = ["env:///manifests", repository.uri]
    (project.bin / "pkgs.hcl").write_text(f"sources = {json.dumps(sources)}\n")
    project.pkgs("search", check=True)
    assert _found(project) == (0, {})
    repository.path.rename(tmp_path / "gone.git")

    kept_status, kept = _found(project)
    lost_status, lost = _found(project, PKGS_STATE_DIR=str(tmp_path / "other-state"))

    assert (kept_status, kept["sources"][0][0]) == (0, "warn")
    assert "cannot be reached" in kept["sources"][0][1]
    assert (lost_status, lost["sources"][0][0]) == (1, "fail")


def test_a_state_directory_that_cannot_be_written(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    status, found = _found(project, PKGS_STATE_DIR=str(tmp_path / "file/state"))

    assert status == 1
    assert "cannot be written" in found["state"][0][1]


def test_no_program_to_set_pkgs_up_with(project: Project, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    _, found = _found(project, PATH=str(tmp_path / "empty"))

    assert [each[1] for each in found["programs"]] == [
        "neither uv nor a Python of version 3.11 or later is in PATH",
        "there is no git",
    ]


def test_another_tool_that_comes_first_in_the_path(project: Project, tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/hammer").write_text("#!/bin/sh\n")
    (tmp_path / "tools/hammer").chmod(0o755)
    rest = os.environ["PATH"]

    _, found = _found(project, PATH=f"{tmp_path}/tools:{project.bin}:{rest}")

    assert found["path"][0][1] == f"hammer is {tmp_path}/tools/hammer, not the pinned one"
    assert "path" not in _found(project, PATH=f"{project.bin}:{tmp_path}/tools:{rest}")[1]


def test_a_variable_that_names_no_environment(project: Project, tmp_path: Path) -> None:
    status, found = _found(project, PKGS_BIN=str(tmp_path))

    assert status == 1
    assert "PKGS_BIN names" in found["environment"][0][1]
