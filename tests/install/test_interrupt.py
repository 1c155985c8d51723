"""^C while packages are fetched: the command ends at once, and what had arrived is kept."""

from __future__ import annotations

import signal
import subprocess
import time

from pkgs.digests import digest_bytes, digest_file
from pkgs.errors import EXIT_INTERRUPTED
from tests.support.archives import make_tar_gz
from tests.support.project import Project
from tests.support.server import Reply, Server, serving

PATIENCE = 60.0


def offer(project: Project, server: Server, name: str, reply: Reply, sha256: str = "") -> None:
    url = server.add(f"/{name}.tgz", reply)
    (project.root / "manifests" / f"{name}.hcl").write_text(
        f'description = "{name}"\nbinaries = ["bin/{name}"]\nsource = "{url}"\n'
        f'sha256 = "{sha256 or digest_bytes(name.encode()).hex}"\nversion "1" {{}}\n'
    )


def until(condition: object, what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, what
        time.sleep(0.02)


def test_it_ends_promptly_with_nothing_half_done(project: Project) -> None:
    archive = make_tar_gz(project.root / "dist" / "tool.tgz", {"bin/quick": b"#!/bin/sh\necho quick\n"})
    with serving() as server:
        offer(project, server, "quick", Reply(archive.read_bytes()), digest_file(archive).hex)
        for name in ("slow", "slower"):
            offer(project, server, name, Reply(b"x" * 100_000, stall_after=1000))
        before = project.lock.read_bytes()
        process = subprocess.Popen(
            [project.exe, "install", "quick", "slow", "slower"],
            cwd=project.root,
            env=project.environ(PKGS_HTTP_TIMEOUT="5m"),  # not what ends it
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        until(lambda: server.seen("/slow.tgz") and server.seen("/slower.tgz"), "nothing was asked for")
        until(lambda: list((project.state / "trees").glob("sha256-*/bin/quick")), "nothing arrived")

        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)

        assert process.returncode == EXIT_INTERRUPTED
        assert "Traceback" not in err
        assert not list(project.bin.glob(".*.pkg"))
        assert project.lock.read_bytes() == before

        server.add("/quick.tgz", Reply(status=404))
        project.pkgs("install", "quick", check=True)
        assert project.call("quick").out == "quick\n"
