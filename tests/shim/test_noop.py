"""``pkgs install`` with nothing to do: told before anything is imported, and never wrongly."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgs.cli import noop as reading
from pkgs.environment.root import find_environment
from pkgs.shim import noop as writing
from pkgs.state import State
from pkgs.store.files import remove_tree
from tests.support.checkout import ROOT
from tests.support.project import Project

# What may be loaded besides what a bare interpreter has: three modules, and whatever is part of its program.
OWN = {"pkgs", "pkgs.cli", "pkgs.cli.noop", *sys.builtin_module_names}
SEE_MODULES = f"""
import atexit, json, os, pkgutil, runpy, sys
before = set(sys.modules)
sys.argv[1:] = sys.argv[2:]
leave = os._exit
def tell():
    print(json.dumps(sorted(set(sys.modules) - before)), flush=True)
def tell_and_leave(status):
    tell()
    leave(status)
atexit.register(tell)
os._exit = tell_and_leave
runpy.run_path({str(ROOT / "src" / "pkgs" / "__main__.py")!r}, run_name="__main__")
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with two installed tools, one of which needs another at run time."""
    project = Project.make(tmp_path / "project", tmp_path / "state")
    project.tool("jot", "1.0.0")
    project.tool("jre", "17.0")
    project.tool("lint", "1.0", more='runtime-dependencies = ["jre-17.0"]')
    project.pkgs("install", "jot", "lint", check=True)
    return project


def modules(project: Project, *words: str) -> set[str]:
    """Return what a command imports, its own three modules and ``runpy`` left out."""
    done = project.run([sys.executable, "-I", "-c", SEE_MODULES, "-", *words], check=True)
    return set(json.loads(done.out)) - OWN


def answers_at_once(project: Project, *words: str) -> bool:
    return "argparse" not in modules(project, *(words or ("install",)))


def test_it_imports_nothing(project: Project) -> None:
    assert modules(project, "install") == set()


@pytest.mark.parametrize(
    "words", [["install", "--frozen"], ["-q", "install"], ["install", "--no-frozen", "--offline"]]
)
def test_flags_that_change_nothing_cost_nothing(project: Project, words: list[str]) -> None:
    assert answers_at_once(project, *words)


@pytest.mark.parametrize(
    "words", [["install", "jot"], ["install", "--json"], ["list"], ["install", "install"]]
)
def test_other_commands_are_not_answered(project: Project, words: list[str]) -> None:
    assert not reading.nothing_to_do(words, os.environ)


def test_it_is_answered_from_below_the_environment(project: Project) -> None:
    below = project.root / "a" / "b"
    below.mkdir(parents=True)

    done = project.run([sys.executable, "-I", "-c", SEE_MODULES, "-", "install"], cwd=below, check=True)

    assert set(json.loads(done.out)) <= OWN


def rewrite(path: Path) -> None:
    """Write a file anew with what it held."""
    path.write_bytes(path.read_bytes())


def trees(project: Project) -> list[Path]:
    return [path for path in (project.state / "trees").iterdir() if path.is_dir()]


CHANGES: dict[str, Callable[[Project], object]] = {
    "the lock": lambda project: rewrite(project.lock),
    "a pin": lambda project: (project.bin / "jot").unlink(),
    "the configuration": lambda project: rewrite(project.bin / "pkgs.hcl"),
    "a manifest": lambda project: rewrite(project.root / "manifests" / "jot.hcl"),
    "a dependency's manifest": lambda project: rewrite(project.root / "manifests" / "jre.hcl"),
    "a tree": lambda project: remove_tree(trees(project)[0]),
    "the state": lambda project: remove_tree(project.state),
    "another version of pkgs": lambda project: edit_note(project, "pkgs 0", "pkgs 9"),
    "a note cut short": lambda project: edit_note(project, "\nend", ""),
    "a note of rubbish": lambda project: edit_note(project, "\n+ ", "\nx "),
}  # fmt: skip


def edit_note(project: Project, old: str, new: str) -> None:
    note = State(project.state).env(project.bin) / writing.NOTE
    assert old in note.read_text()
    note.write_text(note.read_text().replace(old, new))


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(project: Project, change: str) -> None:
    assert answers_at_once(project)
    CHANGES[change](project)

    assert not answers_at_once(project)


def test_once_it_is_whole_again_it_is_answered_again(project: Project) -> None:
    remove_tree(trees(project)[0])
    project.pkgs("install", check=True)

    assert answers_at_once(project)


def test_what_is_left_out_is_told_of_every_time(project: Project) -> None:
    (project.root / "manifests" / "mac.hcl").write_text(
        'description = "mac"\nbinaries = ["x"]\n'
        'darwin {\n  source = "https://example.invalid/x.tgz"\n}\nversion "1" {}\n'
    )
    (project.bin / ".mac-1.pkg").symlink_to("pkgs")

    for _ in range(2):
        assert "mac-1 is left out" in project.pkgs("install", check=True).err


def test_reader_and_writer_agree(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = project.environ()
    monkeypatch.chdir(project.root)
    found = find_environment({}, project.root)
    assert found is not None
    note = str(State(project.state).env(found.bin_dir) / writing.NOTE)
    spellings = [
        {},
        {"PKGS_BIN": str(project.bin)},
        {"PKGS_ENV": str(project.root)},
        {"PKGS_ENV": str(project.bin)},
    ]

    for spelling in spellings:
        for name in ("PKGS_BIN", "PKGS_ENV"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {**environ, **spelling}.items():
            monkeypatch.setenv(name, value)
        assert reading._note(os.environ) == note
    assert reading._HEADING == writing.HEADING


def test_a_lost_record_of_what_is_used_is_written_again(project: Project) -> None:
    remove_tree(project.state / "roots")

    project.pkgs("install", check=True)
    project.pkgs("gc", "--age", "0s", check=True)

    assert project.call("jot", CI="true", PKGS_EXE="/bin/false").out == "jot 1.0.0\n"
