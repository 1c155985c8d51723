"""``update``, ``search`` and ``info`` as a user calls them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pkgs.environment.lock import read_lock
from pkgs.platforms import PLATFORMS, Platform
from tests.support.project import Project, Run
from tests.support.repositories import Repository, small_manifest


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.make(tmp_path / "project", tmp_path / "state")


@pytest.fixture
def repository(tmp_path: Path, project: Project) -> Repository:
    """Return a repository with the manifest of ``tool``, the only source of the project."""
    project.tool("tool", "1.0", "2.0")
    text = (project.root / "manifests/tool.hcl").read_text()
    repository = Repository.make(tmp_path / "remote/tools.git", {"tool.hcl": text})
    _configure(project, repository.uri)
    return repository


def _configure(project: Project, *sources: str) -> None:
    (project.bin / "pkgs.hcl").write_text(f"sources = {json.dumps(sources)}\n")


def _json(run: Run) -> Any:
    assert run.status == 0, run.err
    return json.loads(run.out)


def _commits(project: Project) -> dict[str, str]:
    return {source.uri: source.commit for source in read_lock(project.lock).sources}


def test_installing_records_the_commit_and_every_machine_reads_that(
    project: Project, repository: Repository, tmp_path: Path
) -> None:
    old = repository.head
    project.pkgs("install", "tool", check=True)
    repository.commit({"tool.hcl": small_manifest("tool", "9.0")})

    elsewhere = Project(project.root, tmp_path / "other-state", project.exe)

    assert _commits(project)[repository.uri] == old
    assert elsewhere.call("tool").out == "tool 2.0\n"
    assert _json(elsewhere.pkgs("info", "tool-2.0", "--json"))[0]["manifest_commit"] == old


def test_update_moves_the_lock_and_a_failure_leaves_it(project: Project, repository: Repository) -> None:
    project.pkgs("install", "tool-1.0", check=True)
    old = repository.head
    text = (repository.path / "tool.hcl").read_text()
    new = repository.commit({"tool.hcl": text, "more.hcl": small_manifest("more")})
    assert project.pkgs("info", "more").status == 1

    updated = _json(project.pkgs("update", "--json"))

    assert [(each["before"], each["after"]) for each in updated if each["after"]] == [(old, new)]
    assert _commits(project)[repository.uri] == new
    assert project.pkgs("info", "more").status == 0
    assert project.call("tool").out == "tool 1.0\n"
    repository.path.rename(repository.path.with_name("gone"))
    failed = project.pkgs("update")
    assert failed.status == 0
    assert f"stays at {new[:12]}" in failed.err
    assert _commits(project)[repository.uri] == new


def test_update_fails_where_nothing_can_be_read(project: Project, repository: Repository) -> None:
    shutil.rmtree(repository.path)

    run = project.pkgs("update")

    assert run.status == 1
    assert "not to be had" in run.err


def test_update_is_refused_where_the_lock_is_frozen(project: Project, repository: Repository) -> None:
    project.pkgs("install", "tool", check=True)
    old = repository.head
    repository.commit({"more.hcl": small_manifest("more")})

    run = project.pkgs("update", CI="true")

    assert run.status == 1
    assert "frozen" in run.err
    assert _commits(project)[repository.uri] == old


def test_update_outside_an_environment_says_that_there_is_nothing_to_refresh(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()

    run = project.run([project.exe, "update"], cwd=tmp_path / "elsewhere")

    assert run.status == 1
    assert f"there is no environment in {tmp_path}/elsewhere or above, so no source to refresh" in run.err
    assert "manifests that come with it" in run.err


def test_offline_works_with_what_is_there(project: Project, repository: Repository) -> None:
    project.pkgs("install", "tool", check=True)
    shutil.rmtree(repository.path)

    assert project.pkgs("--offline", "search", "tool").status == 0
    assert project.pkgs("--offline", "info", "tool").status == 0


def test_a_missing_directory_is_a_warning(project: Project) -> None:
    _configure(project, "env:///none", "env:///manifests")
    project.tool("tool", "1.0")

    run = project.pkgs("install", "tool")

    assert run.status == 0
    assert "env:///none" in run.err


def test_search_as_text_short_and_json(project: Project) -> None:
    project.tool("hammer", *(f"1.{n}" for n in range(8)))
    project.manifest("mallet", ["1.0"], {}, 'provides = ["striker"]\n')
    project.pkgs("install", "hammer-1.3", check=True)

    assert project.pkgs("search", "ham").out == (
        "hammer (…, 1.3, 1.4, 1.5, 1.6, 1.7, @latest)\n  The tool hammer\n"
    )
    assert project.pkgs("search", "-s", "mallet").out.split() == ["mallet-1.0", "mallet@latest", "mallet@1"]
    found = _json(project.pkgs("search", "--json", "^hammer$"))
    assert [(each["name"], each["current_version"], each["binaries"]) for each in found] == [
        ("hammer", "1.3", ["hammer"])
    ]
    assert found[0]["versions"][0] == "1.0"
    assert "@latest" in found[0]["channels"]
    assert found[0]["source"] == "env:///manifests"
    assert _json(project.pkgs("search", "--json", "-e", "striker"))[0]["name"] == "mallet"
    assert project.pkgs("search", "-e", "hamm").out == ""
    assert project.pkgs("search", "(").status == 2


def test_search_marks_what_this_platform_cannot_have(project: Project) -> None:
    here = Platform.current()
    others = [str(each) for each in PLATFORMS if each != here]
    for name, platforms in (("hammer", others), ("mallet", [str(here)])):
        (project.root / "manifests" / f"{name}.hcl").write_text(
            f'description = "A tool"\nbinaries = ["{name}"]\nversion "1.0" {{}}\n'
            + "".join(f'platform "{each}" {{ source = "x" }}\n' for each in platforms)
        )
    (project.root / "manifests" / "nail.hcl").write_text("broken tool")

    shown = project.pkgs("search", "tool|broken|nail").out
    found = _json(project.pkgs("search", "--json", "^(hammer|mallet)$"))

    assert f"hammer (1.0, @latest), not for {here}\n  A tool\n" in shown
    assert "mallet (1.0, @latest)\n  A tool\n" in shown
    assert "nail\n  broken: " in shown
    assert [each["platforms"] for each in found] == [others, [str(here)]]


def test_info_tells_states_shadows_and_providers(project: Project, tmp_path: Path) -> None:
    project.tool("hammer", "1.0", "2.0")
    project.manifest("mallet", ["1.0"], {}, 'provides = ["striker"]\n')
    other = tmp_path / "other"
    other.mkdir()
    (other / "hammer.hcl").write_text(small_manifest("hammer"))
    _configure(project, "env:///manifests", other.as_uri())

    remote = _json(project.pkgs("info", "hammer", "--json"))[0]
    project.pkgs("install", "hammer-1.0", check=True)
    pinned = _json(project.pkgs("info", "hammer", "--json"))[0]
    newest = _json(project.pkgs("info", "hammer-2.0", "--json"))[0]

    assert (remote["state"], remote["version"]) == ("remote", "2.0")
    assert (pinned["state"], pinned["version"], pinned["tools"]) == ("installed", "1.0", ["hammer"])
    assert (newest["state"], newest["version"]) == ("remote", "2.0")
    assert pinned["shadows"] == [{"manifest": f"{other}/hammer.hcl", "source": other.as_uri()}]
    assert f"{other}/hammer.hcl" in project.pkgs("info", "hammer").out
    assert _json(project.pkgs("info", "striker", "--json"))[0]["name"] == "mallet"


def test_info_follows_a_changed_manifest_at_once(project: Project) -> None:
    project.tool("hammer", "1.0")
    before = _json(project.pkgs("info", "hammer", "--json"))[0]["version"]
    project.tool("hammer", "1.0", "1.1")

    assert (before, _json(project.pkgs("info", "hammer", "--json"))[0]["version"]) == ("1.0", "1.1")


def test_info_of_an_unknown_name_offers_the_nearest(project: Project) -> None:
    project.tool("hammer", "1.0")

    run = project.pkgs("info", "hamer")

    assert run.status == 1
    assert "did you mean hammer?" in run.err


def test_info_of_an_installed_package_stays_true_when_it_is_kept(project: Project) -> None:
    project.tool("hammer", "1.0", "2.0")
    project.pkgs("install", "hammer-1.0", check=True)

    def states() -> list[tuple[str, str]]:
        """Ask twice: the second answer may be a kept one."""
        documents = [_json(project.pkgs("info", "hammer", "--json"))[0] for _ in range(2)]
        return [(each["version"], each["state"]) for each in documents]

    assert states() == [("1.0", "installed")] * 2
    project.pkgs("install", "hammer-2.0", check=True)
    assert states() == [("2.0", "installed")] * 2
    for path in sorted((project.state / "trees").iterdir()):
        path.chmod(0o700)
        path.rename(path.with_name(f"gone-{path.name}"))
    assert states() == [("2.0", "remote")] * 2
