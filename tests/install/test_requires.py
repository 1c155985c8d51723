"""Requirements: installed in one transaction, and gone with the last package that needs them."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from pkgs.store.files import remove_tree
from tests.support.project import Project


def locked(project: Project) -> dict[str, Any]:
    packages: dict[str, Any] = tomllib.loads(project.lock.read_text()).get("package", {})
    return packages


def pinned(project: Project) -> list[str]:
    return sorted(path.name[1:-4] for path in project.bin.glob(".*.pkg"))


def jdks(project: Project) -> None:
    """Publish two packages that provide a jdk, and a tool that requires one."""
    project.tool("openjdk", "11.0", "17.0", more='provides = ["jdk"]')
    project.tool("azuljdk", "11.1", more='provides = ["jdk"]')
    project.tool("gradle", "8.0", more='requires = ["jdk"]')


def test_a_requirement_is_met_by_what_is_selected_with_it(project: Project) -> None:
    jdks(project)

    project.pkgs("install", "openjdk-11.0", "gradle", check=True)

    assert pinned(project) == ["gradle-8.0", "openjdk-11.0"]
    assert "automatic" not in locked(project)["openjdk-11.0"]


def test_a_requirement_selects_the_provider_that_is_named(project: Project) -> None:
    jdks(project)

    project.pkgs("install", "gradle", "azuljdk", check=True)

    assert pinned(project) == ["azuljdk-11.1", "gradle-8.0"]


def test_a_requirement_is_met_by_what_is_pinned(project: Project) -> None:
    jdks(project)
    project.pkgs("install", "azuljdk", check=True)

    project.pkgs("install", "gradle", check=True)

    assert pinned(project) == ["azuljdk-11.1", "gradle-8.0"]


def test_several_providers_are_named_and_nothing_changes(project: Project) -> None:
    jdks(project)
    project.tool("jot", "1.0.0")

    done = project.pkgs("install", "jot", "gradle")

    assert done.status == 1
    assert "multiple packages satisfy jdk, which gradle-8.0 requires: azuljdk, openjdk" in done.err
    assert "hint: install one of them" in done.err
    assert pinned(project) == []
    assert locked(project) == {}


def test_the_only_provider_is_taken(project: Project) -> None:
    project.tool("openjdk", "11.0", more='provides = ["jdk"]')
    project.tool("gradle", "8.0", more='requires = ["jdk"]')

    done = project.pkgs("install", "gradle", check=True)

    assert "pinned openjdk-11.0" in done.err
    assert locked(project)["openjdk-11.0"]["automatic"] is True
    assert project.call("openjdk").out == "openjdk 11.0\n"


def test_a_real_package_goes_before_those_that_provide_its_name(project: Project) -> None:
    project.tool("jdk", "9.0")
    project.tool("openjdk", "11.0", more='provides = ["jdk"]')
    project.tool("gradle", "8.0", more='requires = ["jdk"]')

    project.pkgs("install", "gradle", check=True)

    assert pinned(project) == ["gradle-8.0", "jdk-9.0"]


def test_what_nothing_meets_is_said_and_nothing_changes(project: Project) -> None:
    project.tool("gradle", "8.0", more='requires = ["jdk"]')

    done = project.pkgs("install", "gradle")

    assert done.status == 1
    assert "gradle-8.0 requires jdk, which no package is or provides" in done.err
    assert pinned(project) == []


def test_one_package_that_fails_keeps_all_out_but_no_download_is_lost(project: Project) -> None:
    project.tool("jot", "1.0.0")
    project.tool("broken", "1.0.0")
    (project.root / "dist" / "broken-1.0.0.tar.gz").unlink()

    done = project.pkgs("install", "jot", "broken")

    assert done.status == 1
    assert "broken" in done.err
    assert pinned(project) == []
    (project.root / "dist" / "jot-1.0.0.tar.gz").unlink()
    project.pkgs("install", "jot", check=True)
    assert project.call("jot").out == "jot 1.0.0\n"


class TestUninstall:
    """What came as a requirement goes with the last that needs it; what the user named never does."""

    def test_the_last_that_needs_it_takes_it_along(self, project: Project) -> None:
        project.tool("openjdk", "11.0", more='provides = ["jdk"]')
        project.tool("gradle", "8.0", more='requires = ["jdk"]')
        project.tool("maven", "3.0", more='requires = ["openjdk"]')
        project.pkgs("install", "gradle", "maven", check=True)

        project.pkgs("uninstall", "gradle", check=True)
        assert pinned(project) == ["maven-3.0", "openjdk-11.0"]

        done = project.pkgs("uninstall", "maven", check=True)
        assert "removed openjdk-11.0" in done.err
        assert pinned(project) == []
        assert locked(project) == {}

    def test_a_chain_of_requirements_goes_as_a_whole(self, project: Project) -> None:
        project.tool("base", "1.0")
        project.tool("middle", "1.0", more='requires = ["base"]')
        project.tool("top", "1.0", more='requires = ["middle"]')
        project.pkgs("install", "top", check=True)
        assert pinned(project) == ["base-1.0", "middle-1.0", "top-1.0"]

        project.pkgs("uninstall", "top", check=True)

        assert pinned(project) == []

    def test_what_the_user_named_stays(self, project: Project) -> None:
        jdks(project)
        project.pkgs("install", "openjdk-11.0", "gradle", check=True)

        project.pkgs("uninstall", "gradle", check=True)

        assert pinned(project) == ["openjdk-11.0"]

    def test_what_the_user_names_later_stays(self, project: Project) -> None:
        project.tool("base", "1.0")
        project.tool("top", "1.0", more='requires = ["base"]')
        project.pkgs("install", "top", check=True)
        project.pkgs("install", "base", check=True)

        project.pkgs("uninstall", "top", check=True)

        assert pinned(project) == ["base-1.0"]

    def test_a_requirement_that_is_taken_away_is_told_of(self, project: Project) -> None:
        project.tool("base", "1.0")
        project.tool("top", "1.0", more='requires = ["base"]')
        project.pkgs("install", "top", check=True)

        done = project.pkgs("uninstall", "base", check=True)

        assert "warning: top-1.0 requires base, which is not here any more" in done.err
        assert pinned(project) == ["top-1.0"]


def test_what_only_another_platform_requires_stays(project: Project) -> None:
    project.tool("base", "1.0")
    project.tool("jot", "1.0", "2.0")
    project.tool("top", "1.0", more='requires = ["base"]')
    project.pkgs("install", "top", check=True)
    manifest = project.root / "manifests" / "top.hcl"
    manifest.write_text(
        manifest.read_text().replace('requires = ["base"]', 'darwin {\n  requires = ["base"]\n}')
    )

    project.pkgs("install", "jot-1.0", check=True)
    assert pinned(project) == ["base-1.0", "jot-1.0", "top-1.0"]

    project.pkgs("uninstall", "top", check=True)
    assert pinned(project) == ["jot-1.0"]


class TestDryRun:
    """``--dry-run`` prints what would change and changes nothing."""

    def test_install(self, project: Project) -> None:
        jdks(project)
        project.pkgs("install", "openjdk-11.0", check=True)
        before = project.lock.read_text()

        done = project.pkgs("install", "--dry-run", "openjdk-17.0", "gradle", check=True)

        assert done.out == "- openjdk-11.0\n+ gradle-8.0\n+ openjdk-17.0\n"
        assert pinned(project) == ["openjdk-11.0"]
        assert project.lock.read_text() == before

    def test_uninstall_as_json(self, project: Project) -> None:
        project.tool("base", "1.0")
        project.tool("top", "1.0", more='requires = ["base"]')
        project.pkgs("install", "top", check=True)

        done = project.pkgs("uninstall", "-n", "--json", "top", check=True)

        assert json.loads(done.out) == {"added": [], "removed": ["base-1.0", "top-1.0"], "moved": []}
        assert pinned(project) == ["base-1.0", "top-1.0"]

    def test_a_dry_run_that_would_fail_fails(self, project: Project) -> None:
        jdks(project)

        assert project.pkgs("install", "--dry-run", "gradle").status == 1


class TestCall:
    """A call makes present what the tool requires, as its variables name it."""

    @staticmethod
    def install(project: Project) -> None:
        project.tool("openjdk", "11.0", more='provides = ["jdk"]\nenv = { JAVA_HOME: "${root}" }')
        script = 'exec "$JAVA_HOME/bin/openjdk"'
        project.tool("gradle", "8.0", script=script, more='requires = ["jdk"]')
        project.pkgs("install", "gradle", check=True)

    def test_on_a_cold_store(self, project: Project) -> None:
        self.install(project)
        other = Project(project.root, project.state.with_name("fresh"), project.exe)

        assert [other.call("gradle", CI="true").out for _ in range(2)] == ["openjdk 11.0\n"] * 2

    def test_after_the_requirement_was_deleted_from_the_store(self, project: Project) -> None:
        self.install(project)
        for record in (project.state / "trees").glob("*.json"):
            if "openjdk-11.0" in record.read_text():
                remove_tree(record.with_suffix(""))

        assert project.call("gradle").out == "openjdk 11.0\n"


def test_the_list_tells_what_came_along(project: Project) -> None:
    project.tool("base", "1.0")
    project.tool("top", "1.0", more='requires = ["base"]')
    project.pkgs("install", "top", check=True)

    listed = json.loads(project.pkgs("list", "--json", check=True).out)

    assert {each["name"]: each["automatic"] for each in listed} == {"base": True, "top": False}
