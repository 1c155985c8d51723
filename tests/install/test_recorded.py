"""The tree that the lock records: what the right bytes have to come to, for install and verify alike."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pkgs.digests import digest_file
from pkgs.environment.lock import LockedArtifact, print_lock, read_lock
from pkgs.platforms import Platform
from tests.support.archives import make_tar_gz
from tests.support.mounts import filesystem
from tests.support.project import Project
from tests.support.repositories import Repository

OTHER = f"sha256:{'0' * 64}"
HERE = Platform.current()
COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


def held(project: Project, name: str) -> tuple[LockedArtifact, ...]:
    """Return what the lock says of a package on this platform."""
    return read_lock(project.lock).packages[name].artifacts[HERE]


def hold(project: Project, name: str, *artifacts: LockedArtifact) -> None:
    """Let the lock name these origins of a package."""
    lock = read_lock(project.lock)
    package = lock.packages[name]
    package = replace(package, artifacts={**package.artifacts, HERE: artifacts})
    project.lock.write_text(print_lock(lock.with_package(package)))


def record(project: Project, name: str, *trees: str) -> None:
    """Let the lock say which tree comes of each origin."""
    origins = zip(held(project, name), trees, strict=True)
    hold(project, name, *(replace(artifact, tree=tree) for artifact, tree in origins))


def fresh(project: Project) -> Project:
    """Return the same project on a machine that has nothing yet."""
    return replace(project, state=project.state.with_name("fresh"))


def accepted(project: Project) -> bool:
    """Tell whether a frozen install and verify accept what is there, without a word; they have to agree."""
    installed = project.pkgs("install", "--frozen")
    verified = project.pkgs("verify", "--deep")
    assert installed.status == verified.status, (installed, verified)
    assert "but the lock says" not in installed.err or installed.status == 1
    return installed.status == 0


class TestAnotherTree:
    """The download is right, but what came of it is not what the lock records."""

    @pytest.fixture
    def right(self, project: Project) -> str:
        """Let the lock record another tree than comes of the download; return the one that does."""
        project.tool("jot", "1.0.0")
        project.pkgs("install", "jot", check=True)
        [artifact] = held(project, "jot-1.0.0")
        record(project, "jot-1.0.0", OTHER)
        return artifact.tree

    @pytest.mark.parametrize("ci", [False, True])
    def test_it_is_an_error_when_frozen(self, project: Project, right: str, ci: bool) -> None:
        before = project.lock.read_bytes()

        done = fresh(project).pkgs("install", CI="true") if ci else project.pkgs("install", "--frozen")

        assert done.status == 1
        assert f"error: jot-1.0.0 has the tree {right}, but the lock says {OTHER}" in done.err
        assert "pkgs verify --deep" in done.err
        assert project.lock.read_bytes() == before

    def test_a_call_in_ci_refuses_it_too(self, project: Project, right: str) -> None:
        done = fresh(project).call("jot", CI="true")

        assert (done.status, done.out) == (1, "")
        assert f"the tree {right}, but the lock says {OTHER}" in done.err

    def test_verify_names_both(self, project: Project, right: str) -> None:
        done = project.pkgs("verify")

        assert done.status == 1
        assert f"its digest is {right}, the lock says {OTHER}" in done.out

    def test_making_it_again_in_ci_is_no_repair(self, project: Project, right: str) -> None:
        done = project.pkgs("verify", "--repair", CI="true")

        assert done.status == 1
        assert f"it cannot be repaired: jot-1.0.0 has the tree {right}" in done.out

    def test_otherwise_it_is_a_warning_and_recorded(self, project: Project, right: str) -> None:
        done = project.pkgs("install", check=True)

        assert f"warning: jot-1.0.0 has the tree {right}, but the lock says {OTHER}" in done.err
        assert [each.tree for each in held(project, "jot-1.0.0")] == [right]
        assert accepted(project)

    def test_what_the_hint_says_accepts_it_in_ci(self, project: Project, right: str) -> None:
        hint = project.pkgs("install", CI="true").err.partition("hint: ")[2]
        assert f"on {HERE}, run: pkgs install --no-frozen" in hint

        project.pkgs("install", "--no-frozen", check=True, CI="true")

        assert [each.tree for each in held(project, "jot-1.0.0")] == [right]
        project.pkgs("install", check=True, CI="true")

    def test_what_was_seen_can_be_forgotten(self, project: Project, right: str) -> None:
        project.pkgs("lock", "--update", "jot", check=True)

        assert [each.tree for each in held(project, "jot-1.0.0")] == [""]
        assert accepted(project)

    def test_a_manifest_that_makes_another_tree_is_told_apart_from_the_lock(self, project: Project) -> None:
        project.tool("ink", "1.0.0")
        project.pkgs("install", "ink", check=True)
        project.tool("ink", "1.0.0", more='on "unpack" {\n mkdir {\n dir = "${root}/new"\n}\n}')

        assert not accepted(project)
        project.pkgs("install", check=True)
        assert accepted(project)


class TestOrigins:
    """Several origins of one package."""

    def offer(self, project: Project, second: str, more: str = "") -> str:
        """Install a package with two origins of the same bytes; return its tree.

        ``second`` is the path of the second, and ``more`` says how it is unpacked in another way.
        """
        files = {"ink": b"#!/bin/sh\necho top\n", "a/ink": b"#!/bin/sh\necho below\n"}
        archive = make_tar_gz(project.root / "dist" / "ink.tar.gz", files)
        other = project.root / "dist" / second
        other.parent.mkdir(exist_ok=True)
        shutil.copy(archive, other)
        digest = f'sha256 = "{digest_file(archive).hex}"'
        (project.root / "manifests" / "ink.hcl").write_text(
            f'description = "ink"\nbinaries = ["ink"]\nstrip = 1\nsource = "{archive.as_uri()}"\n{digest}\n'
            f'alternative {{\n source = "{other.as_uri()}"\n {digest}\n {more}\n}}\nversion "1" {{}}\n'
        )
        project.pkgs("install", "ink", check=True)
        return held(project, "ink-1")[0].tree

    @pytest.mark.parametrize(
        ("first", "second"),
        [("", "right"), ("", "wrong"), ("right", ""), ("wrong", ""), ("wrong", "right")],
    )
    def test_same_bytes_are_one_tree_wherever_they_are_from(
        self, project: Project, first: str, second: str
    ) -> None:
        trees = {"": "", "right": self.offer(project, "mirror/ink.tar.gz"), "wrong": OTHER}

        record(project, "ink-1", trees[first], trees[second])

        assert accepted(project) == ("right" in (first, second))

    def test_what_was_seen_with_another_origin_is_made_good(self, project: Project) -> None:
        right = self.offer(project, "mirror/ink.tar.gz")
        record(project, "ink-1", OTHER, "")
        (project.root / "dist" / "ink.tar.gz").unlink()
        machine = fresh(project)
        assert machine.pkgs("install", "--frozen").status == 1

        machine.pkgs("install", check=True)

        assert right in [each.tree for each in held(project, "ink-1")]
        assert accepted(machine)

    @pytest.mark.parametrize(
        ("second", "more"), [("mirror/ink.tar.gz", "strip = 0"), ("other.tar.gz", "")], ids=["strip", "name"]
    )
    def test_same_bytes_unpacked_in_another_way_may_be_another_tree(
        self, project: Project, second: str, more: str
    ) -> None:
        right = self.offer(project, second, more)

        record(project, "ink-1", right, OTHER)
        assert accepted(project)
        record(project, "ink-1", OTHER, right)
        assert not accepted(project)

    def test_commits_are_told_apart(self, project: Project) -> None:
        gone, made = (
            Repository.make(project.root / "dist" / f"{name}.git", {"ink": f"#!/bin/sh\necho {name}\n"})
            for name in ("gone", "made")
        )
        (project.root / "manifests" / "ink.hcl").write_text(
            f'description = "ink"\nbinaries = ["ink"]\nsource = "{made.uri}"\n'
            f'alternative {{\n source = "{gone.uri}"\n}}\nversion "1" {{}}\n'
        )
        project.pkgs("install", "ink", check=True)
        [artifact] = held(project, "ink-1")
        other = replace(artifact, url=gone.uri, commit=gone.head, tree=OTHER)
        shutil.rmtree(project.root / "dist" / "gone.git")

        hold(project, "ink-1", other, artifact)
        assert accepted(fresh(project))
        hold(project, "ink-1", other, replace(artifact, tree=OTHER))
        assert not accepted(project)


@pytest.mark.parametrize("script", ["echo > made", "pwd > made"])
def test_what_programs_made_is_another_tree_on_each_machine(project: Project, script: str) -> None:
    run = f'run {{\n cmd = "/bin/sh"\n args = ["-c", "{script}"]\n dir = "${{root}}"\n}}'
    project.tool("ink", "1.0.0", more=f'on "unpack" {{\n{run}\n}}')
    project.pkgs("install", "ink", check=True)
    record(project, "ink-1.0.0", OTHER)
    before = project.lock.read_bytes()

    assert accepted(project)
    done = fresh(project).pkgs("install", check=True)
    assert "but the lock says" not in done.err
    assert project.lock.read_bytes() == before


class TestAccents:
    """A file system that spells names in its own way, as HFS+ does."""

    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[Path]:
        (tmp_path / "backing").mkdir()
        with filesystem(tmp_path / "backing", tmp_path / "disk", "decomposing"):
            yield tmp_path / "disk"

    def install(self, project: Project, *names: str) -> None:
        files = {f"ink/{name}": b"x" for name in names} | {"ink/bin/ink": b"#!/bin/sh\necho ink\n"}
        archive = make_tar_gz(project.root / "dist" / "ink-1.0.0.tar.gz", files)
        project.manifest("ink", ["1.0.0"], {archive: digest_file(archive).hex})
        project.pkgs("install", "ink", check=True)

    @pytest.mark.parametrize("moved", [True, False], ids=["to it", "from it"])
    def test_the_tree_is_the_same_but_for_the_spelling(
        self, project: Project, disk: Path, moved: bool
    ) -> None:
        there = replace(project, state=disk / "state")
        first, second = (project, there) if moved else (there, project)
        # Composed, the accent comes after the f, decomposed before it.
        self.install(first, f"{COMPOSED}/{COMPOSED}", "caff/x")
        before = project.lock.read_bytes()

        done = second.pkgs("install", check=True)
        assert "but the lock says" not in done.err
        assert project.lock.read_bytes() == before
        assert accepted(second)
        assert held(project, "ink-1.0.0")[0].tree in tree_digests(first)
        assert held(project, "ink-1.0.0")[0].tree not in tree_digests(second)

    def test_other_content_is_no_spelling(self, project: Project, disk: Path) -> None:
        self.install(project, COMPOSED)
        record(project, "ink-1.0.0", OTHER)

        assert not accepted(replace(project, state=disk / "state"))


def tree_digests(project: Project) -> str:
    return "".join(path.read_text() for path in (project.state / "trees").glob("*.json")).replace(
        '"tree": "', '"tree": "sha256:'
    )


def test_one_archive_serves_two_packages_whose_programs_it_does_not_let_run(project: Project) -> None:
    tools = ("ink", "jot")
    files = {f"bin/{name}": f"#!/bin/sh\necho {name}\n".encode() for name in tools}
    archive = make_tar_gz(project.root / "dist" / "both-1.0.0.tar.gz", files, mode=0o644)
    for name in tools:
        manifest = project.remote(name, archive.as_uri(), digest_file(archive).hex)
        manifest.write_text(manifest.read_text().replace("strip = 1\n", ""))
        project.pkgs("install", name, check=True)

    for there in (project, fresh(project)):
        there.pkgs("install", "--frozen", check=True)
        for exe in (str(there.exe), "/bin/false"):
            assert [there.call(name, PKGS_EXE=exe).out for name in tools] == ["ink\n", "jot\n"]
        assert there.pkgs("verify", "--deep").out == "whole\tink-1.0.0\nwhole\tjot-1.0.0\n"
