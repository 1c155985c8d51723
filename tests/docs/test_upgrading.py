"""What the page about upgrading tells people to type, typed, without a network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.checkout import pkgs_on_path
from tests.support.markdown import ROOT, blocks
from tests.support.project import Project, Run

PAGE = ROOT / "docs" / "how-to" / "upgrade.md"
NEWER, ONE, MAJOR, CHANNEL, MANIFESTS, FOLLOW, MERGE, LOOK, MEND, SPACE, PKGS = (
    block.text for block in blocks(PAGE, "sh")
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a repository that pins old versions of terraform and deno, all committed."""
    made = Project.make(tmp_path / "project", tmp_path / "state")
    made.tool("terraform", "1.10.2", "1.11.4", "2.0.0")
    made.tool("deno", "1.46.2", "1.46.3", "2.9.4", "2.9.5")
    made.pkgs("install", "terraform-1.10.2", "deno-1.46.2", check=True)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "old"]):
        made.run(["git", *words], check=True)
    return made


def typed(project: Project, script: str) -> Run:
    """Run a script in bash, with a ``pkgs`` on the PATH; it stops at the first failure."""
    path = f"{pkgs_on_path(project.state.parent / 'commands')}{os.pathsep}{os.environ['PATH']}"
    return project.run(["bash", "-ec", script], environ=project.environ(PATH=path), check=True)


def pins(project: Project) -> set[str]:
    return set(project.pkgs("list", "--short", check=True).out.split())


def test_upgrading(project: Project) -> None:
    said = typed(project, NEWER)

    old, new = ("deno-1.46.2", "terraform-1.10.2"), ("deno-1.46.3", "terraform-1.11.4")
    assert said.out.splitlines()[:4] == [*(f"- {each}" for each in old), *(f"+ {each}" for each in new)]
    assert "{.deno-1.46.2.pkg => .deno-1.46.3.pkg}" in said.out
    assert pins(project) == {"terraform-1.11.4", "deno-1.46.3"}
    typed(project, ONE + MAJOR)
    assert pins(project) == {"terraform-1.11.4", "deno-2.9.4"}
    typed(project, CHANNEL)
    assert pins(project) == {"terraform-1.11.4", "deno@2"}
    assert project.call("deno").out == "deno 2.9.5\n"


def test_a_channel_stands_still_until_it_is_upgraded(project: Project) -> None:
    install, upgrade = CHANNEL.splitlines()
    project.tool("deno", "2.9.4")
    typed(project, install)
    project.tool("deno", "2.9.4", "2.9.5")

    assert project.call("deno").out == "deno 2.9.4\n"
    typed(project, upgrade)
    assert project.call("deno").out == "deno 2.9.5\n"


def test_bringing_the_lock_in_line(project: Project) -> None:
    typed(project, MANIFESTS + FOLLOW + MERGE)
    (project.bin / ".terraform-1.11.4.pkg").rename(project.bin / ".terraform-1.10.2.pkg")
    (project.bin / "terraform").unlink()
    (project.bin / "terraform").symlink_to(".terraform-1.10.2.pkg")

    assert project.pkgs("lock", "--check").status == 1
    typed(project, MERGE)


def test_looking_and_mending(project: Project) -> None:
    typed(project, LOOK)
    (tool,) = project.state.glob("trees/*/bin/deno")
    tool.chmod(0o755)
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o555)

    assert project.pkgs("verify").status == 1
    typed(project, MEND)
    assert project.pkgs("verify").status == 0


def test_giving_space_back(project: Project) -> None:
    typed(project, "pkgs upgrade terraform")

    typed(project, SPACE)

    left = {path.name for path in project.state.glob("trees/*/bin/*")}
    assert left == {"deno", "terraform"}
    assert len(list(project.state.glob("trees/*/bin/terraform"))) == 1


def test_a_newer_pkgs_renews_the_scripts_and_keeps_the_rest(project: Project) -> None:
    (project.bin / "activate-pkgs").write_text("# older\n")
    before, config = pins(project), (project.bin / "pkgs.hcl").read_text()

    typed(project, PKGS)

    assert (project.bin / "activate-pkgs").read_text() != "# older\n"
    assert (pins(project), (project.bin / "pkgs.hcl").read_text()) == (before, config)
    assert "[pkgs]" in project.lock.read_text()
