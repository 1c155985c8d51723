"""Tools that are not in the store as they were unpacked: a call notices, and makes them again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgs.store.files import remove_tree
from tests.support.archives import make_tar_gz
from tests.support.project import Project


@pytest.fixture
def kit(project: Project) -> Project:
    """Return a project with the tools jot and tittle, which one glob of one package exposes."""
    tools = ("jot", "tittle")
    files = {f"kit-1.0.0/bin/{name}": f"#!/bin/sh\necho {name}\n".encode() for name in tools}
    archive = make_tar_gz(project.root / "dist" / "kit-1.0.0.tar.gz", files)
    manifest = project.manifest("kit", ["1.0.0"], {archive: ""})
    text = manifest.read_text().replace('"bin/kit"', '"bin/*"')
    manifest.write_text(text.partition("sha256sums")[0])
    project.pkgs("install", "kit", check=True)
    return project


def of_store(project: Project, name: str) -> Path:
    """Return the file of a tool in the store, after allowing its owner to change it and what is beside it."""
    (found,) = (project.state / "trees").glob(f"sha256-*/bin/{name}")
    found.parent.chmod(0o755)
    found.chmod(0o755)
    return found


def linked(tool: Path) -> None:
    tool.unlink()
    tool.symlink_to("/bin/echo")


def replaced_by_directory(tool: Path) -> None:
    tool.unlink()
    tool.mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "rewritten": lambda tool: tool.write_text("#!/bin/sh\necho something else\n"),
    "emptied": lambda tool: tool.write_bytes(b""),
    "a link": linked,
    "a directory": replaced_by_directory,
    "of a directory that is gone": lambda tool: remove_tree(tool.parent),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_next_call_makes_it_again_and_says_so(kit: Project, damage: str) -> None:
    tool = of_store(kit, "jot")
    DAMAGE[damage](tool)

    done = kit.call("jot")

    assert (done.status, done.out) == (0, "jot\n"), done.err
    assert f"warning: kit-1.0.0: {tool}: " in done.err
    assert kit.pkgs("verify", "--deep").out == "whole\tkit-1.0.0\n"
    assert kit.call("jot", PKGS_EXE="/bin/false").err == ""


def test_it_is_seen_below_a_root_and_whatever_its_directory_is_called(project: Project) -> None:
    archive = make_tar_gz(
        project.root / "dist" / "kit-1.0.0.tar.gz", {"kit-1.0.0/usr/d\u00e9/jot": b"#!/bin/sh\necho jot\n"}
    )
    manifest = project.manifest("kit", ["1.0.0"], {archive: ""})
    text = manifest.read_text().replace('"bin/kit"', '"d\u00e9/j*"').partition("sha256sums")[0]
    manifest.write_text('root = "${dest}/usr"\n' + text)
    project.pkgs("install", "kit", check=True)
    (tool,) = (project.state / "trees").glob("sha256-*/usr/*/jot")
    tool.parent.chmod(0o755)
    tool.unlink()

    done = project.call("jot")

    assert (done.status, done.out) == (0, "jot\n"), done.err
    assert f"warning: kit-1.0.0: {tool}: " in done.err


def test_installing_unpins_no_tool_that_is_only_gone_from_the_store(kit: Project) -> None:
    of_store(kit, "jot").unlink()

    kit.pkgs("install", check=True)

    assert (kit.bin / "jot").readlink() == Path(".kit-1.0.0.pkg")
    assert kit.call("jot", PKGS_EXE="/bin/false").out == "jot\n"


def test_what_cannot_be_made_again_is_not_run(kit: Project) -> None:
    of_store(kit, "jot").write_text("#!/bin/sh\necho something else\n")
    remove_tree(kit.state / "blobs")
    shutil.rmtree(kit.root / "dist")

    done = kit.call("jot")

    assert (done.status, done.out) == (1, "")
    assert "kit-1.0.0.tar.gz" in done.err


def test_another_time_alone_is_no_damage(kit: Project) -> None:
    """Images of containers keep whole seconds."""
    tool = of_store(kit, "jot")
    tool.touch()
    remove_tree(kit.state / "blobs")
    shutil.rmtree(kit.root / "dist")

    done = kit.call("jot")

    assert (done.out, done.err) == ("jot\n", "")


def test_repairing_makes_it_again_once(kit: Project) -> None:
    log = kit.root / "log"
    manifest = kit.root / "manifests" / "kit.hcl"
    run = f'on "unpack" {{ run {{ cmd = "/bin/sh" args = ["-c", "echo made >>{log}"] }} }}\n'
    manifest.write_text(run + manifest.read_text())
    kit.pkgs("install", check=True)
    kit.pkgs("gc", check=True)
    of_store(kit, "jot").unlink()

    done = kit.pkgs("verify", "--repair")

    assert (done.out, done.err) == ("whole\tkit-1.0.0\t(repaired)\n", "")
    assert log.read_text() == "made\n" * 2
