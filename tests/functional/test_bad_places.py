"""Disks that are full, directories that may not be written, users without a home."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgs.digests import digest_bytes
from tests.functional.conftest import World, told
from tests.support.archives import make_tar
from tests.support.isolation import AS_NOBODY, NOBODY, WITHOUT_POWERS, works
from tests.support.project import Project
from tests.support.server import Reply, Server

AS_ROOT = os.getuid() == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of four megabytes and return where it is."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


class TestFullDisk:
    @pytest.fixture
    def world(self, small_disk: Path, tmp_path: Path, server: Server) -> World:
        """Return a world whose state is on a small disk."""
        project = Project.make(tmp_path / "project", tmp_path / "roomy")
        project = Project(project.root, small_disk / "state", project.exe)
        project.tool("jot", "1.0.0")
        project.pkgs("install", "jot", check=True)
        return World(project, server)

    def big(self, world: World, size: int, name: str) -> str:
        """Offer a tool of ``size`` bytes, which do not compress; return the digest of its archive."""
        path = world.project.root / "dist" / name
        data = make_tar(path, {"ink-1/bin/ink": b"#!/bin/sh\n", "ink-1/data": os.urandom(size)}).read_bytes()
        world.offer("ink", Reply(data), sha256=digest_bytes(data).hex)
        return digest_bytes(data).hex

    def test_it_fills_while_downloading(self, world: World) -> None:
        self.big(world, 6_000_000, "ink.tar")

        world.fails("install", "ink", says="No space left on device", hint="pkgs gc")

        world.offer("ink")
        world.recovers("ink")

    def test_it_fills_while_unpacking(self, world: World) -> None:
        digest = self.big(world, 2_200_000, "ink.tar")

        world.fails("install", "ink", says="No space left on device", hint="pkgs gc", keeps=digest)

        world.offer("ink")
        world.recovers("ink")


@pytest.mark.parametrize(
    "name", ["two\nlines", os.fsdecode(b"caf\xe9"), 'it\'s "$HOME" `x`\\', "50%25 #1?", "-n"]
)
def test_a_project_may_be_called_anything(tmp_path: Path, name: str) -> None:
    project = Project.init(tmp_path / name, tmp_path / "state")
    project.tool("jot", "1.0.0")

    for words in (
        "install jot",
        "list",
        "info jot",
        "search --json jot",
        "lock --check",
        "verify --deep",
        "gc",
    ):
        done = project.pkgs(*words.split())
        assert done.status == 0, (words, done.err)
    assert project.call("jot", "x").out == "jot 1.0.0 x\n"


def set_mode(top: Path, mode: int) -> None:
    """Give every directory from ``top`` on this mode."""
    for path in [top, *top.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(mode)


@pytest.fixture
def weak(world: World) -> Iterator[list[str]]:
    """Make the state directory somebody else's; yield what runs a command that cannot write there."""
    if not AS_ROOT:
        set_mode(world.project.state, 0o555)
        yield []
        set_mode(world.project.state, 0o755)
        return
    if not works(WITHOUT_POWERS):
        pytest.skip("root can write everywhere, and there is no setpriv to give that up")
    chown = ["chown", "-R"]
    subprocess.run([*chown, str(NOBODY), str(world.project.state)], check=True)
    yield list(WITHOUT_POWERS)
    subprocess.run([*chown, str(os.getuid()), str(world.project.state)], check=True)


class TestUnwritableState:
    def test_an_install_is_told_where_it_may_not_write(self, world: World, weak: list[str]) -> None:
        world.offer("ink")
        before = world.project.snapshot()

        done = world.project.run([*weak, world.project.exe, "install", "ink"])

        told(done, f"{world.project.state}", "PKGS_STATE_DIR")
        assert world.project.snapshot() == before

    def test_installed_tools_can_be_called(self, world: World, weak: list[str]) -> None:
        """A state directory that an administrator filled serves those who cannot write there."""
        done = world.project.run([*weak, world.project.bin / "jot", "x"])

        assert (done.status, done.out, done.err) == (0, "jot 1.0.0 x\n", "")

    def test_following_the_lock_needs_no_writing(self, world: World, weak: list[str]) -> None:
        """A CI run finds everything in a cache that it may only read."""
        done = world.project.run([*weak, world.project.exe, "install", "--frozen"])

        assert done.status == 0, done.err

    def test_listing_needs_no_writing(self, world: World, weak: list[str]) -> None:
        done = world.project.run([*weak, world.project.exe, "list"])

        assert done.status == 0, done.err
        assert "jot" in done.out

    def test_a_place_that_cannot_be_made(self, world: World, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        world.offer("ink")

        world.fails(
            "install",
            "ink",
            says=str(tmp_path / "file"),
            hint="",
            PKGS_STATE_DIR=str(tmp_path / "file" / "state"),
        )

        world.recovers("ink")

    def test_what_may_not_be_read_is_nothing_to_be_restored(self, world: World, weak: list[str]) -> None:
        manifests = world.project.root / "manifests"
        world.project.lock.chmod(0)
        lock = world.project.run([*weak, world.project.exe, "list"])
        world.project.lock.chmod(0o644)
        manifests.chmod(0)
        source = world.project.run([*weak, world.project.exe, "search", "jot"])
        manifests.chmod(0o755)

        told(lock, f"{world.project.lock}", "see whether you may read it")
        told(source, f"{manifests}", "see whether you may use it")

    def test_an_environment_that_may_not_be_written(self, world: World, weak: list[str]) -> None:
        """The links and the lock are somebody else's: nothing is changed, the lock least of all."""
        if not AS_ROOT:
            pytest.skip("takes root to make files somebody else's")
        subprocess.run(["chown", "-R", str(os.getuid()), str(world.project.state)], check=True)
        subprocess.run(["chown", "-R", str(NOBODY), str(world.project.bin)], check=True)
        world.offer("ink")
        before = {path: what for path, what in world.project.snapshot().items() if "/bin/" in path}

        done = world.project.run([*weak, world.project.exe, "install", "ink"])

        told(done, str(world.project.bin), "make the directory writable; ")
        after = {path: what for path, what in world.project.snapshot().items() if "/bin/" in path}
        assert {path: what for path, what in after.items() if path in before} == before
        assert not (world.project.bin / "ink").is_symlink()
        subprocess.run(["chown", "-R", str(os.getuid()), str(world.project.bin)], check=True)
        world.recovers("ink")


class TestNoHome:
    def test_with_a_state_directory_none_is_needed(self, world: World) -> None:
        world.offer("ink")
        environ = world.project.environ()
        del environ["HOME"]

        done = world.project.run([world.project.exe, "install", "ink"], environ=environ)
        called = world.project.run([world.project.bin / "ink", "x"], environ=environ)

        assert done.status == 0, done.err
        assert called.out == "ink x\n"

    @pytest.mark.skipif(not works(AS_NOBODY), reason="takes root to become a user that there is not")
    @pytest.mark.parametrize("command", ["wrapper", "pkgs"])
    def test_a_user_that_has_none_is_told_what_to_set(self, world: World, command: str) -> None:
        """As in a container run with a number for a user: nothing is written to a directory named ~."""
        words = [world.project.bin / "jot"] if command == "wrapper" else [world.project.exe, "install"]
        environ = world.project.environ()
        for name in ("HOME", "PKGS_STATE_DIR", "USER", "LOGNAME"):
            environ.pop(name, None)
        before = world.project.snapshot()

        done = world.project.run([*AS_NOBODY, *words], environ=environ)

        told(done, "your home directory is not known", "PKGS_STATE_DIR")
        assert world.project.snapshot() == before
        assert not (world.project.root / "~").exists()
        world.offer("ink")
        world.recovers("ink")
