"""Where the parser's tables are kept: a read-only installation must not make them anew in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
import hcl2.parser
hcl2.parser.PARSER_FILE = sys.argv[1]
from lark import lark
made = []
compose = lark.load_grammar
lark.load_grammar = lambda *args: made.append(1) or compose(*args)
from pkgs.manifest.load import load_manifest
print(load_manifest('description = "d"', name="x", path="x").description, len(made))
"""
UNWRITABLE = "/proc/no/tables" if Path("/proc").exists() else "/dev/null/tables"


def run(tables: str, state: Path) -> str:
    environ = {**os.environ, "PKGS_STATE_DIR": str(state), "PYTHONPATH": "src"}
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, tables],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_tables_are_made_once_and_kept_beside_python_hcl2(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    assert run(str(tables), tmp_path / "state") == "d 1\n"
    assert run(str(tables), tmp_path / "state") == "d 0\n"
    assert not (tmp_path / "state").exists()


def test_tables_are_made_once_and_kept_in_the_state_where_python_hcl2_is_read_only(tmp_path: Path) -> None:
    assert run(UNWRITABLE, tmp_path / "state") == "d 1\n"
    assert run(UNWRITABLE, tmp_path / "state") == "d 0\n"
    assert list((tmp_path / "state").iterdir()) == [tmp_path / "state" / "hcl2.tables"]


def test_damaged_tables_are_made_again(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    run(str(tables), tmp_path)
    whole = tables.read_bytes()
    tables.write_bytes(whole[: len(whole) // 2])
    assert run(str(tables), tmp_path) == "d 1\n"
    assert run(str(tables), tmp_path) == "d 0\n"


def test_a_state_that_cannot_be_written_costs_time_but_works(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert run(UNWRITABLE, tmp_path / "file" / "state") == "d 1\n"
