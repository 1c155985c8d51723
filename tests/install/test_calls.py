"""Calls when something is not as it was: nothing is there yet, pins were edited, nothing can be written."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgs.store.files import remove_tree
from tests.support.project import Project
from tests.support.server import Reply, Server, serving

NOBODY = 54321
SETPRIV = shutil.which("setpriv")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def publish(project: Project, server: Server, name: str, *, more: str = "", digest: bool = True) -> str:
    """Publish a tool on the server and install it; return the path of its archive there."""
    project.tool(name, "1.0.0", more=more)
    archive = project.root / "dist" / f"{name}-1.0.0.tar.gz"
    url = server.add(f"/{name}.tar.gz", Reply(archive.read_bytes(), delay=0.2))
    manifest = project.root / "manifests" / f"{name}.hcl"
    text = manifest.read_text().replace(f"{archive.parent.as_uri()}/{name}-${{version}}.tar.gz", url)
    manifest.write_text(text.replace(archive.as_uri(), url if digest else "unknown"))
    project.pkgs("install", name, check=True)
    return f"/{name}.tar.gz"


def fresh(project: Project) -> Project:
    """Return the project as a machine sees it that never used it."""
    return Project(project.root, project.state.with_name("fresh"), project.exe)


def downloads(server: Server, path: str) -> int:
    return sum(request.method == "GET" for request in server.seen(path))


@pytest.mark.slow
@pytest.mark.parametrize(("many", "runtime"), [(32, False), (8, True)])
def test_a_crowd_on_a_cold_store_downloads_once(
    project: Project, server: Server, many: int, runtime: bool
) -> None:
    publish(project, server, "jre")
    more = 'runtime-dependencies = ["jre-1.0.0"]' if runtime else ""
    path = publish(project, server, "jot", more=more)
    before = {each: downloads(server, each) for each in (path, "/jre.tar.gz")}
    other = fresh(project)

    crowd = [
        subprocess.Popen(
            [other.bin / "jot", str(number)],
            env=other.environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(many)
    ]
    answers = [process.communicate(timeout=300) for process in crowd]

    assert [out for out, _ in answers] == [f"jot 1.0.0 {number}\n" for number in range(many)]
    assert {process.returncode for process in crowd} == {0}
    assert downloads(server, path) - before[path] == 1
    assert downloads(server, "/jre.tar.gz") - before["/jre.tar.gz"] == int(runtime)


def test_an_edited_pin_is_followed_at_the_next_call(project: Project) -> None:
    project.tool("jot", "1.0.0", "1.2.0")
    project.pkgs("install", "jot-1.0.0", check=True)
    assert project.call("jot").out == "jot 1.0.0\n"

    (project.bin / ".jot-1.0.0.pkg").rename(project.bin / ".jot-1.2.0.pkg")
    (project.bin / "jot").unlink()
    (project.bin / "jot").symlink_to(".jot-1.2.0.pkg")

    assert project.call("jot").out == "jot 1.2.0\n"
    assert "jot-1.2.0" in project.lock.read_text()
    assert "jot-1.0.0" not in project.lock.read_text()


def test_a_deleted_store_comes_back_at_the_next_call(project: Project, server: Server) -> None:
    publish(project, server, "jot")
    remove_tree(project.state)

    assert project.call("jot", "x").out == "jot 1.0.0 x\n"


def test_an_edited_file_beside_the_manifest_is_seen_at_the_next_call(project: Project) -> None:
    greeting = project.root / "manifests" / "greeting"
    greeting.write_text("one\n")
    script = 'cat "$(dirname "$0")/greeting"'
    project.tool("jot", "1.0.0", script=script, more='files = { "greeting": "${root}/bin/greeting" }')
    project.pkgs("install", "jot", check=True)
    assert project.call("jot").out == "one\n"

    greeting.write_text("two\n")

    assert project.call("jot").out == "two\n"


def test_tools_call_themselves_and_others_on_a_cold_store(project: Project) -> None:
    project.tool("jot", "1.0.0", script='[ "${1-0}" = 0 ] && exec tittle || exec jot $(($1 - 1))')
    project.tool("tittle", "1.0.0")
    project.pkgs("install", "jot", "tittle", check=True)

    assert fresh(project).call("jot", "3").out == "tittle 1.0.0\n"


def test_many_tools_on_a_cold_store_replace_each_other_in_one_process(project: Project) -> None:
    chain = ("one", "two", "three", "four", "five")
    for name, following in zip(chain, (*chain[1:], "echo done"), strict=True):
        project.tool(name, "1.0.0", script=f"exec {following}")
    project.pkgs("install", *chain, check=True)

    assert fresh(project).call("one").out == "done\n"


def test_a_first_call_needs_neither_home_nor_standard_input(project: Project) -> None:
    project.tool("jot", "1.0.0")
    project.pkgs("install", "jot", check=True)
    other = fresh(project)
    environ = {"PATH": os.defpath, "PKGS_STATE_DIR": str(other.state), "PKGS_EXE": str(other.exe)}

    done = other.run(["sh", "-c", f'"{other.bin}/jot" x <&-'], environ=environ)

    assert (done.status, done.out) == (0, "jot 1.0.0 x\n"), done.err


def test_a_first_call_in_ci_follows_the_lock_and_changes_nothing(project: Project) -> None:
    project.tool("jot", "1.0.0")
    project.pkgs("install", "jot", check=True)
    before = {path.name: path.lstat().st_mtime_ns for path in project.bin.iterdir()}

    done = fresh(project).call("jot", CI="true")

    assert done.out == "jot 1.0.0\n"
    assert {path.name: path.lstat().st_mtime_ns for path in project.bin.iterdir()} == before


@pytest.fixture
def weak() -> list[str]:
    """Return what runs a command as one who cannot write to other users' files."""
    if os.getuid() != 0:
        pytest.skip("takes root to make files somebody else's")
    if not SETPRIV:
        pytest.skip("root can write everywhere, and there is no setpriv to give that up")
    return [SETPRIV, "--bounding-set=-all", "--inh-caps=-all", "--"]


def give_away(*directories: Path) -> None:
    subprocess.run(["chown", "-R", "-h", str(NOBODY), *map(str, directories)], check=True)


def test_an_environment_that_cannot_be_written_serves_first_calls(project: Project, weak: list[str]) -> None:
    project.tool("jot", "1.0.0")
    project.pkgs("install", "jot", check=True)
    other = fresh(project)
    give_away(project.bin)

    first, second = (other.run([*weak, other.bin / "jot"]) for _ in range(2))

    assert (first.out, second.out) == ("jot 1.0.0\n", "jot 1.0.0\n"), first.err
    assert second.err == ""


def test_a_state_that_cannot_be_written_serves_without_plans(project: Project, weak: list[str]) -> None:
    """Everything is there but what makes calls fast: runtime dependencies and all."""
    project.tool("jre", "1.0.0")
    project.tool("jot", "1.0.0", script="jre", more='runtime-dependencies = ["jre-1.0.0"]')
    project.pkgs("install", "jot", check=True)
    for plans in project.state.rglob("call"):
        remove_tree(plans)
    give_away(project.bin, project.state)

    assert project.run([*weak, project.bin / "jot"]).out == "jre 1.0.0\n"
    project.bin.with_name("other").symlink_to(project.bin)
    assert project.run([*weak, project.root / "other" / "jot"]).out == "jre 1.0.0\n"
