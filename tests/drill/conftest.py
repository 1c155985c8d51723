"""A project to come to grief in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgs.digests import digest_bytes
from tests.support.drills import ONE, works
from tests.support.project import Project
from tests.support.server import Reply, Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, server: Server) -> Project:
    """Return a project with alpha 1.0.0 installed, and two more to be had, one of them of some size."""
    project = Project.make(tmp_path / "disk" / "project", tmp_path / "disk" / "state")
    project.tool("alpha", "1.0.0", "1.1.0")
    project.tool("gamma", "1.0.0")
    project.tool("beta", "1.0.0", script=f'echo "NAME VERSION"\n# {os.urandom(150_000).hex()}')
    served = (project.root / "dist" / "beta-1.0.0.tar.gz").read_bytes()
    url = server.add("/beta.tar.gz", Reply(served, etag='"1"'))
    project.remote("beta", url, digest_bytes(served).hex)
    project.pkgs("install", "alpha-1.0.0", check=True)
    assert not works(project, ONE)
    return project
