"""Runtime dependencies: there at every call, never among the environment's own tools."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pkgs.store.files import remove_tree
from tests.support.project import Project


def locked(project: Project) -> dict[str, Any]:
    packages: dict[str, Any] = tomllib.loads(project.lock.read_text()).get("package", {})
    return packages


def lint(project: Project) -> None:
    """Publish a tool that calls another, which it names as a runtime dependency."""
    project.tool("jre", "17.0", more='env = { JAVA_HOME: "${root}", FOO: "jre" }')
    more = 'runtime-dependencies = ["jre-17.0"]'
    project.tool("lint", "1.0", script='echo "lint on $(jre) FOO=$FOO"', more=more)


def test_a_tool_finds_what_it_needs_and_the_user_does_not(project: Project) -> None:
    lint(project)

    project.pkgs("install", "lint", check=True)

    assert project.call("lint").out == "lint on jre 17.0 FOO=jre\n"
    assert not (project.bin / "jre").exists()
    assert not (project.bin / ".jre-17.0.pkg").is_symlink()


def test_the_second_call_needs_no_python(project: Project) -> None:
    lint(project)
    project.pkgs("install", "lint", check=True)
    project.exe.write_text("#!/bin/sh\necho python was started >&2; exit 9\n")

    assert project.call("lint").out == "lint on jre 17.0 FOO=jre\n"


def test_the_lock_holds_it_for_all_platforms_until_the_tool_goes(project: Project) -> None:
    lint(project)
    project.pkgs("install", "lint", check=True)

    assert locked(project)["lint-1.0"]["runtime"] == ["jre-17.0"]
    assert {"linux-amd64", "darwin-arm64"} <= set(locked(project)["jre-17.0"])
    assert project.pkgs("lock", "--check").status == 0

    project.pkgs("uninstall", "lint", check=True)
    assert locked(project) == {}


def test_a_frozen_fresh_machine_unpacks_it_at_the_first_call(project: Project) -> None:
    lint(project)
    project.pkgs("install", "lint", check=True)
    other = Project(project.root, project.state.with_name("fresh"), project.exe)

    assert other.call("lint", CI="true").out == "lint on jre 17.0 FOO=jre\n"


def test_a_deleted_dependency_comes_back_at_the_next_call(project: Project) -> None:
    lint(project)
    project.pkgs("install", "lint", check=True)
    for record in (project.state / "trees").glob("*.json"):
        if "jre-17.0" in record.read_text():
            remove_tree(record.with_suffix(""))

    assert project.call("lint").out == "lint on jre 17.0 FOO=jre\n"


def test_a_deleted_link_farm_comes_back_at_the_next_call(project: Project) -> None:
    lint(project)
    project.pkgs("install", "lint", check=True)
    farms = list(project.state.rglob("deps"))
    assert farms
    shutil.rmtree(farms[0])

    assert project.call("lint").out == "lint on jre 17.0 FOO=jre\n"


def farms(project: Project) -> list[str]:
    """Return the packages that there are link farms of."""
    return sorted(path.name.rpartition("-")[0] for path in project.state.glob("envs/**/deps/*"))


def test_link_farms_go_with_gc_when_nothing_needs_them_any_more(project: Project) -> None:
    lint(project)
    project.tool("jre", "17.0", "18.0")
    project.pkgs("install", "lint", check=True)
    project.pkgs("gc", check=True)
    assert farms(project) == ["jre-17.0"]
    manifest = project.root / "manifests" / "lint.hcl"
    manifest.write_text(manifest.read_text().replace("jre-17.0", "jre-18.0"))
    project.pkgs("install", "lint", check=True)
    assert farms(project) == ["jre-17.0", "jre-18.0"]

    dry = project.pkgs("gc", "--dry-run", check=True)
    assert any(line.split()[:3] == ["goes", "links", "jre-17.0"] for line in dry.out.splitlines())
    assert farms(project) == ["jre-17.0", "jre-18.0"]
    project.pkgs("gc", check=True)

    assert farms(project) == ["jre-18.0"]
    assert project.call("lint").out == "lint on jre 18.0 FOO=\n"
    project.pkgs("uninstall", "lint", check=True)
    project.pkgs("gc", check=True)
    assert farms(project) == []


def test_link_farms_into_copies_and_other_places_stay_while_they_are_used(
    project: Project, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    project.tool("jre", "17.0", more="mutable = true")
    project.tool("base", "1.0", more='dest = "${HOME}/base"')
    script, needs = 'echo "$(jre) on $(base)"', 'runtime-dependencies = ["jre-17.0", "base-1.0"]'
    project.tool("lint", "1.0", script=script, more=needs)
    project.pkgs("install", "lint", check=True, HOME=str(home))

    project.pkgs("gc", check=True, HOME=str(home))

    assert farms(project) == ["base-1.0", "jre-17.0"]
    assert project.call("lint", HOME=str(home)).out == "jre 17.0 on base 1.0\n"
    project.pkgs("uninstall", "lint", check=True, HOME=str(home))
    project.pkgs("gc", check=True, HOME=str(home))
    assert farms(project) == []


def test_dependencies_of_dependencies_are_found(project: Project) -> None:
    project.tool("base", "1.0")
    project.tool(
        "middle", "1.0", script='echo "middle on $(base)"', more='runtime-dependencies = ["base-1.0"]'
    )
    project.tool("top", "1.0", script='echo "top on $(middle)"', more='runtime-dependencies = ["middle-1.0"]')

    project.pkgs("install", "top", check=True)

    assert project.call("top").out == "top on middle on base 1.0\n"


def test_a_circle_is_refused_by_its_names(project: Project) -> None:
    project.tool("egg", "1.0", more='runtime-dependencies = ["hen-1.0"]')
    project.tool("hen", "1.0", more='runtime-dependencies = ["egg-1.0"]')

    done = project.pkgs("install", "egg")

    assert done.status == 1
    assert "runtime dependencies go round: egg-1.0 → hen-1.0 → egg-1.0" in done.err


def test_two_versions_of_one_dependency_are_refused(project: Project) -> None:
    project.tool("base", "1.0", "2.0")
    project.tool("middle", "1.0", more='runtime-dependencies = ["base-1.0"]')
    project.tool("top", "1.0", more='runtime-dependencies = ["middle-1.0", "base-2.0"]')

    done = project.pkgs("install", "top")

    assert done.status == 1
    assert "base-1.0 and base-2.0" in done.err


def test_its_variables_beat_unrelated_packages_and_the_configuration_beats_all(project: Project) -> None:
    project.tool("other", "1.0", more='env = { FOO: "other", BAR: "other" }')
    project.tool("base", "1.0", more='env = { FOO: "base", BAR: "base" }')
    project.tool("top", "1.0", script='echo "$FOO $BAR"', more='runtime-dependencies = ["base-1.0"]')
    config = project.bin / "pkgs.hcl"
    config.write_text(config.read_text() + 'env = { BAR: "config" }\n')

    project.pkgs("install", "other", "top", check=True)

    assert project.call("top").out == "base config\n"


class TestVirtual:
    """A bare name means an installed package of that name or providing it."""

    @staticmethod
    def publish(project: Project) -> None:
        for name in ("openjdk", "azuljdk"):
            more = f'provides = ["jdk"]\nenv = {{ JAVA_HOME: "/{name}" }}'
            project.tool(name, "11.0", more=more)
        project.tool("top", "1.0", script='echo "$JAVA_HOME"', more='runtime-dependencies = ["jdk"]')

    @pytest.mark.parametrize("provider", ["openjdk", "azuljdk"])
    def test_the_installed_provider_is_used(self, project: Project, provider: str) -> None:
        self.publish(project)
        project.pkgs("install", provider, check=True)

        project.pkgs("install", "top", check=True)

        assert project.call("top").out == f"/{provider}\n"

    def test_a_provider_that_is_installed_with_it_is_used(self, project: Project) -> None:
        self.publish(project)

        project.pkgs("install", "top", "azuljdk", check=True)

        assert project.call("top").out == "/azuljdk\n"

    def test_without_a_provider_it_is_refused_by_name(self, project: Project) -> None:
        self.publish(project)

        done = project.pkgs("install", "top")

        assert done.status == 1
        assert "top-1.0 needs jdk at run time" in done.err
        assert "openjdk" in done.err
        assert not list(project.bin.glob(".*.pkg"))


def test_gc_keeps_what_installed_tools_need(project: Project) -> None:
    lint(project)
    project.pkgs("install", "lint", check=True)
    [record] = (project.state / "roots").glob("*.json")
    needed = [path for path in (project.state / "trees").glob("*.json") if "jre-17.0" in path.read_text()]

    assert Path(needed[0]).stem.removeprefix("sha256-") in record.read_text()
