from __future__ import annotations

from pathlib import Path

import pytest

from pkgs.environment.trust import Standing, allow, standing
from tests.support.meanwhile import before


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    """Return the directory of an environment."""
    path = tmp_path / "bin"
    path.mkdir()
    for name in ("pkgs", "activate-pkgs", "activate-pkgs.fish", "pkgs.hcl"):
        (path / name).write_text(name)
    return path


def test_two_that_allow_an_environment_at_once(
    tmp_path: Path, bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, Path, "replace", lambda: allow(tmp_path, bin_dir))
    allow(tmp_path, bin_dir)

    assert standing(tmp_path, bin_dir) is Standing.ALLOWED


def test_of_a_file_that_is_gone_no_copy_stays(tmp_path: Path, bin_dir: Path) -> None:
    allow(tmp_path, bin_dir)
    (bin_dir / "activate-pkgs.fish").unlink()
    assert standing(tmp_path, bin_dir) is Standing.CHANGED
    allow(tmp_path, bin_dir)

    assert standing(tmp_path, bin_dir) is Standing.ALLOWED
    assert not list(tmp_path.rglob(".trust/activate-pkgs.fish"))


def test_a_file_that_goes_while_it_is_read_is_not_there(
    tmp_path: Path, bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bin_dir / "pkgs.lock").write_text("")
    allow(tmp_path, bin_dir)
    before(monkeypatch, Path, "read_bytes", (bin_dir / "pkgs").unlink)

    assert standing(tmp_path, bin_dir) is Standing.CHANGED
