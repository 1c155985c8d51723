"""pkgs itself goes away in the middle of a session, and comes back (hermit's it/full)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.scenarios.fixtures import ONE
from tests.support.scenarios import PREAMBLE, Stage, at_terminal
from tests.support.shells import PLAIN

SESSION = """
unset PKGS_EXE
pkgs init .
. bin/activate-pkgs
pkgs install testbin1-1.0.0
rm -rf "$PKGS_STATE_DIR/self"
pkgs install testbin1-1.0.1
assert test "$(testbin1)" = "testbin1 1.0.1"
rm -rf "$PKGS_STATE_DIR/self"
assert test "$(testbin1)" = "testbin1 1.0.1"
assert test ! -e "$PKGS_STATE_DIR/self"
"""


@pytest.mark.registry
@pytest.mark.slow
def test_a_deleted_pkgs_is_set_up_again(tmp_path: Path, registry_environ: dict[str, str]) -> None:
    stage = Stage.set_up(tmp_path)
    place = tmp_path / "session" / "root"
    stage.furnish(place, ONE)
    environ = {**stage.environ(place), **registry_environ}
    environ["PATH"] = f"{stage.commands}{os.pathsep}{registry_environ['PATH']}"

    result = at_terminal(["bash", *PLAIN["bash"], "-c", PREAMBLE + SESSION], environ, place)

    assert result.status == 0, result.shown
