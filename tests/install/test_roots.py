"""What gc keeps for an environment after each change."""

from __future__ import annotations

import json
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.faults import Started
from tests.support.mounts import needed
from tests.support.project import Project
from tests.support.server import Reply, serving


def claimed(project: Project) -> set[str]:
    """Return the names of the packages whose trees are claimed."""
    return {label(project, key) for key in trees(project)}


def trees(project: Project) -> list[str]:
    """Return the keys of the trees that are claimed."""
    [record] = (project.state / "roots").glob("*.json")
    found: list[str] = json.loads(record.read_text())["trees"]
    return found


def label(project: Project, key: str) -> str:
    record: str = json.loads((project.state / "trees" / f"sha256-{key}.json").read_text())["label"]
    return record


def downloads(project: Project) -> int:
    [record] = (project.state / "roots").glob("*.json")
    return len(json.loads(record.read_text())["blobs"])


def test_exactly_what_is_pinned_and_needed_is_kept(project: Project) -> None:
    project.tool("base", "1.0", "2.0")
    project.tool("jre", "17.0")
    project.tool("top", "1.0", more='requires = ["base"]\nruntime-dependencies = ["jre-17.0"]')

    project.pkgs("install", "top", check=True)
    assert claimed(project) == {"top-1.0", "base-2.0", "jre-17.0"}

    project.pkgs("install", "base-1.0", check=True)
    assert claimed(project) == {"top-1.0", "base-1.0", "jre-17.0"}

    project.pkgs("uninstall", "top", check=True)
    assert claimed(project) == {"base-1.0"}


def test_what_cannot_be_resolved_any_more_is_kept(project: Project) -> None:
    project.tool("jot", "1.0")
    project.tool("jre", "17.0")
    project.tool("lint", "1.0", more='runtime-dependencies = ["jre-17.0"]')
    project.pkgs("install", "jot", "lint", check=True)
    (project.root / "manifests" / "lint.hcl").write_text("this is no manifest {")

    project.pkgs("uninstall", "jot", check=True)

    assert claimed(project) >= {"lint-1.0", "jre-17.0"}
    assert set(tomllib.loads(project.lock.read_text())["package"]) == {"lint-1.0", "jre-17.0"}


def test_what_a_failed_install_fetched_goes_with_the_next_gc(project: Project) -> None:
    project.tool("jot", "1.0")
    project.tool("ink", "1.0")
    project.tool("bad", "1.0")
    project.pkgs("install", "jot", check=True)
    (project.root / "dist" / "bad-1.0.tar.gz").unlink()
    before = downloads(project)

    done = project.pkgs("install", "ink", "bad")

    assert done.status == 1
    assert claimed(project) == {"jot-1.0"}
    assert downloads(project) == before
    project.pkgs("gc", "--age", "0s", check=True)
    assert [path.stem[-64:] for path in (project.state / "trees").glob("*.json")] == trees(project)


def test_what_a_killed_install_claimed_goes_with_the_next_gc(project: Project) -> None:
    project.tool("jot", "1.0")
    project.tool("ink", "1.0")
    project.pkgs("install", "jot", check=True)
    with serving() as server:
        project.remote("slow", server.add("/slow.tgz", Reply(b"x" * 100, stall_after=10)))
        words = (project.exe, "install", "ink", "slow")
        with Started(words, project.environ(), project.root):
            end = time.monotonic() + 60
            while len(list((project.state / "trees").glob("*.json"))) < 2:
                assert time.monotonic() < end
                time.sleep(0.02)
            project.pkgs("gc", "--age", "0s", check=True)
            assert len(trees(project)) > 1

    project.pkgs("gc", "--age", "0s", check=True)

    assert claimed(project) == {"jot-1.0"}
    assert [path.stem[-64:] for path in (project.state / "trees").glob("*.json")] == trees(project)


def test_gc_leaves_a_working_environment(project: Project) -> None:
    project.tool("jre", "17.0")
    project.tool("lint", "1.0", script="jre", more='runtime-dependencies = ["jre-17.0"]')
    project.pkgs("install", "lint", check=True)
    for archive in (project.root / "dist").iterdir():
        archive.unlink()

    project.pkgs("gc", "--age", "0s")

    assert project.call("lint").out == "jre 17.0\n"
    assert downloads(project) >= 2
    assert all(Path(path).exists() for path in project.bin.iterdir())


@pytest.fixture
def small_state(project: Project) -> Iterator[Path]:
    """Put a small disk in the place of the state directory."""
    project.state.mkdir(exist_ok=True)
    words = ("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(project.state))
    needed(subprocess.run(words, capture_output=True, check=False).returncode == 0, "way to mount tmpfs")
    yield project.state
    subprocess.run(["umount", "-l", str(project.state)], check=True)


def test_a_change_that_only_gc_cannot_be_told_of_has_succeeded(project: Project, small_state: Path) -> None:
    project.tool("jot", "1.0")
    project.pkgs("install", "jot", check=True)
    # The trigger acts when lock and links are new and the record is not.
    fill = f"dd if=/dev/zero of={small_state}/filler bs=4k 2>/dev/null; true"
    project.tool(
        "ink", "1.0", more=f'on "install" {{ run {{\n cmd = "/bin/sh"\n args = ["-c", "{fill}"]\n }} }}'
    )

    done = project.pkgs("install", "ink")

    assert (done.status, (project.bin / "ink").is_symlink()) == (0, True)
    assert "warning: no space is left" in done.err
    project.pkgs("gc", check=True)
    assert claimed(project) == {"jot-1.0", "ink-1.0"}
    gone = project.pkgs("uninstall", "jot")
    assert (gone.status, (project.bin / "jot").is_symlink()) == (0, False)
    assert claimed(project) >= {"ink-1.0"}
    (small_state / "filler").unlink()
    project.pkgs("gc", check=True)
    assert claimed(project) >= {"ink-1.0"}
