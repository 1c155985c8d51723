"""Packages are fetched at once, as many as ``--jobs`` says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pkgs.digests import digest_bytes
from tests.support.archives import make_tar_gz
from tests.support.project import Project
from tests.support.server import Reply, Request, Server, serving

NAMES = ("ink", "jot", "nib")


def _publish(project: Project, server: Server, arrived: Callable[[], bool]) -> None:
    """Let ``server`` have the tools; a GET is answered after ``arrived``, with 404 if that is false."""
    for name in NAMES:
        archive = project.root / "dist" / f"{name}.tgz"
        make_tar_gz(archive, {f"{name}-1.0.0/bin/{name}": f"#!/bin/sh\necho {name}\n".encode()})
        body = archive.read_bytes()

        def answer(request: Request, body: bytes = body) -> Reply:
            fit = request.method != "GET" or arrived()
            return Reply(body) if fit else Reply(status=404)

        project.remote(name, server.add(f"/{name}.tgz", answer), digest_bytes(body).hex)


def test_as_many_as_there_are_jobs_are_fetched_at_once(project: Project) -> None:
    """No package is answered before all are asked for: who asks for one after the other gets none."""
    together = threading.Barrier(len(NAMES))

    def all_have_arrived() -> bool:
        try:
            together.wait(timeout=30)
        except threading.BrokenBarrierError:
            return False
        return True

    with serving() as server:
        _publish(project, server, all_have_arrived)

        project.pkgs("install", f"--jobs={len(NAMES)}", *NAMES, check=True)

    assert [project.call(name).out for name in NAMES] == [f"{name}\n" for name in NAMES]


def test_one_job_fetches_one_after_the_other(project: Project) -> None:
    lone = threading.Lock()

    def nobody_else_is_here() -> bool:
        if not lone.acquire(blocking=False):
            return False
        time.sleep(0.2)  # the others, if they come at once, come now
        lone.release()
        return True

    with serving() as server:
        _publish(project, server, nobody_else_is_here)

        project.pkgs("install", "--jobs=1", *NAMES, check=True)
