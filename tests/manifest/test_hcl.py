"""Where the parser's tables are kept: a read-only installation must not make them anew in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
sys.pycache_prefix = sys.argv[1]
from lark import lark
made = []
compose = lark.load_grammar
lark.load_grammar = lambda *args: made.append(1) or compose(*args)
from pkgs.manifest.load import load_manifest
print(load_manifest('description = "d"', name="x", path="x").description, len(made))
"""
UNWRITABLE = Path("/proc/no" if Path("/proc").exists() else "/dev/null")


def run(compiled: Path, state: Path) -> str:
    environ = {**os.environ, "PKGS_STATE_DIR": str(state), "PYTHONPATH": "src"}
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(compiled)],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_tables_are_made_once_and_kept_with_compiled_modules(tmp_path: Path) -> None:
    assert run(tmp_path / "compiled", tmp_path / "state") == "d 1\n"
    assert run(tmp_path / "compiled", tmp_path / "state") == "d 0\n"
    assert not (tmp_path / "state").exists()


def test_tables_are_made_once_and_kept_in_the_state_where_pkgs_is_read_only(tmp_path: Path) -> None:
    assert run(UNWRITABLE, tmp_path / "state") == "d 1\n"
    assert run(UNWRITABLE, tmp_path / "state") == "d 0\n"
    assert list((tmp_path / "state").iterdir()) == [tmp_path / "state" / "hcl.tables"]


def test_damaged_tables_are_made_again(tmp_path: Path) -> None:
    compiled = tmp_path / "compiled"
    run(compiled, tmp_path)
    (tables,) = compiled.rglob("*.tables")
    whole = tables.read_bytes()
    tables.write_bytes(whole[: len(whole) // 2])
    assert run(compiled, tmp_path) == "d 1\n"
    assert run(compiled, tmp_path) == "d 0\n"


def test_a_state_that_cannot_be_written_costs_time_but_works(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert run(UNWRITABLE, tmp_path / "file" / "state") == "d 1\n"
