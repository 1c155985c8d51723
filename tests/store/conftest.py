"""A store for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.stores import TestStore


@pytest.fixture
def store(tmp_path: Path) -> TestStore:
    """Return an empty store."""
    return TestStore(tmp_path / "state")
