"""The user's own configuration, as commands heed it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.project import Project

BASH = 'PS1="> "; . bin/activate-pkgs 2>&1; echo "PS1=$PS1"'


def prompt(project: Project, *, config: str | None = None, home: Path | None = None) -> str:
    more = {}
    if config is not None:
        path = project.root.parent / "user.hcl"
        path.write_text(config)
        more["PKGS_USER_CONFIG"] = str(path)
    if home:
        more["HOME"] = str(home)
    done = project.run(["bash", "-c", BASH], environ=project.environ(**more), check=True)
    return done.out.splitlines()[-1]


@pytest.mark.parametrize(
    ("config", "shown"),
    [
        ("", "PS1=project🐚 > "),
        ('prompt = "short"\n', "PS1=🐚 > "),
        ("short-prompt = true\n", "PS1=🐚 > "),
        ('prompt = "none"\n', "PS1=> "),
        ('prompt = "long"\n', "PS1=project🐚 > "),
    ],
)
def test_the_prompt(project: Project, config: str, shown: str) -> None:
    assert prompt(project, config=config) == shown


def test_a_changed_configuration_is_heeded_by_a_kept_activation(project: Project, home: Path) -> None:
    assert prompt(project) == "PS1=project🐚 > "
    (home / ".hermit.hcl").write_text('prompt = "short"\n')
    os.utime(home / ".hermit.hcl", (1, 1))
    assert prompt(project) == "PS1=🐚 > "
    (home / ".pkgs.hcl").write_text('prompt = "none"\n')
    assert prompt(project) == "PS1=> "


def test_a_flag_outdoes_it(project: Project) -> None:
    script = project.pkgs("activate", "--shell", "bash", "--prompt", "short", "--env", "ONCE=1").out

    assert "'🐚 '" in script
    assert "ONCE" in script
    again = project.pkgs("activate", "--shell", "bash").out
    assert "project🐚" in again
    assert "ONCE" not in again
    assert "ONCE" not in project.run(["bash", "-c", ". bin/activate-pkgs; env"]).out


def test_a_broken_one_is_a_warning(project: Project) -> None:
    path = project.root.parent / "user.hcl"
    path.write_text("prompt = {\n")

    done = project.pkgs("--user-config", str(path), "activate", "--shell", "sh")

    assert done.status == 0
    assert f"warning: your own configuration is left out: {path}:1: " in done.err
