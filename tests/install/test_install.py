"""Installing, as a user does it: the command, real archives, and what is left behind."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pkgs.digests import digest_file
from tests.support.archives import make_tar_gz
from tests.support.project import Project
from tests.support.repositories import Repository
from tests.support.server import Reply, Server, serving


def locked(project: Project) -> dict[str, Any]:
    packages: dict[str, Any] = tomllib.loads(project.lock.read_text()).get("package", {})
    return packages


def snapshot(project: Project) -> dict[str, str]:
    """Return everything in the environment's directory: links by target, files by content."""
    return {
        path.name: str(path.readlink()) if path.is_symlink() else path.read_text()
        for path in sorted(project.bin.iterdir())
    }


def test_install_pins_links_locks_and_makes_present(project: Project) -> None:
    project.tool("jot", "1.0.0", "1.2.0")

    done = project.pkgs("install", "jot", check=True)

    assert "pinned jot-1.2.0" in done.err
    assert done.out == ""
    assert str((project.bin / "jot").readlink()) == ".jot-1.2.0.pkg"
    assert str((project.bin / ".jot-1.2.0.pkg").readlink()) == "pkgs"
    assert project.call("jot", "a b", "c").out == "jot 1.2.0 a b c\n"
    entry = locked(project)["jot-1.2.0"]
    archive = project.root / "dist" / "jot-1.2.0.tar.gz"
    assert entry["linux-amd64"][0]["url"] == archive.as_uri()
    assert entry["darwin-arm64"][0]["size"] == archive.stat().st_size
    assert entry["linux-amd64"][0]["provenance"] == "manifest"


def test_install_without_names_makes_all_pins_present(project: Project) -> None:
    project.tool("jot", "1.0.0")
    project.tool("tittle", "2.0.0")
    project.pkgs("install", "jot", "tittle", check=True)
    other = Project(project.root, project.state.with_name("fresh"), project.exe)

    done = other.pkgs("install", "--json", check=True)

    assert {each["reference"] for each in json.loads(done.out)} == {"jot-1.0.0", "tittle-2.0.0"}
    assert all(Path(each["tree"]).is_dir() for each in json.loads(done.out))


def test_another_version_takes_the_place_of_the_first(project: Project) -> None:
    project.tool("jot", "1.0.0", "1.2.0")
    project.pkgs("install", "jot-1.0.0", check=True)

    done = project.pkgs("install", "jot-1.2.0", check=True)

    assert "removed jot-1.0.0" in done.err
    assert project.call("jot").out == "jot 1.2.0\n"
    assert set(locked(project)) == {"jot-1.2.0"}


def test_a_bare_name_that_is_pinned_keeps_its_pin(project: Project) -> None:
    project.tool("jot", "1.0.0", "1.2.0")
    project.pkgs("install", "jot-1.0.0", check=True)

    project.pkgs("install", "jot", check=True)

    assert set(locked(project)) == {"jot-1.0.0"}


def test_uninstall_removes_links_and_lock_entries_and_nothing_else(project: Project) -> None:
    project.tool("jot", "1.0.0")
    (project.bin / "own-script").write_text("mine")
    before = snapshot(project)
    project.pkgs("install", "jot", check=True)

    project.pkgs("uninstall", "jot", check=True)

    after = snapshot(project)
    assert locked(project) == {}
    assert {name: text for name, text in after.items() if name != "pkgs.lock"} == {
        name: text for name, text in before.items() if name != "pkgs.lock"
    }


def test_two_packages_that_provide_one_tool_are_refused_by_name(project: Project) -> None:
    project.tool("jot", "1.0.0")
    archive = make_tar_gz(project.root / "dist" / "ink-1.tar.gz", {"ink/bin/jot": b"#!/bin/sh\n"})
    project.manifest("ink", ["1"], {archive: ""}, more="").write_text(
        f'description = "ink"\nbinaries = ["bin/jot"]\nstrip = 1\n'
        f'source = "{archive.as_uri()}"\nversion "1" {{}}\n'
    )
    project.pkgs("install", "jot", check=True)
    before = snapshot(project)

    done = project.pkgs("install", "ink-1")

    assert done.status == 1
    assert "both ink-1 and jot-1.0.0 provide the tool 'jot'" in done.err
    assert snapshot(project) == before


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["install", "jott"], "there is no package 'jott'", "did you mean jot?"),
        (["install", "jot-9.9"], "9.9", "1.2.0"),
        (["uninstall", "tittle"], "tittle is not installed here", ""),
        (["instal", "jot"], "there is no command 'instal'", "did you mean: pkgs install"),
    ],
)
def test_what_is_unknown_is_answered_with_what_is_near(
    project: Project, words: list[str], message: str, hint: str
) -> None:
    project.tool("jot", "1.0.0", "1.2.0")
    before = snapshot(project)

    done = project.pkgs(*words)

    assert done.status in (1, 2)
    assert "pkgs: error: " in done.err
    assert message in done.err
    assert hint in done.err
    assert "Traceback" not in done.err
    assert snapshot(project) == before


def test_a_wrong_digest_names_both_and_changes_nothing(project: Project) -> None:
    project.tool("jot", "1.0.0")
    archive = project.root / "dist" / "jot-1.0.0.tar.gz"
    expected = project.root / "manifests" / "jot.hcl"
    digest = expected.read_text().split('.tar.gz": "')[1][:64]
    make_tar_gz(archive, {"jot/bin/jot": b"#!/bin/sh\necho evil\n"})
    before = snapshot(project)

    done = project.pkgs("install", "jot")

    assert done.status == 1
    assert digest in done.err
    assert "hint: " in done.err
    assert snapshot(project) == before
    assert not list((project.state / "trees").glob("sha256-*"))


def test_a_manifest_that_contradicts_the_lock_names_both_digests(project: Project) -> None:
    project.tool("jot", "1.0.0")
    project.pkgs("install", "jot", check=True)
    held = locked(project)["jot-1.0.0"]["linux-amd64"][0]["sha256"]
    manifest = project.root / "manifests" / "jot.hcl"
    manifest.write_text(manifest.read_text().replace(held, "0" * 64))

    done = project.pkgs("install")

    assert done.status == 1
    assert held in done.err
    assert "0" * 64 in done.err


class TestFrozen:
    """CI=true, or --frozen: nothing is written, and what the lock does not cover is refused."""

    def test_everything_locked_is_made_present(self, project: Project) -> None:
        project.tool("jot", "1.0.0")
        project.pkgs("install", "jot", check=True)
        before = snapshot(project)
        other = Project(project.root, project.state.with_name("fresh"), project.exe)

        other.pkgs("install", check=True, CI="true")

        assert other.call("jot", CI="true").out == "jot 1.0.0\n"
        assert snapshot(project) == before

    def test_a_new_pin_is_refused(self, project: Project) -> None:
        project.tool("jot", "1.0.0")
        before = snapshot(project)

        done = project.pkgs("install", "jot", "--frozen")

        assert done.status == 1
        assert "jot-1.0.0 cannot be pinned" in done.err
        assert snapshot(project) == before

    def test_a_pin_without_lock_is_refused_with_what_to_run(self, project: Project) -> None:
        project.tool("jot", "1.0.0", "1.2.0")
        project.pkgs("install", "jot-1.0.0", check=True)
        (project.bin / ".jot-1.0.0.pkg").rename(project.bin / ".jot-1.2.0.pkg")
        (project.bin / "jot").unlink()
        (project.bin / "jot").symlink_to(".jot-1.2.0.pkg")
        before = snapshot(project)

        done = project.pkgs("install", CI="true")

        assert done.status == 1
        assert "the lock does not cover jot-1.2.0" in done.err
        assert "hint: run: pkgs lock" in done.err
        assert snapshot(project) == before
        assert project.call("jot", CI="true").status == 1


def test_an_artifact_without_a_known_digest_is_trusted_once_and_that_is_said(project: Project) -> None:
    project.tool("jot", "1.0.0")
    manifest = project.root / "manifests" / "jot.hcl"
    manifest.write_text(manifest.read_text().partition("sha256sums")[0])

    done = project.pkgs("install", "jot", check=True)

    assert "trusting sha256:" in done.err
    entry = locked(project)["jot-1.0.0"]
    assert entry["linux-amd64"][0]["provenance"] == "first-use"
    assert set(entry["undigested"]) == {"darwin-amd64", "darwin-arm64", "linux-arm64"}


def test_the_first_tool_of_several_origins_that_can_be_had_is_used(project: Project) -> None:
    project.tool("jot", "1.0.0")
    archive = project.root / "dist" / "jot-1.0.0.tar.gz"
    spare = make_tar_gz(project.root / "dist" / "spare.tgz", {"bin/jot": b"#!/bin/sh\necho spare\n"})
    digest = digest_file(spare).hex
    manifest = project.root / "manifests" / "jot.hcl"
    alternative = f'alternative {{\n  source = "{spare.as_uri()}"\n  sha256 = "{digest}"\n  strip = 0\n}}\n'
    manifest.write_text(manifest.read_text().replace("\nversion", f"\n{alternative}version", 1))
    archive.unlink()

    done = project.pkgs("install", "jot")

    assert done.status == 0, done.err
    assert project.call("jot").out == "spare\n"
    assert [each["url"] for each in locked(project)["jot-1.0.0"]["linux-amd64"]] == [
        archive.as_uri(),
        spare.as_uri(),
    ]


def test_a_tool_called_before_it_is_installed_installs_itself_and_talks_on_stderr(project: Project) -> None:
    project.tool("jot", "1.0.0")
    project.pkgs("install", "jot", check=True)
    other = Project(project.root, project.state.with_name("fresh"), project.exe)

    first, second = other.call("jot", "x"), other.call("jot", "y")

    assert (first.out, second.out) == ("jot 1.0.0 x\n", "jot 1.0.0 y\n")
    assert "jot-1.0.0" in first.err
    assert second.err == ""


class TestLock:
    """``pkgs lock`` covers pins that were made by hand, and tells when pins and lock come apart."""

    def test_a_pin_made_by_hand_is_locked_without_installing_it(self, project: Project) -> None:
        project.tool("jot", "1.0.0")
        (project.bin / ".jot-1.0.0.pkg").symlink_to("pkgs")
        (project.bin / "jot").symlink_to(".jot-1.0.0.pkg")

        assert project.pkgs("lock", "--check").status == 1
        project.pkgs("lock", check=True)

        assert project.pkgs("lock", "--check").status == 0
        assert set(locked(project)["jot-1.0.0"]) == {
            "version", "source", "linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64",
        }  # fmt: skip
        assert not (project.state / "trees").exists()
        assert project.call("jot", CI="true").out == "jot 1.0.0\n"

    def test_platforms_without_a_known_digest_are_downloaded_and_trusted(self, project: Project) -> None:
        project.tool("jot", "1.0.0")
        manifest = project.root / "manifests" / "jot.hcl"
        manifest.write_text(manifest.read_text().partition("sha256sums")[0])
        project.pkgs("install", "jot", check=True)

        done = project.pkgs("lock", check=True)

        assert "trusting sha256:" in done.err
        assert locked(project)["jot-1.0.0"]["darwin-arm64"][0]["provenance"] == "first-use"
        assert project.pkgs("lock", "--check").status == 0

    def test_an_unfinished_platform_does_not_count_as_a_difference(self, project: Project) -> None:
        project.tool("jot", "1.0.0")
        manifest = project.root / "manifests" / "jot.hcl"
        manifest.write_text(manifest.read_text().partition("sha256sums")[0])

        project.pkgs("install", "jot", check=True)

        assert project.pkgs("lock", "--check").status == 0


def _ink(project: Project) -> Repository:
    return Repository.make(project.root / "dist" / "ink.git", {"bin/ink": "#!/bin/sh\necho ink\n"})


def _publish_ink(project: Project, source: str) -> None:
    text = f'description = "Ink"\nbinaries = ["bin/ink"]\nsource = "{source}"\nversion "1" {{}}\n'
    (project.root / "manifests" / "ink.hcl").write_text(text)


def _serve(repository: Repository, server: Server) -> str:
    """Serve a repository's files over HTTP, which is all that git needs; return its URL."""
    repository.git("update-server-info")
    files = repository.path / ".git"
    for path in files.rglob("*"):
        if path.is_file():
            server.add(f"/ink.git/{path.relative_to(files)}", Reply(path.read_bytes()))
    return server.url("/ink.git")


@pytest.mark.parametrize("by", ["tag", "commit"])
def test_offline_git_asks_no_server(project: Project, by: str) -> None:
    repository = _ink(project)
    repository.git("tag", "v1")
    ref = "v1" if by == "tag" else repository.head
    with serving() as server:
        _publish_ink(project, f"{_serve(repository, server)}#{ref}")

        offline = project.pkgs("install", "--offline", "ink")

        assert offline.status == 1
        assert "pkgs is offline" in offline.err
        assert server.requests == ()
        project.pkgs("install", "ink", check=True)  # with the network there is nothing amiss
    assert project.call("ink").out == "ink\n"


def test_offline_git_reads_a_repository_of_this_machine(project: Project) -> None:
    _publish_ink(project, _ink(project).uri)

    project.pkgs("install", "--offline", "ink", check=True)

    assert project.call("ink").out == "ink\n"
