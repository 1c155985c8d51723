"""What a drill does again and again: set a scene, let a command come to grief in it, look at what is left."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pkgs.digests import digest_file
from pkgs.state import State
from pkgs.store.files import remove_tree
from pkgs.store.verify import Condition, Expectation, examine
from tests.support.project import Project
from tests.support.stores import whole_trees

Face = tuple[bytes | None, frozenset[tuple[str, str]]]


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
    """Return what an environment shows: the lock's bytes, and the links with their targets."""
    lock = bin_dir / "pkgs.lock"
    links = filter(Path.is_symlink, bin_dir.iterdir())
    final = frozenset((link.name, str(link.readlink())) for link in links if _is_final(link))
    return lock.read_bytes() if lock.exists() else None, final


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


def instants(seed: int, count: int, total: int) -> Iterator[int]:
    """Yield ``count`` calls out of ``total``, in order, the same for the same seed."""
    yield from sorted(random.Random(seed).sample(range(total), min(count, total)))


def works(project: Project, tools: Mapping[str, str]) -> Sequence[str]:
    """Return which tools do not answer as they should."""
    answers = {tool: project.call(tool) for tool in tools}
    return [
        f"{tool}: {answer.err or answer.out}"
        for tool, answer in answers.items()
        if answer.out != f"{tools[tool]}\n"
    ]
