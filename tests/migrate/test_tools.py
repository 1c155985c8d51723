"""Migrating from .tool-versions and mise.toml."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pkgs.errors import EnvError
from pkgs.migrate.toolfiles import Wanted, read_tools
from tests.support.hermits import publish
from tests.support.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project whose source knows some tools."""
    project = Project.make(tmp_path / "project", tmp_path / "state")
    for version in ("1.5.7", "1.11.3", "1.11.4", "2.0.0-rc1"):
        publish(project.root / "manifests", "sand", version, ("sand",))
    publish(project.root / "manifests", "go", "1.22.5", ("go", "gofmt"))
    publish(project.root / "manifests", "node", "20.1.0", ("node", "npm"))
    return project


def pins(project: Project) -> list[str]:
    return sorted(path.name for path in project.bin.glob(".*.pkg"))


def test_exact_versions_are_pinned_and_the_file_stays(project: Project) -> None:
    (project.root / ".tool-versions").write_text("# ours\nsand 1.11.3   # why\ngolang 1.22.5\n\n")

    done = project.pkgs("migrate", check=True)

    assert pins(project) == [".go-1.22.5.pkg", ".sand-1.11.3.pkg"]
    assert "golang 1.22.5 is pinned as go-1.22.5" in done.out
    assert "sand 1.11.3 is" not in done.out
    assert project.call("sand").out == "sand 1.11.3\n"
    assert project.call("gofmt").out == "gofmt 1.22.5\n"
    assert project.pkgs("lock", "--check").status == 0
    assert (project.root / ".tool-versions").read_text().startswith("# ours")


@pytest.mark.parametrize(
    ("asked", "pinned"),
    [
        ("latest", "1.11.4"),
        ("latest:1.5", "1.5.7"),
        ("prefix:1.5", "1.5.7"),
        ("1.11", "1.11.4"),
        ("1", "1.11.4"),
        ("v1.5.7", "1.5.7"),
        ("2.0.0-rc1", "2.0.0-rc1"),
    ],
)
def test_what_is_no_exact_version_is_resolved_and_said(project: Project, asked: str, pinned: str) -> None:
    (project.root / "mise.toml").write_text(f'[tools]\nsand = "{asked}"\n')

    done = project.pkgs("migrate", check=True)

    assert pins(project) == [f".sand-{pinned}.pkg"]
    assert (f"sand {asked} is pinned as sand-{pinned}" in done.out) == (asked != pinned)


def test_what_cannot_be_pinned_is_told_and_the_rest_is_done(project: Project) -> None:
    (project.root / ".mise.toml").write_text(
        '[tools]\nsand = "1.5.7"\nsandd = "1"\n"npm:@scope/node" = "20.1.0"\ngo = "9.9"\nnode = "system"\n'
    )

    done = project.pkgs("migrate", "--json")

    assert done.status == 1
    assert "no manifest provides" in done.err
    told = {each["name"]: each["reason"] for each in json.loads(done.out)["left"]}
    assert told.keys() == {"sandd", "go", "node"}
    assert told["sandd"] == "no source has a manifest of sandd; the nearest is sand"
    assert "9.9" in told["go"]
    assert pins(project) == [".node-20.1.0.pkg", ".sand-1.5.7.pkg"]


def test_check_changes_nothing_and_twice_is_once(project: Project) -> None:
    (project.root / ".tool-versions").write_text("sand 1.11.4\n")

    told = project.pkgs("migrate", "--check")
    assert told.status == 0
    assert "would migrate" in told.out
    assert pins(project) == []

    project.pkgs("migrate", check=True)
    again = project.pkgs("migrate", check=True)
    assert "nothing to change" in again.out
    assert "sand-1.11.4 is pinned already, and stays" in again.out


def test_an_environment_is_made_where_there_is_none(project: Project, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / ".tool-versions").write_text("deno latest\n")

    done = project.run([project.exe, "migrate"], cwd=bare)

    assert done.status == 0, done.err
    assert (bare / "bin" / "activate-pkgs").is_file()
    assert next((bare / "bin").glob(".*.pkg")).name.startswith(".deno-")
    assert str((bare / "bin" / "deno").readlink()).startswith(".deno-")


def test_all_forms_of_mise(tmp_path: Path) -> None:
    file = tmp_path / "mise.toml"
    file.write_text(
        'min_version = "2024.1"\n[tools]\na = "1"\nb = ["1", "2"]\nc = {version = "3", os = ["linux"]}\n'
        'd = [{version = "4"}, "5"]\n"ubi:x/y[exe=z]" = "6"\n'
    )

    assert read_tools(file) == (
        Wanted("a", ("1",)),
        Wanted("b", ("1", "2")),
        Wanted("c", ("3",)),
        Wanted("d", ("4", "5")),
        Wanted("ubi:x/y", ("6",)),
    )


@pytest.mark.parametrize("text", [b"[tools\n", b"[tools]\na = " + b"[" * 3000, b"[tools]\n\xff = 1\n"])
def test_a_broken_file_is_named(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "mise.toml"
    file.write_bytes(text)

    with pytest.raises(EnvError, match=r"mise\.toml: ") as raised:
        read_tools(file)

    assert raised.value.hint == "correct it, then migrate again"


@pytest.mark.parametrize(
    ("name", "text"), [(".tool-versions", "a 1\r\na 1\r\n"), ("mise.toml", '[tools]\r\na = "1"\r\n')]
)
def test_what_an_editor_adds_belongs_to_no_name(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_bytes(text.encode("utf-8-sig"))

    assert read_tools(file) == (Wanted("a", ("1",)),)
