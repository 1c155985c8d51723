"""Many commands at once on one store and three environments, be it on one host or on two."""

from __future__ import annotations

import random
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from pkgs.digests import digest_bytes
from pkgs.environment.pins import read_pins
from tests.support.drills import half_written, works
from tests.support.faults import Started
from tests.support.project import Project
from tests.support.server import Reply, Server

TIMEOUT = 120
TOOLS = ("beta", "gamma", "delta")
# What only looks, or changes as little as these: it has to succeed whatever the others do.
LOOKS = (
    ("list",), ("status",), ("info", "alpha"), ("env",), ("activate",), ("search", "a"), ("doctor",),
    ("lock",), ("init",), ("trust",), ("gc", "--dry-run"), ("gc", "--usage"),
)  # fmt: skip
# What may be said of a package, or of a tool's link, that another process has just removed.
NOT_INSTALLED = re.compile("is not installed here")
NO_LINK = re.compile(r"leads to no pinned tool|/bin/\w+\W*: ([Nn]o such file|not found)")
# Goes to a directory before it runs a command, on a host where one arrives somewhere else.
_GO = ("sh", "-c", 'cd "$0" && exec "$@"')


@dataclass(frozen=True, slots=True)
class Place:
    """Three environments that share a state, and the server of what they install.

    ``store`` is where the state is when no cache stands in between. ``hosts`` are those that take part: the
    commands that run a command there.
    """

    projects: tuple[Project, ...]
    server: Server
    store: Path
    hosts: tuple[tuple[str, ...], ...] = ((),)

    @classmethod
    def make(cls, root: Path, state: Path, server: Server) -> Place:
        """Make the environments below ``root``, with alpha 1.0.0 installed in each."""
        projects = tuple(Project.make(root / name, state) for name in ("one", "two", "three"))
        for project in projects:
            project.tool("alpha", "1.0.0", "1.1.0")
            for name in TOOLS:
                project.tool(name, "1.0.0")
                data = (project.root / "dist" / f"{name}-1.0.0.tar.gz").read_bytes()
                project.remote(name, server.add(f"/{name}.tar.gz", Reply(data)), digest_bytes(data).hex)
            project.pkgs("install", "alpha-1.0.0", check=True)
        return cls(projects, server, state)

    def downloads(self) -> dict[str, int]:
        """Return how often each file was downloaded."""
        paths = map("/{}.tar.gz".format, TOOLS)
        return {path: [each.method for each in self.server.seen(path)].count("GET") for path in paths}


def commands(place: Place, collect: Sequence[str], seed: int) -> Iterator[tuple[Project, list[str | Path]]]:
    """Yield what the processes do, the same each time."""
    chance = random.Random(seed)
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
            [exe, *chance.choice(LOOKS)],
            [exe, *chance.choice(LOOKS)],
            ["env", project.bin / "alpha"],
            ["env", project.bin / name],
        ]
        yield project, chance.choice(choices)


def storm(place: Place, collect: Sequence[str], *, processes: int, kills: int = 0) -> list[str]:
    """Run so many commands at once, killing some on the first host; return what the others did wrong."""
    chance = random.Random(kills)
    with ExitStack() as stack:
        started = [
            stack.enter_context(on(host, project, words))
            for (project, words), host in zip(
                islice(commands(place, collect, processes), processes), cycle(place.hosts), strict=False
            )
        ]
        for victim in chance.sample(started[:: len(place.hosts)], kills):
            victim.kill(chance.uniform(0, 1))
        return [fault for each in started if (fault := ending(each))]


def on(host: Sequence[str], project: Project, words: Sequence[str | Path]) -> Started:
    """Return a command that is about to run in a project, on a host."""
    there = [*host, *_GO, str(project.root)] if host else []
    return Started([*there, *words], project.environ(), project.root)


def ending(started: Started) -> str:
    """Wait for a command; return what is wrong with how it ended, if anything is."""
    out, err = started.process.communicate(timeout=TIMEOUT)
    status = started.process.returncode
    words = [Path(word).name for word in started.words]
    fine = status in (0, -signal.SIGKILL) or lost_a_race(words, err)
    if words[-2:] == ["env", "alpha"] and status != -signal.SIGKILL:
        fine = out in ("alpha 1.0.0\n", "alpha 1.1.0\n")
    return "" if fine and "bug" not in err else f"{words}: {status}: {out}{err}"


def lost_a_race(words: Sequence[str], err: str) -> bool:
    """Say whether a command found what it needs removed: only one that removes it or calls it may."""
    if "uninstall" in words:
        return NOT_INSTALLED.search(err) is not None
    return words[-2:-1] == ["env"] and NO_LINK.search(err) is not None


def all_is_well(place: Place) -> None:
    """See that each environment works once its next command has run, and that nothing is half-written."""
    assert half_written(place.store) == []
    for project in place.projects:
        project.pkgs("install", check=True)
        pins = [pin.reference for pin in read_pins(project.bin)]
        assert "alpha" in {pin.name for pin in pins}
        assert works(project, {pin.name: f"{pin.name} {pin.version}" for pin in pins}) == []
    assert half_written(place.store) == []


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
