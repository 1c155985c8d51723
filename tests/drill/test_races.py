"""Many commands at once on one store and three environments; ``PKGS_TEST_PROCESSES`` is how many (64)."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from shutil import copytree

import pytest

from pkgs.digests import digest_bytes
from pkgs.environment.pins import read_pins
from tests.support.drills import half_written, works
from tests.support.faults import Started
from tests.support.project import Project
from tests.support.server import Reply, Server

PROCESSES = int(os.environ.get("PKGS_TEST_PROCESSES", "64"))
TIMEOUT = 120
TOOLS = ("beta", "gamma", "delta")
# What may be said of a package that another process has just removed, or put in its place.
LOST_RACE = re.compile(r"is not installed here|leads to no pinned tool|[Nn]o such file|not found")


@dataclass(frozen=True, slots=True)
class Place:
    """Three environments that share a state, and the server of what they install."""

    projects: tuple[Project, ...]
    server: Server

    @property
    def state(self) -> Path:
        """The shared state."""
        return self.projects[0].state

    def downloads(self) -> dict[str, int]:
        """Return how often each file was downloaded."""
        paths = map("/{}.tar.gz".format, TOOLS)
        return {path: [each.method for each in self.server.seen(path)].count("GET") for path in paths}


@pytest.fixture
def place(tmp_path: Path, server: Server) -> Place:
    """Return the environments, with alpha 1.0.0 installed in each."""
    state = tmp_path / "disk" / "state"
    projects = tuple(Project.make(tmp_path / "disk" / name, state) for name in ("one", "two", "three"))
    for project in projects:
        project.tool("alpha", "1.0.0", "1.1.0")
        for name in TOOLS:
            project.tool(name, "1.0.0")
            data = (project.root / "dist" / f"{name}-1.0.0.tar.gz").read_bytes()
            project.remote(name, server.add(f"/{name}.tar.gz", Reply(data)), digest_bytes(data).hex)
        project.pkgs("install", "alpha-1.0.0", check=True)
    return Place(projects, server)


def commands(place: Place, collect: Sequence[str]) -> Iterator[tuple[Project, list[str | Path]]]:
    """Yield what the processes do, the same each time."""
    chance = random.Random(PROCESSES)
    while True:
        project, name = chance.choice(place.projects), chance.choice(TOOLS)
        exe = project.exe
        choices: list[list[str | Path]] = [
            [exe, "install", name],
            [exe, "install"],
            [exe, "install", *TOOLS],
            [exe, "uninstall", name],
            [exe, "upgrade", "alpha"],
            [exe, *collect],
            ["env", project.bin / "alpha"],
            ["env", project.bin / name],
        ]
        yield project, chance.choice(choices)


def storm(place: Place, collect: Sequence[str], kills: int) -> list[str]:
    """Run all commands at once, killing some of them; return what the others did wrong."""
    chance = random.Random(kills)
    with ExitStack() as stack:
        started = [
            stack.enter_context(Started(words, project.environ(), project.root))
            for project, words in islice(commands(place, collect), PROCESSES)
        ]
        for victim in chance.sample(started, kills):
            victim.kill(chance.uniform(0, 1))
        return [fault for each in started if (fault := ending(each))]


def ending(started: Started) -> str:
    """Wait for a command; return what is wrong with how it ended, if anything is."""
    out, err = started.process.communicate(timeout=TIMEOUT)
    status = started.process.returncode
    words = [Path(word).name for word in started.words]
    fine = status in (0, -signal.SIGKILL) or LOST_RACE.search(err) is not None
    if words == ["env", "alpha"] and status != -signal.SIGKILL:
        fine = out in ("alpha 1.0.0\n", "alpha 1.1.0\n")
    return "" if fine and "bug" not in err else f"{words}: {status}: {out}{err}"


def all_is_well(place: Place) -> None:
    """See that each environment works once its next command has run, and that nothing is half-written."""
    assert half_written(place.state) == []
    for project in place.projects:
        project.pkgs("install", check=True)
        pins = [pin.reference for pin in read_pins(project.bin)]
        assert "alpha" in {pin.name for pin in pins}
        assert works(project, {pin.name: f"{pin.name} {pin.version}" for pin in pins}) == []
    assert half_written(place.state) == []


def test_many_processes_lose_nothing_and_download_once(place: Place) -> None:
    assert storm(place, ("gc", "--age", "1h"), kills=0) == []
    all_is_well(place)
    assert max(place.downloads().values()) == 1, place.downloads()


def test_what_has_no_digest_yet_is_downloaded_once_too(place: Place) -> None:
    first = place.projects[0]
    first.remote("beta", place.server.url("/beta.tar.gz"))
    data = (first.root / "dist" / "beta-1.0.0.tar.gz").read_bytes()
    place.server.add("/beta.tar.gz", Reply(data, delay=2.0))  # until the last of them has been started
    crowd = [replace(first, root=first.root.with_name(f"crowd-{n}")) for n in range(PROCESSES)]
    for project in crowd:
        copytree(first.root, project.root, symlinks=True)

    with ExitStack() as stack:
        started = [
            stack.enter_context(Started((each.exe, "install", "beta"), each.environ(), each.root))
            for each in crowd
        ]
        assert [fault for each in started if (fault := ending(each))] == []
    assert place.downloads()["/beta.tar.gz"] == 1


def test_many_processes_beside_kills_and_collections(place: Place) -> None:
    assert storm(place, ("gc",), kills=PROCESSES // 8) == []
    all_is_well(place)


def test_who_waits_says_for_what_and_not_for_the_dead(place: Place) -> None:
    one, two = place.projects[:2]
    data = (one.root / "dist" / "beta-1.0.0.tar.gz").read_bytes()
    place.server.add("/beta.tar.gz", Reply(data, stall_after=100), Reply(data))

    with Started((one.exe, "install", "beta"), one.environ(), one.root) as holder:
        until(lambda: len(place.server.seen("/beta.tar.gz")) == 1)
        with Started((two.exe, "install", "beta"), two.environ(), two.root) as waiter:
            line = said(waiter, "waiting")
            assert f"process {holder.process.pid} is at work on beta-1.0.0" in line
            holder.kill()
            _, err = waiter.process.communicate(timeout=TIMEOUT)
            assert waiter.process.returncode == 0, err
    assert works(two, {"beta": "beta 1.0.0"}) == []


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + TIMEOUT
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def said(started: Started, word: str) -> str:
    """Read what a command says until a line with ``word``."""
    assert started.process.stderr
    for line in started.process.stderr:
        if word in line:
            return line
    raise AssertionError(f"{word!r} was not said")
