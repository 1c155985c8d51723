"""A user's project, a server that does as it is told, and how a failure is held to leave all as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pkgs.digests import digest_bytes
from tests.support.archives import make_tar_gz
from tests.support.project import Project, Run
from tests.support.server import Reply, Server, serving


@dataclass(frozen=True, slots=True)
class World:
    """A project in which ``jot`` is installed, and a server for more."""

    project: Project
    server: Server

    def archive(self, name: str, text: str = "") -> bytes:
        """Return the archive of a tool that prints its name."""
        script = text or f'#!/bin/sh\necho {name} "$@"\n'
        path = self.project.root / "dist" / f"{name}.tar.gz"
        return make_tar_gz(path, {f"{name}-1/bin/{name}": script.encode()}).read_bytes()

    def offer(self, name: str, reply: Reply | None = None, *, sha256: str | None = None) -> str:
        """Write the manifest of a tool on the server, which answers ``reply``; return the URL.

        Without ``reply`` all is well, and ``sha256`` None means the digest of the tool's proper archive.
        """
        data = self.archive(name)
        url = self.server.add(f"/{name}.tar.gz", reply or Reply(data, etag='"1"'))
        self.project.remote(name, url, digest_bytes(data).hex if sha256 is None else sha256)
        return url

    def fails(
        self, *words: str, says: str, hint: str, status: int = 1, keeps: str = "", **environ: str
    ) -> Run:
        """Run pkgs; it must fail with one sentence and a hint, and change nothing.

        ``keeps`` is the digest of a download that is whole and may stay: only unpacking it failed.
        """
        before = self.project.snapshot()
        given = self.project.environ(**environ)
        done = self.project.run([self.project.exe, *words], environ=given)
        told(done, says, hint, status)
        after = self.project.snapshot()
        assert {path: what for path, what in after.items() if Path(path).name != keeps} == before
        return done

    def recovers(self, name: str, *words: str) -> None:
        """The next good command, on the same state, does its work."""
        self.project.pkgs(*(words or ("install", name)), check=True)
        assert self.project.call(name, "x").out == f"{name} x\n"
        assert self.project.call("jot").out == "jot 1.0.0\n"

    def elsewhere(self, state: Path) -> World:
        """Return the same project with another state directory."""
        return replace(self, project=replace(self.project, state=state))


def told(done: Run, says: str, hint: str, status: int = 1) -> None:
    """Assert that a command failed as users are to see it: one error, one hint, no traceback, no data."""
    assert done.status == status, done.err
    assert done.err.count("pkgs: error: ") == 1, done.err
    message, _, advice = done.err.partition("pkgs: error: ")[2].partition("\nhint: ")
    assert says in message, done.err
    assert hint in advice, done.err
    assert advice.strip(), done.err
    assert "Traceback" not in done.err
    assert done.out == ""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def world(tmp_path: Path, server: Server) -> World:
    """Return a project that has the tool jot already."""
    project = Project.make(tmp_path / "project", tmp_path / "state")
    project.tool("jot", "1.0.0", "1.2.0")
    project.pkgs("install", "jot-1.0.0", check=True)
    assert project.call("jot").out == "jot 1.0.0\n"
    return World(project, server)
