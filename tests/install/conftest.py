"""Projects for tests of installing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with an empty environment."""
    return Project.make(tmp_path / "project", tmp_path / "state")
