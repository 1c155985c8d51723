"""What ``pkgs lock`` makes anew: with ``--update`` what is named, be it pinned or needed at run time."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.support.project import Project


def locked(project: Project) -> dict[str, Any]:
    packages: dict[str, Any] = tomllib.loads(project.lock.read_text())["package"]
    return packages


@pytest.fixture
def linting(project: Project) -> Project:
    """Return the project with a tool that needs a channel of another, which has a newer version now."""
    project.tool("jre", "17.0")
    project.tool("lint", "1.0", more='runtime-dependencies = ["jre@latest"]')
    project.pkgs("install", "lint", check=True)
    project.tool("jre", "17.0", "18.0")
    return project


@pytest.mark.parametrize("names", [("jre",), ("jre@latest",), ("jre", "lint"), ()])
def test_what_is_needed_at_run_time_is_updated_by_its_name(linting: Project, names: tuple[str, ...]) -> None:
    linting.pkgs("lock", check=True)
    assert locked(linting)["jre@latest"]["version"] == "17.0"

    linting.pkgs("lock", "--update", *names, check=True)

    assert locked(linting)["jre@latest"]["version"] == "18.0"
    assert locked(linting)["lint-1.0"]["runtime"] == ["jre@latest"]


def test_other_packages_stay(linting: Project) -> None:
    linting.pkgs("lock", "--update", "lint", check=True)

    assert locked(linting)["jre@latest"]["version"] == "17.0"


def test_a_name_that_is_not_in_the_lock_is_an_error(linting: Project) -> None:
    before = linting.lock.read_bytes()

    done = linting.pkgs("lock", "--update", "lint", "lnt")

    assert done.status == 1
    assert "lnt is neither pinned nor needed here" in done.err
    assert 'did you mean "lint"?' in done.err
    assert linting.lock.read_bytes() == before


def test_what_a_broken_lock_is_told_to_be_mended_by_mends_it(project: Project) -> None:
    project.tool("jot", "1.0.0")
    project.pkgs("install", "jot", check=True)
    whole = project.lock.read_text()
    broken = 'sha256 = "zz'.join(whole.rsplit('sha256 = "', 1))
    project.lock.write_text(broken)

    told = project.pkgs("install").err
    assert "remove what follows its table [pkgs], and run: pkgs lock" in told

    before, table, rest = broken.partition("\n[pkgs]\n")
    project.lock.write_text(before + table + rest.partition("\n[")[0] + "\n")
    project.pkgs("lock", check=True)
    project.pkgs("install", check=True)

    assert project.lock.read_text() == whole
