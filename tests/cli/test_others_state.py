"""The state directory of somebody who keeps others out, as a umask of 077 does."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess

import pytest

from tests.support.project import Project, Run

OWNER = 54321
SETPRIV = shutil.which("setpriv")
WEAK = [str(SETPRIV), "--bounding-set=-all", "--inh-caps=-all", "--"]


@pytest.fixture
def theirs(project: Project) -> Project:
    """Return a project with a tool, whose state directory is another user's, and for that user alone."""
    if os.getuid() != 0 or not SETPRIV:
        pytest.skip("takes root to make files somebody else's, and setpriv to be refused what is")
    project.tool("jot", "1.0.0")
    project.pkgs("install", "jot", check=True)
    subprocess.run(["chmod", "-R", "go-rwx", str(project.state)], check=True)
    subprocess.run(["chown", "-R", "-h", str(OWNER), str(project.state)], check=True)
    return project


def weakly(project: Project, *words: str) -> Run:
    """Run a command as one who may not do with other users' files what these forbid."""
    return project.run([*WEAK, *words])


@pytest.mark.parametrize("words", [["install"], ["verify"], ["gc"], ["gc", "--usage"], ["status"], ["jot"]])
def test_errors_say_whose_it_is_and_what_helps(theirs: Project, words: list[str]) -> None:
    command = [str(theirs.bin / "jot")] if words == ["jot"] else [str(theirs.exe), *words]

    done = weakly(theirs, *command)

    assert (done.status, done.out) == (1, "")
    assert "Permission denied" in done.err
    assert f"{theirs.state} is {OWNER}'s, mode 700" in done.err
    assert "PKGS_STATE_DIR" in done.err


def test_what_is_said_to_help_does(theirs: Project) -> None:
    hint = weakly(theirs, str(theirs.bin / "jot")).err.partition("hint: ")[2]
    subprocess.run(shlex.split(hint.partition("run: ")[2].partition(";")[0]), check=True)

    assert weakly(theirs, str(theirs.bin / "jot")).out == "jot 1.0.0\n"
    assert weakly(theirs, str(theirs.exe), "verify", "--deep").out == "whole\tjot-1.0.0\n"
    assert theirs.state.joinpath("envs").stat().st_mode & 0o077 == 0


def test_doctor_tells_it_too(theirs: Project) -> None:
    done = weakly(theirs, str(theirs.exe), "doctor")

    assert f"{theirs.state} is {OWNER}'s, mode 700" in done.out
    assert "Errno" not in done.out


def test_one_directory_in_it_is_named(theirs: Project) -> None:
    theirs.state.chmod(0o755)
    theirs.state.joinpath("trees").chmod(0o700)

    assert f"{theirs.state}/" in weakly(theirs, str(theirs.exe), "verify").err
    assert f"is {OWNER}'s, mode 700" in weakly(theirs, str(theirs.exe), "verify").err
