"""Whatever instant a command is killed at, what is left is old or new, and the next command succeeds.

A third of the instants are moments, a third are calls on files of the state and the environment, and the
others are calls on the environment alone; calls need a C compiler, for what counts them. ``PKGS_TEST_KILLS``
is how many instants there are in all (40).
"""

from __future__ import annotations

import math
import os
import random
import shutil
from pathlib import Path

import pytest

from pkgs.store.files import remove_tree
from tests.support.drills import ONE, Case, Drill
from tests.support.faults import KILL, FaultyCalls, run
from tests.support.programs import SmallProgram, write_lock
from tests.support.project import Project
from tests.support.shims import Shims

KILLS = int(os.environ.get("PKGS_TEST_KILLS", "40"))
TWO = {"alpha": "alpha 1.1.0"}
MORE = {**ONE, "beta": "beta 1.0.0", "gamma": "gamma 1.0.0"}


def nothing(project: Project) -> None:
    """Leave the scene as it is: alpha 1.0.0 is installed."""


def with_garbage(project: Project) -> None:
    """Leave behind what two packages were made of."""
    project.pkgs("install", "beta", "gamma", check=True)
    project.pkgs("uninstall", "beta", "gamma", check=True)


def with_more(project: Project) -> None:
    """Install two more packages."""
    project.pkgs("install", "beta", "gamma", check=True)


def without_lock(project: Project) -> None:
    """Pin by hand, as a merge does, so that there is something to lock."""
    project.pkgs("install", "beta", "gamma", check=True)
    project.lock.unlink()


def cloned(project: Project) -> None:
    """Bring the environment to a machine that holds nothing."""
    project.pkgs("install", "beta", "gamma", check=True)
    shutil.rmtree(project.state)


def with_a_large_one(project: Project) -> None:
    """Offer a package so large that it is unpacked while it arrives."""
    project.tool("large", "1.0.0", script=f'echo "NAME VERSION"\nexit\n# {os.urandom(8_500_000).hex()}')


CASES = {
    "install": Case(0.3, ("install", "beta", "gamma"), MORE, nothing),
    "replace": Case(0.1, ("install", "alpha-1.1.0"), TWO, nothing),
    "upgrade": Case(0.1, ("upgrade", "alpha"), TWO, nothing),
    "uninstall": Case(0.1, ("uninstall", "beta", "gamma"), ONE, with_more),
    "lock": Case(0.1, ("lock",), MORE, without_lock),
    "fresh clone": Case(0.1, ("install",), MORE, cloned),
    "install large": Case(0.1, ("install", "large"), {**ONE, "large": "large 1.0.0"}, with_a_large_one),
    "gc": Case(0.2, ("gc",), ONE, with_garbage),
}


@pytest.mark.parametrize("name", CASES)
def test_a_command_killed_at_any_instant(project: Project, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    case.prepare(project)
    drill = Drill.of(project, case, tmp_path)
    count = math.ceil(KILLS * case.share)
    third = count // 3

    for killed in drill.moments(third):
        drill.look(killed)
    for root, part in ((tmp_path / "disk", third), (project.bin, count - 2 * third)):
        for ended in drill.calls(FaultyCalls.compiled(tmp_path, root), part, error=KILL):
            drill.look(ended)


def test_setting_pkgs_itself_up_is_killed_at_any_instant(tmp_path: Path) -> None:
    small = SmallProgram.make(tmp_path / "wheels")
    shims = Shims.make(tmp_path / "disk", tmp_path / "disk" / "project" / "bin")
    program = small.by_path(shims.bin_dir)
    write_lock(shims.bin_dir, program)
    environ = {**os.environ, **shims.environ(PATH=os.environ["PATH"]), **small.environ}
    del environ["PKGS_EXE"]
    words = (shims.bin_dir / "pkgs", "version")
    place = shims.state.programs / program.id
    seconds = run(words, environ, tmp_path).seconds

    chance = random.Random(KILLS)
    for _ in range(math.ceil(KILLS / 10)):
        remove_tree(shims.state.root)
        moment = chance.uniform(0.2, 1) * seconds
        killed = run(words, environ, tmp_path, kill_after=moment)
        if place.exists():
            python = run((place / "bin" / "python", "-c", "import smalllib"), environ, tmp_path)
            assert python.status == 0, (moment, killed.err, python.err)
        ended = run(words, environ, tmp_path)
        assert (ended.status, ended.out) == (0, "program\0small\0version\0"), (moment, ended.err)
        rest = {path.name for path in shims.state.programs.iterdir()} - {program.id}
        assert all(name.startswith(f".tmp-{program.id}-") for name in rest), moment  # gc removes it
