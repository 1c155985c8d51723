"""Programs that actions start: how they end, and what they leave."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pkgs.errors import StoreError
from pkgs.manifest.model import Run
from pkgs.store.actions import run_actions


def run(root: Path, script: str, stdin: str = "") -> None:
    action = Run("/bin/sh", ("-c", script), stdin=stdin)
    run_actions([action], root=root, copy_source=str.encode, environ={"PATH": "/usr/bin:/bin"}, timeout=60)


def test_what_a_program_leaves_running_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    run(tmp_path, "sleep 100 & echo $! > process")

    assert time.monotonic() - began < 50
    left = Path("/proc", (tmp_path / "process").read_text().strip(), "stat")
    while left.exists() and left.read_text().split()[2] != "Z":
        assert time.monotonic() - began < 50
        time.sleep(0.01)


def test_a_program_that_does_not_read_what_it_is_given_is_no_failure(tmp_path: Path) -> None:
    run(tmp_path, "exit 0", stdin="x" * 1_000_000)


def test_of_what_a_program_prints_only_the_end_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"ended with status 3\n") as refusal:
        run(tmp_path, "head -c 20000000 /dev/zero | tr '\\0' x; seq 100; exit 3")

    assert refusal.value.message.endswith("\n  99\n  100")
    assert len(refusal.value.message) < 300

    with pytest.raises(StoreError) as refusal:
        run(tmp_path, "head -c 20000000 /dev/zero | tr '\\0' x; exit 3")
    assert len(refusal.value.message) < 10_000


@pytest.mark.parametrize("command", ["", " ", "''"])
def test_a_program_without_a_name_is_refused(tmp_path: Path, command: str) -> None:
    with pytest.raises(StoreError, match=r"the manifest's action run .* failed: "):
        run_actions([Run(command)], root=tmp_path, copy_source=str.encode)
