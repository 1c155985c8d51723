"""A disk that cannot be read or written, that fills, and a clock that jumps: a sentence, and old or new.

``PKGS_TEST_KILLS`` is how many calls fail in all (20 or so), once each or from then on.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pkgs.digests import digest_bytes
from tests.support.drills import ONE, Case, Drill, face, half_written, works
from tests.support.faults import Ended, FaultyCalls, FaultyDisk, run
from tests.support.mounts import filesystem
from tests.support.project import Project
from tests.support.server import Reply, Server

FAULTS = int(os.environ.get("PKGS_TEST_KILLS", "16"))
FROM_THEN_ON = 1_000_000
MORE = {**ONE, "beta": "beta 1.0.0", "gamma": "gamma 1.0.0"}
CASES = {
    "install": Case(0.4, ("install", "beta", "gamma"), MORE, lambda project: None),
    "replace": Case(0.3, ("install", "alpha-1.1.0"), {"alpha": "alpha 1.1.0"}, lambda project: None),
}
FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


def said_in_a_sentence(ended: Ended) -> bool:
    """Say whether a command succeeded, or failed as it should: with an error and a hint, not with a bug."""
    if ended.status == 0:
        return True
    return ended.status == 1 and "pkgs: error: " in ended.err and "bug" not in ended.err


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("name", CASES)
def test_calls_that_fail(project: Project, tmp_path: Path, name: str, error: int) -> None:
    case = CASES[name]
    drill = Drill.of(project, case, tmp_path)
    faults = FaultyCalls.compiled(tmp_path, tmp_path / "disk")

    for times in (1, FROM_THEN_ON):
        for ended in drill.calls(faults, int(FAULTS * case.share / 2), error=error, times=times):
            assert said_in_a_sentence(ended), ended
            drill.look(ended)


@pytest.fixture
def faulty_disk(tmp_path: Path) -> Iterator[FaultyDisk]:
    """Mount ``disk``, where the project will be, as a filesystem that can fail."""
    (tmp_path / "behind").mkdir()
    with filesystem(tmp_path / "behind", tmp_path / "disk") as orders:
        yield FaultyDisk(orders)


def test_a_disk_that_fails(faulty_disk: FaultyDisk, project: Project, tmp_path: Path) -> None:
    """What the kernel reports is more than a library can make up: failing to look, to list, to close."""
    exe = Path(shutil.copy(project.exe, tmp_path))
    drill = Drill.of(replace(project, exe=exe), CASES["install"], tmp_path)

    for error, times in (
        (errno.EIO, 1),
        (errno.EIO, FROM_THEN_ON),
        (errno.ENOSPC, 1),
        (errno.EROFS, FROM_THEN_ON),
    ):
        for ended in drill.calls(faulty_disk, max(1, FAULTS // 16), error=error, times=times):
            assert said_in_a_sentence(ended), ended
            drill.look(ended)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def leave_room(disk: Path, room: int) -> None:
    """Fill a disk but for ``room`` bytes."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - room))


def test_a_disk_that_fills(project: Project, server: Server, small_disk: Path) -> None:
    """Too large to download, too large to unpack: each time all is as before; with room it is installed."""
    shutil.copytree(project.state, small_disk / "state", symlinks=True)
    project = Project(project.root, small_disk / "state", project.exe)
    project.tool("large", "1.0.0", script=f'echo "NAME VERSION"\n# {os.urandom(700_000).hex()}')
    data = (project.root / "dist" / "large-1.0.0.tar.gz").read_bytes()
    project.remote("large", server.add("/large.tar.gz", Reply(data)), digest_bytes(data).hex)
    before = face(project.bin)

    for room in (600_000, 1_500_000, 2_600_000):
        leave_room(small_disk, room)
        ended = run((project.exe, "install", "large"), project.environ(), project.root)
        assert half_written(project.state) == []
        if room < 2_000_000:
            assert ended.status == 1, ended
            assert "no space" in ended.err.lower(), ended
            assert face(project.bin) == before
            assert works(project, ONE) == []
    assert ended.status == 0, ended
    assert works(project, {"large": "large 1.0.0"}) == []


@pytest.mark.skipif(not FAKETIME or sys.platform != "linux", reason="libfaketime is not installed")
def test_a_clock_that_jumps(project: Project) -> None:
    """Commands in the past, in the future and now again, each on what the others left."""
    tools = dict(ONE)
    steps = (("-400d", "beta"), ("+4000d", "gamma"), ("-20000d", ""), ("+0", ""))
    for offset, tool in steps:
        clock = {"LD_PRELOAD": str(FAKETIME[0]), "FAKETIME": offset, "NO_FAKE_STAT": "1"}
        environ = project.environ(**clock)
        ended = run((project.exe, "install", *filter(None, [tool])), environ, project.root)
        assert ended.status == 0, (offset, ended)
        tools |= {tool: f"{tool} 1.0.0"} if tool else {}
        collected = run((project.exe, "gc"), environ, project.root)
        assert collected.status == 0, (offset, collected)
        assert works(project, tools) == [], offset
        assert half_written(project.state) == [], offset
