"""What the pages about manifests tell people to type, typed, without a network."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgs.platforms import PLATFORMS
from tests.support.archives import make_tar_gz
from tests.support.checkout import pkgs_on_path
from tests.support.markdown import ROOT, blocks
from tests.support.project import Project
from tests.support.repositories import Repository
from tests.support.server import Reply, Server, serving

HOW_TO = ROOT / "docs" / "how-to"
UPDATE, WHENCE, FIND = (block.text for block in blocks(HOW_TO / "manifest-sources.md", "sh"))
MAKE, RESOLVE = (block.text for block in blocks(HOW_TO / "write-a-manifest.md", "sh"))


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a repository whose only source of manifests is a git repository, with jq pinned from there."""
    made = Project.make(tmp_path / "project", tmp_path / "state")
    made.tool("jq", "1.6", "1.7", more='provides = ["jre"]')
    text = (made.root / "manifests" / "jq.hcl").read_text()
    repository = Repository.make(tmp_path / "tools.git", {"jq.hcl": text})
    (made.bin / "pkgs.hcl").write_text(f'sources = ["{repository.uri}"]\n')
    made.pkgs("install", "jq-1.6", check=True)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "jq"]):
        made.run(["git", *words], check=True)
    repository.commit({"jq.hcl": text.replace("The tool jq", "kubernetes for JSON")})
    return made


def typed(project: Project, script: str) -> str:
    """Return what a script prints that stops at the first failure."""
    path = f"{pkgs_on_path(project.state.parent / 'commands')}{os.pathsep}{os.environ['PATH']}"
    return project.run(["bash", "-ec", script], environ=project.environ(PATH=path), check=True).out


def test_moving_sources_on(project: Project) -> None:
    said = typed(project, UPDATE)

    assert [line[0] for line in said.splitlines() if "commit = " in line] == ["-", "+"]
    assert project.call("jq").out == "jq 1.6\n"


def test_asking_where_a_package_comes_from(project: Project) -> None:
    said = typed(project, WHENCE)

    assert "tools.git" in said
    assert "jq-1.6" in said


def test_finding_packages(project: Project) -> None:
    typed(project, UPDATE)
    by_text, by_prefix, by_name, exactly = FIND.splitlines()

    assert "jq" in typed(project, by_text)
    assert "terraform" in typed(project, by_prefix)
    assert "jq" in typed(project, by_name)
    assert all(line.startswith("deno") for line in typed(project, exactly).split())


def test_letting_pkgs_write_a_manifest(project: Project, server: Server, tmp_path: Path) -> None:
    (project.bin / "pkgs.hcl").write_text('sources = ["env:///manifests"]\n')
    for each in PLATFORMS:
        name = f"hello-1.1.0-{each.os}-{each.arch}.tar.gz"
        archive = make_tar_gz(tmp_path / name, {"hello": b"#!/bin/sh\necho hello\n"})
        server.add(f"/hello/1.1.0/{name}", Reply(archive.read_bytes()))

    typed(project, MAKE.replace("https://example.org", server.url("")))
    resolved = json.loads(typed(project, RESOLVE))["package"]

    assert resolved["source"].endswith("/hello/1.1.0/hello-1.1.0-darwin-arm64.tar.gz")
    assert len(resolved["sha256"]) == 64
    assert typed(project, "pkgs install hello && bin/hello") == "hello\n"
