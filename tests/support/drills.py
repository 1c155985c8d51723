"""What a drill does again and again: set a scene, let a command come to grief in it, look at what is left."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pkgs.digests import digest_file
from pkgs.environment.pins import Pin, read_pins
from pkgs.state import State
from pkgs.store.files import remove_tree
from pkgs.store.verify import Condition, Expectation, examine
from tests.support.faults import Ended, Faults, run
from tests.support.project import Project
from tests.support.stores import whole_trees

ONE = {"alpha": "alpha 1.0.0"}


@dataclass(frozen=True, slots=True)
class Face:
    """What an environment shows: the lock's bytes, the links with their targets, and what they pin."""

    lock: bytes | None
    links: frozenset[tuple[str, str]]
    pins: tuple[Pin, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A command that comes to grief, how often of all, and the tools that answer once it was run again."""

    share: float
    words: tuple[str, ...]
    tools: dict[str, str]
    prepare: Callable[[Project], object]


@dataclass(frozen=True, slots=True)
class Scene:
    """Directories as they are, kept aside to be laid again before each attempt."""

    folders: tuple[Path, ...]
    aside: Path

    @classmethod
    def of(cls, aside: Path, *folders: Path) -> Scene:
        """Remember ``folders``, which need not exist."""
        aside.mkdir(parents=True)
        scene = cls(folders, aside)
        for number, folder in enumerate(folders):
            if folder.exists():
                shutil.copytree(folder, aside / str(number), symlinks=True)
        return scene

    def lay(self) -> None:
        """Make the folders what they were."""
        for number, folder in enumerate(self.folders):
            remove_tree(folder)
            if (self.aside / str(number)).exists():
                shutil.copytree(self.aside / str(number), folder, symlinks=True)


def face(bin_dir: Path) -> Face:
    """Return what an environment shows."""
    lock = bin_dir / "pkgs.lock"
    links = filter(Path.is_symlink, bin_dir.iterdir())
    final = frozenset((link.name, str(link.readlink())) for link in links if _is_final(link))
    return Face(lock.read_bytes() if lock.exists() else None, final, read_pins(bin_dir))


def _is_final(path: Path) -> bool:
    """Say whether a name is one that others look at, not one under which something is being made."""
    return not path.name.endswith(".new") and not path.name.startswith(".tmp-")


def half_written(root: Path) -> list[str]:
    """Return what is wrong at final paths of a state directory: every tree and blob is read."""
    state = State(root)
    wrong = [
        f"{path}: not what its name says"
        for path in state.blobs.glob("??/*")
        if not path.name.startswith(".tmp-") and digest_file(path).hex != path.name
    ]
    for key in whole_trees(state):
        verdict = examine(state, Expectation("tree", key), deep=True)
        if verdict.condition is not Condition.WHOLE:
            wrong.append(f"{key}: {verdict.faults}")
    return wrong


def changes(folders: Sequence[Path], start: float) -> tuple[float, float]:
    """Return when the first and the last of what is in ``folders`` changed, in seconds from ``start`` on."""
    inside = (path for folder in folders for path in (folder, *folder.rglob("*")))
    times = [seconds for path in inside if (seconds := path.lstat().st_ctime - start) > 0]
    return min(times), max(times)


def instants(seed: int, count: int, total: int) -> Iterator[int]:
    """Yield ``count`` calls out of ``total``, one from each equal part, the same for the same seed."""
    chance, parts = random.Random(seed), min(count, total)
    for part in range(parts):
        yield chance.randrange(part * total // parts, (part + 1) * total // parts)


def works(project: Project, tools: Mapping[str, str]) -> Sequence[str]:
    """Return which tools do not answer as they should."""
    answers = {tool: project.call(tool) for tool in tools}
    return [
        f"{tool}: {answer.err or answer.out}"
        for tool, answer in answers.items()
        if answer.out != f"{tools[tool]}\n"
    ]


@dataclass(slots=True)
class Drill:
    """One case played again and again, in a scene that is laid anew each time.

    ``old`` and ``new`` are what the environment shows before the command and after it; ``window`` is when it
    makes its first and its last change, in seconds from its start.
    """

    project: Project
    case: Case
    place: Path
    scene: Scene
    old: Face
    new: Face
    window: tuple[float, float] = (0, 0)

    @classmethod
    def of(cls, project: Project, case: Case, place: Path) -> Drill:
        """Prepare a case; ``place`` holds ``disk``, where the project and its state are."""
        case.prepare(project)
        scene = Scene.of(place / "aside", project.root, project.state)
        before = face(project.bin)
        drill = cls(project, case, place, scene, before, before)
        start = time.time()
        ended = drill.run()
        assert ended.status == 0, ended.err
        drill.window, drill.new = changes(scene.folders, start), face(project.bin)
        drill.check("after a whole run")
        return drill

    @property
    def words(self) -> Sequence[str | Path]:
        """The command line."""
        return (self.project.exe, *self.case.words)

    def run(self, *, kill_after: float | None = None) -> Ended:
        """Run the command."""
        return run(self.words, self.project.environ(), self.project.root, kill_after=kill_after)

    def moments(self, count: int) -> Iterator[str]:
        """Kill the command at ``count`` moments at which it changes something; yield when, each time."""
        chance = random.Random(count)
        for _ in range(count):
            self.scene.lay()
            moment = chance.uniform(*self.window)
            ended = self.run(kill_after=moment)
            yield f"after {moment:.3f} s: {ended.err}"

    def calls(self, faults: Faults, count: int, *, error: int, times: int = 1) -> Iterator[Ended]:
        """Let ``count`` calls fail or kill, and ``times`` on from each; yield what came."""
        self.scene.lay()
        total = faults.run(self.words, self.project.environ(), self.project.root).calls
        for call in instants(count, count, total):
            self.scene.lay()
            yield faults.run(
                self.words, self.project.environ(), self.project.root, at=call, error=error, times=times
            )

    def look(self, when: object) -> None:
        """See that everything is old or new after a fault, and new after the next command."""
        assert half_written(self.project.state) == [], when
        now = face(self.project.bin)
        either = [(side.lock, side.pins) for side in (self.old, self.new)]
        assert (now.lock, now.pins) in either, when
        assert now.links <= self.old.links | self.new.links, when
        again = self.run()
        if again.status and self.case.words[0] == "uninstall":
            assert "is not installed here" in again.err, when
        else:
            assert again.status == 0, (when, again.err)
        assert face(self.project.bin) == self.new, when
        self.check(when)

    def check(self, when: object) -> None:
        """See that the tools answer, and that nothing half-written is in sight."""
        assert works(self.project, self.case.tools) == [], when
        assert half_written(self.project.state) == [], when
