"""Activation where tools are not all there yet: it asks Python once, and again when one came."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pkgs.digests import digest_file
from tests.support.archives import make_tar_gz
from tests.support.checkout import ROOT
from tests.support.project import Project, Run


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project whose tool ink, from a second origin, says where it is; its pkgs counts its runs."""
    project = Project.make(tmp_path / "project", tmp_path / "state")
    spare = make_tar_gz(project.root / "dist" / "spare.tgz", {"bin/ink": b"#!/bin/sh\necho spare\n"})
    project.tool("ink", "1.0.0")
    (project.root / "dist" / "ink-1.0.0.tar.gz").rename(project.root / "dist" / "away")
    manifest = project.root / "manifests" / "ink.hcl"
    origin = f'source = "{spare.as_uri()}"\n  sha256 = "{digest_file(spare).hex}"'
    more = f"alternative {{\n  {origin}\n  strip = 0\n}}\n"
    more += 'env = {\n  "INK_ROOT": "${root}",\n}\n'
    manifest.write_text(manifest.read_text().replace("\nversion", f"\n{more}version", 1))
    (project.bin / ".ink-1.0.0.pkg").symlink_to("pkgs")
    (project.bin / "ink").symlink_to(".ink-1.0.0.pkg")
    project.pkgs("lock", check=True)
    main = ROOT / "src" / "pkgs" / "__main__.py"
    project.exe.write_text(
        f'#!/bin/sh\necho run >>"{tmp_path}/runs"\nexec "{sys.executable}" -I "{main}" "$@"\n'
    )
    return project


def runs(project: Project) -> int:
    """Return how often pkgs was started, and forget it."""
    log = project.exe.with_name("runs")
    count = len(log.read_text().split()) if log.exists() else 0
    log.write_text("")
    return count


def activate(project: Project, *more: str) -> Run:
    script = "; ".join(["cd project", ". bin/activate-pkgs", 'echo "$INK_ROOT"', *more])
    return project.run(["sh", "-c", script], cwd=project.root.parent, check=True)


def test_what_is_not_installed_does_not_keep_activation_cold(project: Project) -> None:
    activate(project)
    assert runs(project) == 1

    activate(project)

    assert runs(project) == 0


def test_a_tool_that_came_from_another_origin_is_seen(project: Project) -> None:
    """Where the package is changes with what it was unpacked from; the next activation knows."""
    before = activate(project, "ink").out.split()
    assert before[1] == "spare"
    runs(project)

    after = activate(project).out.split()
    assert runs(project) == 1
    assert after[0] != before[0]
    assert (Path(after[0]) / "bin" / "ink").exists()
    activate(project)
    assert runs(project) == 0


def test_a_tree_that_went_away_is_seen(project: Project) -> None:
    activate(project, "ink")
    activate(project)
    runs(project)
    tree = next((project.state / "trees").glob("sha256-*/bin")).parent
    tree.rename(tree.with_name("elsewhere"))

    activate(project)

    assert runs(project) == 1
