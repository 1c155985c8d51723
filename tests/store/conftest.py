"""A store and an environment for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.stores import TestStore


@pytest.fixture
def store(tmp_path: Path) -> TestStore:
    """Return an empty store."""
    return TestStore(tmp_path / "state")


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    """Return the directory of an environment whose configuration says nothing."""
    path = tmp_path / "project" / "bin"
    path.mkdir(parents=True)
    (path / "pkgs.hcl").write_text("")
    return path
