"""hermit's integration scenarios (integration/integration_test.go), renamed, in real shells."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.scenarios import activating, depending, installing, starting, surviving
from tests.support.scenarios import Scenario, Stage

TABLES = (starting, activating, installing, depending, surviving)


PLAYED = [
    pytest.param(scenario, shell, id=f"{scenario.name} ({shell})")
    for table in TABLES
    for scenario in table.SCENARIOS
    for shell in scenario.shells
]


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage.set_up(tmp_path_factory.mktemp("stage"))


@pytest.mark.parametrize(("scenario", "shell"), PLAYED)
def test_scenario(scenario: Scenario, shell: str, stage: Stage, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    place = tmp_path / "root"

    result = stage.play(scenario, shell, place)

    assert (result.status != 0) == scenario.fails, result.shown
    assert "assertion failed" not in result.shown, result.shown
    for text in scenario.shows:
        assert text in result.shown
    for name in scenario.files:
        assert (place / name).exists(), result.shown
