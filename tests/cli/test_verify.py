"""What ``pkgs verify`` tells people to do next, done as it says."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgs.digests import digest_file
from pkgs.platforms import Platform
from tests.support.archives import make_tar_gz
from tests.support.project import Project, Run


@pytest.fixture
def jot(project: Project) -> Project:
    """Return a project with the tool jot installed."""
    project.tool("jot", "1.0.0")
    project.pkgs("install", "jot", check=True)
    return project


def as_told(project: Project, done: Run) -> Run:
    """Run what a command that failed told people to run."""
    assert done.status == 1
    return project.pkgs(*shlex.split(done.err.rpartition(": pkgs ")[2]))


def altered(project: Project) -> None:
    """Change a tool in the store, but neither its size nor its time."""
    (tool,) = (project.state / "trees").glob("sha256-*/bin/jot")
    before = tool.stat()
    tool.chmod(0o755)
    tool.write_bytes(tool.read_bytes().replace(b"echo", b"ECHO"))
    tool.chmod(before.st_mode & 0o777)
    os.utime(tool, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("names", [[], ["jot"]])
def test_what_takes_reading_to_see_takes_reading_to_mend(jot: Project, names: list[str]) -> None:
    altered(jot)

    mended = as_told(jot, jot.pkgs("verify", "--deep", *names))

    assert (mended.status, mended.out) == (0, "whole\tjot-1.0.0\t(repaired)\n")
    assert jot.pkgs("verify", "--deep").status == 0


def test_why_something_cannot_be_repaired_comes_with_what_to_do(jot: Project) -> None:
    digest = digest_file(jot.root / "dist" / "jot-1.0.0.tar.gz").hex
    jot.lock.write_text(jot.lock.read_text().replace(digest, "0" * 64))

    done = jot.pkgs("verify", "--repair", "--json")

    faults = json.loads(done.out)[0]["faults"]
    assert "to follow the manifest, run: pkgs lock --update jot-1.0.0" in faults[-1]


@pytest.fixture
def moody(project: Project) -> Project:
    """Return a project with a tool that has a writable copy of its package."""
    project.tool("moody", "1.0.0", more="mutable = true\n")
    project.pkgs("install", "moody", check=True)
    return project


def copy_of(project: Project) -> Path:
    (copy,) = (path for path in (project.state / "mutable").glob("*/moody-1.0.0") if path.is_dir())
    return copy


WEAR: dict[str, Callable[[Path], object]] = {
    "its tool is gone": lambda copy: (copy / "bin" / "moody").unlink(),
    "its tool cannot be executed": lambda copy: (copy / "bin" / "moody").chmod(0o644),
    "it is gone": shutil.rmtree,
}


@pytest.mark.parametrize("wear", WEAR)
def test_a_copy_that_is_of_no_use_any_more_is_made_afresh(moody: Project, wear: str) -> None:
    copy = copy_of(moody)
    WEAR[wear](copy)

    done = moody.pkgs("verify")

    assert done.out.startswith("broken\tmoody-1.0.0\n")
    assert str(copy) in done.out
    assert as_told(moody, done).out == "whole\tmoody-1.0.0\t(repaired)\n"
    assert moody.call("moody").out == "moody 1.0.0\n"


def test_a_call_says_how_a_copy_that_lost_its_tool_is_made_afresh(moody: Project) -> None:
    (copy_of(moody) / "bin" / "moody").unlink()

    assert as_told(moody, moody.call("moody")).status == 0
    assert moody.call("moody").out == "moody 1.0.0\n"


def test_repairing_keeps_a_copy_that_is_of_use(moody: Project) -> None:
    mine = copy_of(moody) / "mine"
    mine.write_text("")
    (tree,) = (path for path in (moody.state / "trees").glob("sha256-*") if path.is_dir())
    tree.chmod(0o777)

    assert as_told(moody, moody.pkgs("verify")).status == 0
    assert mine.exists()


@pytest.fixture
def settled(project: Project) -> Project:
    """Return a project with a tool that is to be found in its ``dest``."""
    project.tool("here", "1.0.0", more='dest = "${PKGS_ENV}/here"\n')
    project.pkgs("install", "here", check=True)
    return project


def lead_to(target: Path) -> Callable[[Path], object]:
    def act(dest: Path) -> None:
        dest.unlink()
        dest.symlink_to(target)

    return act


def test_a_link_that_is_gone_is_named_and_made_again(settled: Project) -> None:
    dest = settled.root / "here"
    dest.unlink()

    done = settled.pkgs("verify")

    assert done.out == f"broken\there-1.0.0\n\t{dest}: missing\n"
    assert as_told(settled, done).status == 0
    assert settled.call("here").out == "here 1.0.0\n"


def test_what_stands_in_the_place_of_a_link_is_named_and_left(settled: Project) -> None:
    dest = settled.root / "here"
    dest.unlink()
    dest.mkdir()

    done = as_told(settled, settled.pkgs("verify"))

    assert done.status == 1
    assert done.out.endswith(f"where something else is; move {dest} away\n")
    dest.rmdir()
    assert settled.pkgs("verify", "--repair").status == 0


def test_a_tree_that_the_lock_does_not_know_can_be_accepted(jot: Project) -> None:
    (tree,) = (each for each in jot.lock.read_text().splitlines() if each.startswith("tree = "))
    jot.lock.write_text(jot.lock.read_text().replace(tree, f'tree = "sha256:{"0" * 64}"'))

    repaired = as_told(jot, jot.pkgs("verify"))

    assert as_told(jot, repaired).status == 0
    assert jot.pkgs("verify", "--deep").status == 0
    assert tree in jot.lock.read_text()


@pytest.mark.parametrize(("machine", "arch"), [(62, "amd64"), (183, "arm64"), (243, "")])
def test_a_program_for_another_processor_is_broken(project: Project, machine: int, arch: str) -> None:
    """One that is for no known processor may well run."""
    program = b"\x7fELF\x02\x01\x01" + bytes(11) + machine.to_bytes(2, "little") + bytes(44)
    archive = make_tar_gz(project.root / "dist" / "core-1.0.0.tar.gz", {"core-1.0.0/bin/core": program})
    project.manifest("core", ["1.0.0"], {archive: digest_file(archive).hex})
    project.pkgs("install", "core", check=True)

    done = project.pkgs("verify")

    here = Platform.current().arch
    if arch in ("", here):
        assert done.out == "whole\tcore-1.0.0\n"
    else:
        assert done.out.startswith("broken\tcore-1.0.0\n")
        assert done.out.endswith(f"/bin/core: built for {arch}, not for {here}\n")
