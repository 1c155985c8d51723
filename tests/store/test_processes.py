"""What ``/proc`` tells of who uses what, from real processes."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from pkgs.store.processes import used_entries
from tests.support.users import Use, beside, mapping, naming, reading, running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what processes use")
SLEEP = shutil.which("sleep") or ""
PARTS = ("exe", "cwd", "fd", "maps", "cmdline")


def telling(directory: Path, process: int, scratch: Path) -> dict[str, frozenset[str]]:
    """Return for each part of what is told of a process which entries of ``directory`` it alone shows."""
    found = {}
    for part in PARTS:
        table = scratch / part
        copy(Path(f"/proc/{process}/{part}"), table / str(process) / part)
        found[part] = used_entries(directory, table)
    return {part: entries for part, entries in found.items() if entries}


def copy(part: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if part.is_symlink():
        to.symlink_to(part.readlink())
    elif part.is_dir():
        for entry in part.iterdir():
            copy(entry, to / entry.name)
    else:
        to.write_bytes(part.read_bytes())


@pytest.mark.parametrize(
    ("use", "parts"),
    [
        (running, {"exe", "maps"}),
        (mapping, {"maps"}),
        (reading, {"fd"}),
        (beside, {"cwd"}),
        (naming, {"cmdline"}),
    ],
)
def test_each_use_is_seen_by_itself(tmp_path: Path, use: Use, parts: set[str]) -> None:
    directory = tmp_path / "directory"
    for name in ("used", "other"):
        (directory / name).mkdir(parents=True)
        shutil.copy(SLEEP, directory / name / "file")

    with use(directory / "used" / "file") as process:
        found = telling(directory, process, tmp_path / "proc")
        assert used_entries(directory) == {"used"}

    assert found == {part: {"used"} for part in parts}
    assert used_entries(directory) == set()


def test_a_directory_is_known_by_all_its_spellings(tmp_path: Path) -> None:
    (tmp_path / "directory" / "used").mkdir(parents=True)
    (tmp_path / "directory" / "used" / "file").write_text("content")
    (tmp_path / "link").symlink_to("directory")

    with mapping(tmp_path / "link" / "used" / "file"):
        assert used_entries(tmp_path / "link") == {"used"}
    with naming(tmp_path / "link" / "used" / "file"):
        assert used_entries(tmp_path / "link") == {"used"}


def test_what_this_process_uses_itself_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    with (tmp_path / "file").open():
        assert used_entries(tmp_path) == set()
