"""Whatever instant a command is killed at, what is left is old or new, and the next command succeeds.

Half of the instants are moments; the others are calls on files of the state and the environment, and half
of these on the environment alone, where a C compiler is there for what counts them. ``PKGS_TEST_KILLS`` is
how many there are in all (40).
"""

from __future__ import annotations

import math
import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkgs.cli.main import COMMANDS
from pkgs.digests import digest_bytes
from pkgs.store.files import remove_tree
from tests.support.drills import Face, Scene, face, half_written, instants, works
from tests.support.faults import Ended, Faults, run
from tests.support.programs import SmallProgram, write_lock
from tests.support.project import Project
from tests.support.server import Reply, Server, serving
from tests.support.shims import Shims

KILLS = int(os.environ.get("PKGS_TEST_KILLS", "40"))
ONE = {"alpha": "alpha 1.0.0"}
TWO = {"alpha": "alpha 1.1.0"}
MORE = {**ONE, "beta": "beta 1.0.0", "gamma": "gamma 1.0.0"}


@dataclass(frozen=True, slots=True)
class Case:
    """A command that is killed in a scene, how often, and the tools that answer once it was run again."""

    share: float
    words: tuple[str, ...]
    tools: dict[str, str]
    prepare: Callable[[Project], object]


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


CASES = {
    "install": Case(0.3, ("install", "beta", "gamma"), MORE, nothing),
    "replace": Case(0.1, ("install", "alpha-1.1.0"), TWO, nothing),
    "upgrade": Case(0.1, ("upgrade", "alpha"), TWO, nothing),
    "uninstall": Case(0.1, ("uninstall", "beta", "gamma"), ONE, with_more),
    "lock": Case(0.1, ("lock",), MORE, without_lock),
    "fresh clone": Case(0.1, ("install",), MORE, cloned),
    "gc": Case(0.2, ("gc",), ONE, with_garbage),
}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, server: Server) -> Project:
    """Return a project with alpha 1.0.0 installed, and two more to be had, one of them of some size."""
    project = Project.make(tmp_path / "disk" / "project", tmp_path / "disk" / "state")
    project.tool("alpha", "1.0.0", "1.1.0")
    project.tool("gamma", "1.0.0")
    project.tool("beta", "1.0.0", script=f'echo "NAME VERSION"\n# {os.urandom(150_000).hex()}')
    served = (project.root / "dist" / "beta-1.0.0.tar.gz").read_bytes()
    url = server.add("/beta.tar.gz", Reply(served, etag='"1"'))
    project.remote("beta", url, digest_bytes(served).hex)
    project.pkgs("install", "alpha-1.0.0", check=True)
    assert not works(project, ONE)
    return project


@pytest.mark.parametrize("name", CASES)
def test_a_command_killed_at_any_instant(project: Project, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    if case.words[0] not in COMMANDS:
        pytest.skip(f"there is no command {case.words[0]} yet")
    case.prepare(project)
    scene = Scene.of(tmp_path / "aside", project.root, project.state)
    drill = Drill(project, case, scene, face(project.bin))
    drill.new = drill.after_whole_run()

    for killed in drill.attempts(tmp_path, math.ceil(KILLS * case.share)):
        drill.look(killed)


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
        assert [path.name for path in shims.state.programs.iterdir()] == [program.id], moment


@dataclass(slots=True)
class Drill:
    """One case played again and again."""

    project: Project
    case: Case
    scene: Scene
    old: Face
    new: Face = (None, frozenset())
    seconds: float = 0

    @property
    def words(self) -> Sequence[str | Path]:
        return (self.project.exe, *self.case.words)

    def run(self, *, kill_after: float | None = None) -> Ended:
        return run(self.words, self.project.environ(), self.project.root, kill_after=kill_after)

    def after_whole_run(self) -> Face:
        """Return what the environment shows when nothing goes wrong."""
        self.scene.lay()
        ended = self.run()
        assert ended.status == 0, ended.err
        self.seconds = ended.seconds
        self.check("after a whole run")
        return face(self.project.bin)

    def attempts(self, into: Path, count: int) -> Iterator[str]:
        """Kill the command at ``count`` instants; yield where, each time."""
        yield from self.moments(count - count // 2)
        yield from self.calls(into, into / "disk", count // 4)
        yield from self.calls(into, self.project.bin, count // 2 - count // 4)

    def moments(self, count: int) -> Iterator[str]:
        chance = random.Random(count)
        for _ in range(count):
            self.scene.lay()
            moment = chance.uniform(0, self.seconds)
            ended = self.run(kill_after=moment)
            yield f"after {moment:.3f} s: {ended.err}"

    def calls(self, into: Path, root: Path, count: int) -> Iterator[str]:
        faults = Faults.compiled(into, root)
        self.scene.lay()
        total = faults.run(self.words, self.project.environ(), self.project.root).calls
        for call in instants(count, count, total):
            self.scene.lay()
            ended = faults.run(self.words, self.project.environ(), self.project.root, at=call)
            yield f"before call {call} of {total} below {root}: {ended.err}"

    def look(self, killed: str) -> None:
        """See that everything is old or new after a kill, and new after the next command."""
        assert half_written(self.project.state) == [], killed
        lock, links = face(self.project.bin)
        assert lock in (self.old[0], self.new[0]), killed
        assert links <= self.old[1] | self.new[1], killed
        again = self.run()
        if again.status and self.case.words[0] == "uninstall":
            assert "is not installed here" in again.err, killed
        else:
            assert again.status == 0, (killed, again.err)
        assert face(self.project.bin) == self.new, killed
        self.check(killed)

    def check(self, when: str) -> None:
        """See that the tools answer, and that nothing half-written is in sight."""
        assert works(self.project, self.case.tools) == [], when
        assert half_written(self.project.state) == [], when
