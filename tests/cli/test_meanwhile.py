"""Commands while another process changes the same environment between two of their looks at it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pkgs.cli.main import main
from pkgs.environment import pins
from tests.support.meanwhile import after
from tests.support.project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return the project that this process is in, with alpha 1.0.0 installed and 1.1.0 to be had."""
    project = Project.make(tmp_path / "project", tmp_path / "state")
    project.tool("alpha", "1.0.0", "1.1.0")
    project.pkgs("install", "alpha-1.0.0", check=True)
    monkeypatch.setenv("PKGS_STATE_DIR", str(project.state))
    monkeypatch.chdir(project.root)
    return project


def test_info_of_a_package_that_goes_meanwhile(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    after(monkeypatch, pins, "read_pins", lambda: project.pkgs("upgrade", "alpha", check=True))

    assert main(["info", "--json", "alpha"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["version"], told["state"]) in (("1.0.0", "remote"), ("1.1.0", "installed"))


def test_pins_and_lock_are_looked_at_in_one_moment(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    after(monkeypatch, pins, "_links", lambda: project.pkgs("upgrade", "alpha", check=True))

    main(["doctor"])
    assert "does not cover" not in capsys.readouterr().out
