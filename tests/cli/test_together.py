"""Commands that change one environment at the same time take turns, and none undoes what another did."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pkgs.digests import digest_file
from tests.support.archives import make_tar_gz
from tests.support.project import TIMEOUT, Project
from tests.support.server import Reply, Request, serving


@contextmanager
def installing(project: Project, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Install ``slow``, whose bytes arrive when the body is over: pins and lock have been read by then."""
    archive = make_tar_gz(tmp_path / "slow.tar.gz", {"slow/bin/slow": b"#!/bin/sh\n"})
    asked, over = threading.Event(), threading.Event()

    def late(_: Request) -> Reply:
        asked.set()
        over.wait(TIMEOUT)
        return Reply(archive.read_bytes())

    with serving() as server:
        project.remote("slow", server.add("/slow.tar.gz", late), digest_file(archive).hex)
        with start(project, "install", "slow") as process:
            try:
                assert asked.wait(TIMEOUT)
                yield process
            finally:
                over.set()
                process.communicate(timeout=TIMEOUT)


def start(project: Project, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [project.exe, *words], cwd=project.root, env=project.environ(), stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("words", [["migrate"], ["init"], ["uninstall", "sand"], ["lock"]])
def test_an_install_at_the_same_time_is_not_lost(project: Project, tmp_path: Path, words: list[str]) -> None:
    project.tool("sand", "1.5.7")
    if words == ["migrate"]:
        (project.root / ".tool-versions").write_text("sand 1.5.7\n")
    else:
        project.pkgs("install", "sand", check=True)

    with installing(project, tmp_path) as first:
        second = start(project, *words)
        assert second.stderr
        said = next((line for line in second.stderr if "waiting" in line), "it did not wait")
    second.communicate(timeout=TIMEOUT)

    assert f"waiting for the environment in {project.bin}: process {first.pid} is" in said
    assert (first.returncode, second.returncode) == (0, 0)
    pinned = {entry["reference"] for entry in json.loads(project.pkgs("list", "--json", check=True).out)}
    assert pinned == {"slow-1.0.0"} | ({"sand-1.5.7"} if "sand" not in words else set())
    assert project.pkgs("lock", "--check").status == 0
