"""What gc keeps for an environment after each change."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from tests.support.project import Project


def claimed(project: Project) -> set[str]:
    """Return the names of the packages whose trees are claimed."""
    [record] = (project.state / "roots").glob("*.json")
    trees = json.loads(record.read_text())["trees"]
    return {label(project, key) for key in trees}


def label(project: Project, key: str) -> str:
    record: str = json.loads((project.state / "trees" / f"sha256-{key}.json").read_text())["label"]
    return record


def downloads(project: Project) -> int:
    [record] = (project.state / "roots").glob("*.json")
    return len(json.loads(record.read_text())["blobs"])


def test_exactly_what_is_pinned_and_needed_is_kept(project: Project) -> None:
    project.tool("base", "1.0", "2.0")
    project.tool("jre", "17.0")
    project.tool("top", "1.0", more='requires = ["base"]\nruntime-dependencies = ["jre-17.0"]')

    project.pkgs("install", "top", check=True)
    assert claimed(project) == {"top-1.0", "base-2.0", "jre-17.0"}

    project.pkgs("install", "base-1.0", check=True)
    assert claimed(project) == {"top-1.0", "base-1.0", "jre-17.0"}

    project.pkgs("uninstall", "top", check=True)
    assert claimed(project) == {"base-1.0"}


def test_what_cannot_be_resolved_any_more_is_kept(project: Project) -> None:
    project.tool("jot", "1.0")
    project.tool("jre", "17.0")
    project.tool("lint", "1.0", more='runtime-dependencies = ["jre-17.0"]')
    project.pkgs("install", "jot", "lint", check=True)
    (project.root / "manifests" / "lint.hcl").write_text("this is no manifest {")

    project.pkgs("uninstall", "jot", check=True)

    assert claimed(project) >= {"lint-1.0", "jre-17.0"}
    assert set(tomllib.loads(project.lock.read_text())["package"]) == {"lint-1.0", "jre-17.0"}


def test_gc_leaves_a_working_environment(project: Project) -> None:
    project.tool("jre", "17.0")
    project.tool("lint", "1.0", script="jre", more='runtime-dependencies = ["jre-17.0"]')
    project.pkgs("install", "lint", check=True)
    for archive in (project.root / "dist").iterdir():
        archive.unlink()

    project.pkgs("gc", "--age", "0s")

    assert project.call("lint").out == "jre 17.0\n"
    assert downloads(project) >= 2
    assert all(Path(path).exists() for path in project.bin.iterdir())
