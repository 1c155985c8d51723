"""Many commands at once on one store and three environments; ``PKGS_TEST_PROCESSES`` is how many (64)."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from tests.support.drills import works
from tests.support.faults import Started
from tests.support.server import Reply, Server
from tests.support.storms import TIMEOUT, Place, all_is_well, ending, said, storm, until

PROCESSES = int(os.environ.get("PKGS_TEST_PROCESSES", "64"))


@pytest.fixture
def place(tmp_path: Path, server: Server) -> Place:
    """Return the environments, with alpha 1.0.0 installed in each."""
    return Place.make(tmp_path / "disk", tmp_path / "disk" / "state", server)


def test_many_processes_lose_nothing_and_download_once(place: Place) -> None:
    assert storm(place, ("gc", "--age", "1h"), processes=PROCESSES) == []
    all_is_well(place)
    assert max(place.downloads().values()) == 1, place.downloads()


def test_what_has_no_digest_yet_is_downloaded_once_too(place: Place) -> None:
    first = place.projects[0]
    first.remote("beta", place.server.url("/beta.tar.gz"))
    data = (first.root / "dist" / "beta-1.0.0.tar.gz").read_bytes()
    place.server.add("/beta.tar.gz", Reply(data, delay=2.0))
    few = PROCESSES // 4  # the last of them must come while the first waits for the answer
    crowd = [replace(first, root=first.root.with_name(f"crowd-{n}")) for n in range(few)]
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
    assert storm(place, ("gc",), processes=PROCESSES, kills=PROCESSES // 8) == []
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
