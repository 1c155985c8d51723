"""Completion, asked by real shells."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.project import Project
from tests.support.terminal import Terminal

BASH, ZSH, FISH = (
    pytest.mark.skipif(shutil.which(shell) is None, reason=f"there is no {shell}")
    for shell in ("bash", "zsh", "fish")
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project whose sources know hammer and handsaw, of which hammer is pinned."""
    project = Project.make(tmp_path / "project", tmp_path / "state")
    project.tool("hammer", "1.0", "1.10", "2.0")
    project.manifest("handsaw", ["1.0"], {})
    project.pkgs("install", "hammer-1.0", check=True)
    return project


def _offered(project: Project, *words: str) -> list[str]:
    run = project.pkgs("__complete", *words, check=True)
    assert run.err == ""
    return [line.partition("\t")[0] for line in run.out.splitlines()]


def _environ(project: Project) -> dict[str, str]:
    return project.environ(PATH=f"{project.bin}:{os.environ['PATH']}", TERM="xterm")


def _bash(project: Project, line: str) -> list[str]:
    """Return what bash would put in the place of its current word at the end of ``line``."""
    script = (
        "source <(pkgs completion bash); COMP_LINE=$1 COMP_POINT=${#1}; "
        '_pkgs_complete pkgs "$2" ""; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    word = line.replace("@", " ").replace("=", " ").rpartition(" ")[2]
    run = project.run(["bash", "-c", script, "bash", line, word], environ=_environ(project), check=True)
    return run.out.split()


def _fish(project: Project, line: str) -> list[str]:
    script = "pkgs completion fish | source; complete --do-complete $argv[1]"
    run = project.run(["fish", "--no-config", "-c", script, line], environ=_environ(project), check=True)
    return [each.partition("\t")[0] for each in run.out.splitlines()]


OFFERED = {
    "unin": ["uninstall"],
    "--offline unin": ["uninstall"],
    "--level debug unin": ["uninstall"],
    "--level de": ["debug"],
    "uninstall h": ["hammer"],
    "install h": ["hammer", "handsaw"],
    "install --jobs 2 ha hand": ["handsaw"],
    "install hammer-1": ["hammer-1.10", "hammer-1.0"],
    "install hammer@": ["hammer@latest", "hammer@1", "hammer@2"],
    "install --froz": ["--frozen"],
    "install --off": ["--offline"],
    "exec ": ["hammer"],
    "exec hammer -- x": [":files"],
    "resolve --source mani": [":files"],
    "completion z": ["zsh"],
    "nonsense ": [],
    "install x": [],
}


def test_what_is_offered(project: Project) -> None:
    assert {line: _offered(project, *line.split(" ")) for line in OFFERED} == OFFERED


def test_a_source_that_would_have_to_be_fetched_offers_nothing(project: Project) -> None:
    (project.bin / "pkgs.hcl").write_text('sources = ["https://git.example.invalid/x.git"]\n')

    assert _offered(project, "install", "h") == []


def test_a_broken_environment_offers_its_commands_all_the_same(project: Project) -> None:
    (project.bin / "pkgs.hcl").write_text("nonsense")

    assert _offered(project, "unin") == ["uninstall"]
    assert _offered(project, "install", "h") == []


IN_BASH = {
    "pkgs unin": ["uninstall"],
    "pkgs uninstall ": ["hammer"],
    "pkgs install hammer-2": ["hammer-2.0"],
    "pkgs install hammer@la": ["latest"],
    "pkgs resolve --source mani": ["manifests"],
}


@BASH
def test_bash(project: Project) -> None:
    assert {line: _bash(project, line) for line in IN_BASH} == IN_BASH


IN_FISH = {
    "pkgs unin": ["uninstall"],
    "pkgs uninstall ": ["hammer"],
    "pkgs install hammer-2": ["hammer-2.0"],
    "pkgs install hammer@la": ["hammer@latest"],
    "pkgs resolve --source mani": ["manifests/"],
}


@FISH
def test_fish(project: Project) -> None:
    assert {line: _fish(project, line) for line in IN_FISH} == IN_FISH


TYPED = {
    "unin": "uninstall",
    "uninstall h": "uninstall hammer",
    "install hammer@la": "hammer@latest",
    "info hammer-2": "hammer-2.0",
}
_LOAD = {
    "bash": "source <(pkgs completion bash)",
    "zsh": "zle_highlight=(none); autoload -Uz compinit; compinit -u -D; source <(pkgs completion zsh)",
}


@pytest.mark.parametrize(
    "shell",
    [
        pytest.param(["bash", "--norc", "--noprofile", "-i"], marks=BASH),
        pytest.param(["zsh", "-f", "-i"], marks=ZSH),
    ],
    ids=["bash", "zsh"],
)
def test_the_tabulator_key(project: Project, shell: list[str]) -> None:
    """What is typed after the key shows that the line was completed, and not only talked about."""
    with Terminal(shell, _environ(project), project.root) as terminal:
        terminal.run(_LOAD[shell[0]])
        for typed, shown in TYPED.items():
            start = len(terminal.seen)
            terminal.type(f"pkgs {typed}\tzz")
            terminal.wait_for(f"{shown} zz", start)


@ZSH
def test_zsh_completes_paths(project: Project) -> None:
    with Terminal(["zsh", "-f", "-i"], _environ(project), project.root) as terminal:
        terminal.run(_LOAD["zsh"])
        start = len(terminal.seen)
        terminal.type("pkgs resolve --source mani\t")
        assert "manifests" in terminal.wait_for("manifests", start)


def test_a_shell_without_completion_is_refused(project: Project) -> None:
    run = project.pkgs("completion", SHELL="/bin/csh")

    assert run.status == 2
    assert "csh" in run.err
