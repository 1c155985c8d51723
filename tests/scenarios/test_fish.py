"""Values that would end a quotation in fish (hermit's integration/fish_test.go), and its own way in."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.scenarios.fixtures import NESTED, NESTING, ONE
from tests.support.scenarios import Stage

pytestmark = pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage.set_up(tmp_path)


def in_fish(stage: Stage, place: Path, script: str) -> str:
    done = subprocess.run(
        ["fish", "--no-config", "-c", script],
        cwd=place,
        env=stage.environ(place),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_trailing_backslash_ends_no_quotation(stage: Stage, tmp_path: Path) -> None:
    place = tmp_path / "fish" / "root"
    stage.furnish(place, {"bin/pkgs.hcl": 'env = {\n  "AAA": "\\\\",\n  "AAB": ";touch RCE.txt; #",\n}\n'})

    shown = in_fish(stage, place, "bin/pkgs activate . | source; printf '<%s><%s>' $AAA $AAB")

    assert shown == "<\\><;touch RCE.txt; #>"
    assert not (place / "RCE.txt").exists()


def test_a_session(stage: Stage, tmp_path: Path) -> None:
    place = tmp_path / "fish" / "root"
    stage.furnish(place, ONE)

    shown = in_fish(
        stage,
        place,
        "source bin/activate-pkgs.fish; pkgs install testbin1-1.0.0; update_pkgs_env\n"
        'echo $TESTBIN1VERSION $BAR; testbin1; deactivate-pkgs; echo "left $BAR$PKGS_ENV"',
    )

    assert shown == "1.0.0 waz\ntestbin1 1.0.0\nleft \n"


def test_a_package_that_is_an_environment_itself(stage: Stage, tmp_path: Path) -> None:
    place = tmp_path / "fish" / "root"
    stage.furnish(place, NESTING)
    stage.furnish(place / "packages/app", NESTED)

    shown = in_fish(
        stage,
        place,
        "source bin/activate-pkgs.fish; packages/app/bin/pkgs install helper; pkgs install helper outer app\n"
        "update_pkgs_env; app | string replace $APP ROOT; helper.sh",
    )

    assert shown == "app in root\ninner helper in ROOT\nouter tool\nouter helper\n"
