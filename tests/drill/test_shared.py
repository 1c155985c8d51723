"""One state directory on two hosts that share it over SFTP, where no ``flock`` reaches from one to the other.

The other host is made of namespaces: it has a name, process numbers and a mount of its own.
``PKGS_TEST_PROCESSES`` is how many commands run at once (24 at most), half of them on each host.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.drills import half_written, works
from tests.support.mounts import another_host, sshfs
from tests.support.server import Reply, Server
from tests.support.storms import TIMEOUT, Place, all_is_well, on, storm, until

PROCESSES = min(24, int(os.environ.get("PKGS_TEST_PROCESSES", "64")))

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="takes root to make another host")


@pytest.fixture
def place(tmp_path: Path, server: Server) -> Iterator[Place]:
    served, at = tmp_path / "served", tmp_path / "shared"
    served.mkdir()
    (tmp_path / "disk").mkdir()
    with sshfs(served, at), another_host("elsewhere", served, at) as there:
        made = Place.make(tmp_path / "disk", at / "state", server)
        yield replace(made, store=served / "state", hosts=((), there))


def test_two_hosts_lose_nothing_and_download_once(place: Place) -> None:
    assert storm(place, ("gc", "--age", "1h"), processes=PROCESSES) == []
    assert half_written(place.store) == []
    assert max(place.downloads().values()) == 1, place.downloads()

    # Kills where only processes of the same host are, which alone can know that others of it are dead.
    here = replace(place, hosts=((),))
    assert storm(here, ("gc",), processes=PROCESSES // 2, kills=PROCESSES // 8) == []
    all_is_well(place)
    place.projects[0].pkgs("gc", check=True)  # clears away what the last one left, if that was killed
    assert list((place.store / "locks").glob("*.lock")) == []


def test_a_holder_that_died_on_another_host_is_named_with_its_file(place: Place) -> None:
    one, two = place.projects[:2]
    data = (one.root / "dist" / "beta-1.0.0.tar.gz").read_bytes()
    place.server.add("/beta.tar.gz", Reply(data, stall_after=100), Reply(data))

    with on(place.hosts[1], one, (one.exe, "install", "beta")) as holder:
        until(lambda: len(place.server.seen("/beta.tar.gz")) == 1)
        holder.kill()
    with on((), two, (two.exe, "install", "beta")) as waiter:
        assert waiter.process.stderr
        for line in filter(lambda line: "waiting" in line, waiter.process.stderr):
            assert "on the host elsewhere is at work on beta-1.0.0" in line
            Path(line.partition("if that host has crashed, remove ")[2].rstrip(")\n")).unlink()
        assert waiter.process.wait(TIMEOUT) == 0
    assert works(two, {"beta": "beta 1.0.0"}) == []
