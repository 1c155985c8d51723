"""What the page about CI tells people to type, beside its recipe (test_walkthroughs), without a network."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.markdown import ROOT, blocks
from tests.support.project import Project

FROZEN, FILES, CHECKS, _, HOSTS = (block.text for block in blocks(ROOT / "docs" / "how-to" / "ci.md", "sh"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.make(tmp_path / "project", tmp_path / "state")
    made.tool("deno", "2.9.5", more='env = {"DENO_HOME": "${PKGS_ENV}/.deno"}')
    made.pkgs("install", "deno", check=True)
    return made


def typed(project: Project, script: str) -> str:
    return project.run(["sh", "-ec", script], environ=project.environ(CI="true"), check=True).out


def test_the_two_lines_for_elsewhere(project: Project) -> None:
    assert typed(project, FROZEN + "deno") == "deno 2.9.5\n"


def test_files_of_variables(project: Project) -> None:
    typed(project, FILES)

    assert f"DENO_HOME={project.root}/.deno\n" in (project.root / ".env").read_text()
    assert f'ENV DENO_HOME="{project.root}/.deno"\n' in (project.root / "env.dockerfile").read_text()


def test_the_checks_pass_and_fail(project: Project) -> None:
    assert "whole" in typed(project, CHECKS)
    (tree,) = project.state.glob("trees/*/bin/deno")
    tree.chmod(0o755)
    tree.write_text("other")
    lock, verify = CHECKS.splitlines()

    assert project.run(["sh", "-ec", verify]).status == 1
    project.lock.write_text(project.lock.read_text().replace('version = "2.9.5"', 'version = "2.9.4"'))
    assert project.run(["sh", "-ec", lock]).status == 1


def test_the_hosts_are_those_of_the_lock() -> None:
    lock = tomllib.loads((ROOT / "bin" / "pkgs.lock").read_text("utf-8"))
    hosts = {urlsplit(url).hostname for url in texts(lock) if url.startswith("https://")}

    done = subprocess.run(["sh", "-ec", HOSTS], cwd=ROOT, capture_output=True, text=True, check=True)

    assert set(done.stdout.split()) == hosts
    assert "github.com" in hosts


def texts(value: object) -> Iterator[str]:
    """Yield every string in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)
