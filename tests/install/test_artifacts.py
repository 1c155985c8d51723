"""What a package can be made of and where it may live, besides archives in the store."""

from __future__ import annotations

import os
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pkgs.digests import digest_file
from tests.support.archives import HARDLINK, make_tar_gz, make_zip, tar_entry, tar_of
from tests.support.project import Project
from tests.support.repositories import Repository


def locked(project: Project) -> dict[str, Any]:
    packages: dict[str, Any] = tomllib.loads(project.lock.read_text()).get("package", {})
    return packages


def publish(project: Project, name: str, text: str) -> Path:
    path = project.root / "manifests" / f"{name}.hcl"
    path.write_text(f'description = "The tool {name}"\n{text}\n')
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


class TestGit:
    """``….git#TAG``: a repository at a commit, which the lock records."""

    @pytest.fixture
    def repository(self, project: Project) -> Repository:
        made = Repository.make(project.root / "dist" / "ink.git", {"ink": "#!/bin/sh\necho ink one\n"})
        made.git("tag", "v1")
        publish(
            project, "ink", f'binaries = ["ink"]\nversion "1" {{\n  source = "{made.uri}#v${{version}}"\n}}'
        )
        return made

    def test_it_is_installed_and_its_commit_recorded_for_all_platforms(
        self, project: Project, repository: Repository
    ) -> None:
        done = project.pkgs("install", "ink", check=True)

        assert project.call("ink").out == "ink one\n"
        assert f"trusting {repository.head} on first use" in done.err
        entry = locked(project)["ink-1"]
        assert entry["linux-amd64"][0]["commit"] == repository.head
        assert entry["darwin-arm64"][0]["commit"] == repository.head
        assert "sha256" not in entry["linux-amd64"][0]
        assert project.pkgs("lock", "--check").status == 0

    def test_a_tag_that_moves_changes_nothing_for_those_who_have_the_lock(
        self, project: Project, repository: Repository
    ) -> None:
        project.pkgs("install", "ink", check=True)
        repository.commit({"ink": "#!/bin/sh\necho ink two\n"})
        repository.git("tag", "--force", "v1")
        other = Project(project.root, project.state.with_name("fresh"), project.exe)

        assert other.call("ink", CI="true").out == "ink one\n"

    def test_a_pin_made_by_hand_is_locked_at_its_commit(
        self, project: Project, repository: Repository
    ) -> None:
        (project.bin / ".ink-1.pkg").symlink_to("pkgs")

        project.pkgs("lock", check=True)

        assert locked(project)["ink-1"]["darwin-amd64"][0]["commit"] == repository.head

    def test_a_tag_that_is_not_there_is_said(self, project: Project, repository: Repository) -> None:
        repository.git("tag", "--delete", "v1")

        done = project.pkgs("install", "ink")

        assert done.status == 1
        assert "no tag or branch v1" in done.err
        assert not list(project.bin.glob(".*.pkg"))


class TestDirectory:
    """``file:`` with a directory: copied, and recorded by its content."""

    @pytest.fixture
    def directory(self, project: Project) -> Path:
        directory = project.root / "dist" / "tree"
        (directory / "bin").mkdir(parents=True)
        (directory / "bin" / "ink").write_text("#!/bin/sh\necho ink one\n")
        (directory / "bin" / "ink").chmod(0o755)
        source = "file://${env}/dist/tree"
        publish(project, "ink", f'binaries = ["bin/ink"]\nversion "1" {{\n  source = "{source}"\n}}')
        return directory

    def test_it_is_installed_and_locked(self, project: Project, directory: Path) -> None:
        project.pkgs("install", "ink", check=True)

        assert project.call("ink").out == "ink one\n"
        assert locked(project)["ink-1"]["linux-amd64"][0]["url"] == "file://${env}/dist/tree"

    def test_a_change_is_refused_until_the_lock_follows(self, project: Project, directory: Path) -> None:
        project.pkgs("install", "ink", check=True)
        (directory / "bin" / "ink").write_text("#!/bin/sh\necho ink two\n")
        other = Project(project.root, project.state.with_name("fresh"), project.exe)

        done = other.pkgs("install")
        assert done.status == 1
        assert "is not what is recorded" in done.err

        other.pkgs("lock", "--update", "ink", check=True)
        assert other.call("ink").out == "ink two\n"


def test_a_package_with_nothing_to_fetch(project: Project) -> None:
    (project.root / "manifests" / "ink.sh").write_text("#!/bin/sh\necho ink\n")
    files = 'files = { "ink.sh": "${root}/bin/ink" }'
    publish(project, "ink", f'binaries = ["bin/ink"]\n{files}\nversion "1" {{\n  source = "/"\n}}')

    project.pkgs("install", "ink", check=True)

    assert project.call("ink").out == "ink\n"
    assert project.pkgs("install", "--frozen").status == 0


def test_a_lock_that_lost_its_digest_is_refused(project: Project) -> None:
    project.tool("jot", "1.0.0")
    project.pkgs("install", "jot", check=True)
    digest = locked(project)["jot-1.0.0"]["linux-amd64"][0]["sha256"]
    project.lock.write_text(project.lock.read_text().replace(f'sha256 = "{digest}"\n', ""))

    done = project.pkgs("install")

    assert done.status == 1
    assert "has neither sha256 nor commit" in done.err


def test_a_file_that_is_not_beside_the_manifest_is_named(project: Project) -> None:
    project.tool("jot", "1.0.0", more='files = { "missing.conf": "${root}/etc/jot.conf" }')

    done = project.pkgs("install", "jot")

    assert done.status == 1
    assert "missing.conf" in done.err
    assert "env:///manifests" in done.err
    assert not list(project.bin.glob(".*.pkg"))


@pytest.mark.parametrize("to", ["/etc/jot.conf", "${root}/../jot.conf", "../../jot.conf"])
def test_a_file_stays_inside_the_package(project: Project, to: str) -> None:
    (project.root / "manifests" / "jot.conf").write_text("x")
    project.tool("jot", "1.0.0", more=f'files = {{ "jot.conf": "{to}" }}')

    done = project.pkgs("install", "jot")

    assert done.status == 1
    assert "is not inside" in done.err
    assert "bug" not in done.err


def test_a_program_that_its_archive_forgot_to_make_executable_runs(project: Project) -> None:
    archive = make_zip(
        project.root / "dist" / "ink.zip", {"ink": b"#!/bin/sh\necho ink\n", "readme": b"#!x"}, mode=0o644
    )
    publish(project, "ink", f'binaries = ["ink"]\nsource = "{archive.as_uri()}"\nversion "1" {{}}')

    project.pkgs("install", "ink", check=True)

    assert project.call("ink").out == "ink\n"
    assert not any(os.access(path, os.X_OK) for path in (project.state / "trees").glob("*/readme"))


def test_what_becomes_of_unpacked_files_is_recorded_under_all_their_names(project: Project) -> None:
    archive = project.root / "dist" / "ink.tar"
    archive.write_bytes(
        tar_of(
            tar_entry("ink", b"#!/bin/sh\necho ink\n", mode=0o644),
            tar_entry("same", kind=HARDLINK, link="ink"),
            tar_entry("ink.conf", b"theirs"),
        )
    )
    (project.root / "manifests" / "ink.conf").write_text("mine")
    more = f'source = "{archive.as_uri()}"\nfiles = {{ "ink.conf": "${{root}}/ink.conf" }}'
    publish(project, "ink", f'binaries = ["ink"]\n{more}\nversion "1" {{}}')

    project.pkgs("install", "ink", check=True)

    [tree] = (project.state / "trees").glob("*/")
    assert (tree / "ink.conf").read_text() == "mine"
    assert os.access(tree / "same", os.X_OK)
    assert project.pkgs("verify", check=True).status == 0
    assert project.pkgs("verify", "--deep", check=True).status == 0


class TestAlternatives:
    """Other archives of the same version: the next one has its turn if one cannot be unpacked."""

    BAD: ClassVar = {
        "damaged": b"\x1f\x8b\x08 this is not gzip",
        "hostile": tar_of(tar_entry("../outside", b"x")),
        "of no kind": b"<html>moved</html>",
        "empty": b"",
    }

    def publish(self, project: Project, *sources: Path, known: bool = True) -> None:
        blocks = "".join(
            f'alternative {{\n  source = "{path.as_uri()}"\n{_digest(path) if known else ""}}}\n'
            for path in sources[1:]
        )
        first = f'source = "{sources[0].as_uri()}"\n{_digest(sources[0]) if known else ""}'
        publish(project, "ink", f'binaries = ["bin/ink"]\n{first}{blocks}version "1" {{}}')

    def archive(self, project: Project, name: str, data: bytes) -> Path:
        path = project.root / "dist" / name
        path.write_bytes(data)
        return path

    def good(self, project: Project) -> Path:
        return make_tar_gz(project.root / "dist" / "good.tar.gz", {"bin/ink": b"#!/bin/sh\necho ink\n"})

    @pytest.mark.parametrize("known", [True, False])
    @pytest.mark.parametrize("kind", BAD)
    def test_what_cannot_be_unpacked_is_told_of_and_the_next_one_used(
        self, project: Project, kind: str, known: bool
    ) -> None:
        bad = self.archive(project, "bad.tar.gz", self.BAD[kind])
        self.publish(project, bad, self.good(project), known=known)

        done = project.pkgs("install", "ink", check=True)

        assert project.call("ink").out == "ink\n"
        [warning] = [line for line in done.err.splitlines() if "trying the next origin" in line]
        assert warning.startswith("pkgs: warning: ink-1: cannot unpack bad.tar.gz: ")
        assert warning.endswith(f"(it is {bad.as_uri()}); trying the next origin")
        [unpacked] = [each for each in locked(project)["ink-1"]["linux-amd64"] if each.get("tree")]
        assert unpacked["url"].endswith("good.tar.gz")

    def test_it_matters_not_which_of_them_is_here_already(self, project: Project) -> None:
        bad = self.archive(project, "bad.tar.gz", self.BAD["damaged"])
        good = self.good(project)
        self.publish(project, bad)
        assert project.pkgs("install", "ink").status == 1
        self.publish(project, good, bad)

        project.pkgs("install", "ink", check=True)

        assert project.call("ink").out == "ink\n"

    def test_a_git_repository_may_be_the_next(self, project: Project) -> None:
        bad = self.archive(project, "bad.tar.gz", self.BAD["damaged"])
        made = Repository.make(project.root / "dist" / "ink.git", {"bin/ink": "#!/bin/sh\necho git\n"})
        more = f'alternative {{\n  source = "{made.uri}"\n}}\n'
        source = f'source = "{bad.as_uri()}"\n{_digest(bad)}{more}'
        publish(project, "ink", f'binaries = ["bin/ink"]\n{source}version "1" {{}}')

        project.pkgs("install", "ink", check=True)

        assert project.call("ink").out == "git\n"

    def test_when_all_fail_each_is_named_with_its_reason(self, project: Project) -> None:
        paths = [self.archive(project, f"{n}.tgz", data) for n, data in enumerate(self.BAD.values())]
        missing = self.archive(project, "missing.tgz", b"x")
        self.publish(project, *paths, missing)
        missing.unlink()

        done = project.pkgs("install", "ink")

        assert done.status == 1
        told = done.err.partition("error: ")[2]
        assert all(path.name in told for path in (*paths, missing))
        assert "it is not an archive" in told
        assert "outside" in told
        assert not list(project.bin.glob(".*.pkg"))


def _digest(path: Path) -> str:
    return f'sha256 = "{digest_file(path).hex}"\n'


class TestMutable:
    """``mutable``: the environment has a writable copy of its own."""

    SCRIPT = 'd=$(dirname "$0"); echo x >> "$d/count"; echo $(wc -l < "$d/count")'

    def test_the_tool_can_change_itself_and_the_store_stays(self, project: Project) -> None:
        project.tool("ink", "1", script=self.SCRIPT, more="mutable = true")
        project.pkgs("install", "ink", check=True)

        assert [project.call("ink").out for _ in range(2)] == ["1\n", "2\n"]
        assert not list((project.state / "trees").glob("*/bin/count"))

    def test_the_copy_goes_with_the_package(self, project: Project) -> None:
        project.tool("ink", "1", script=self.SCRIPT, more="mutable = true")
        project.pkgs("install", "ink", check=True)
        project.call("ink")

        project.pkgs("uninstall", "ink", check=True)
        project.pkgs("install", "ink", check=True)

        assert project.call("ink").out == "1\n"


class TestSameBytes:
    """Packages that are made of the same bytes cost the disk once, and a copy that changes itself its own."""

    SIZE = 2_000_000

    @pytest.fixture
    def big(self, project: Project) -> Path:
        files = {"big/bin/ink": b"#!/bin/sh\necho ink\n", "big/data": os.urandom(self.SIZE)}
        return make_tar_gz(project.root / "dist" / "big.tar.gz", files)

    def offer(self, project: Project, name: str, archive: Path, more: str = "") -> None:
        source = f'source = "{archive.as_uri()}"\n{_digest(archive)}strip = 1\n'
        publish(project, name, f'binaries = ["bin/{name}"]\n{source}{more}\nversion "1" {{}}')

    def renamed(self, name: str) -> str:
        rename = f'rename {{\n from = "${{root}}/bin/ink"\n to = "${{root}}/bin/{name}"\n}}'
        return f'on "unpack" {{\n{rename}\n}}'

    def trees(self, project: Project) -> int:
        words = ["du", "-s", "--block-size=1", str(project.state / "trees")]
        return int(project.run(words, check=True).out.split()[0])

    def test_packages_that_differ_in_name_or_in_how_they_are_unpacked(
        self, project: Project, big: Path
    ) -> None:
        self.offer(project, "ink", big)
        project.pkgs("install", "ink", check=True)
        once = self.trees(project)
        assert once > self.SIZE

        other = big.with_name("other.tar.gz")
        other.write_bytes(big.read_bytes())
        self.offer(project, "pen", other, self.renamed("pen"))
        self.offer(project, "nib", big, self.renamed("nib"))
        project.pkgs("install", "pen", "nib", check=True)

        assert len(list((project.state / "trees").glob("*.json"))) == 3
        assert self.trees(project) - once < 200_000
        assert {project.call(tool).out for tool in ("ink", "pen", "nib")} == {"ink\n"}
        assert project.pkgs("verify", "--deep").status == 0

    def test_damage_is_repaired_in_each(self, project: Project, big: Path) -> None:
        self.offer(project, "ink", big)
        self.offer(project, "nib", big, self.renamed("nib"))
        project.pkgs("install", "ink", "nib", check=True)
        [data, other] = (project.state / "trees").glob("*/data")
        assert data.stat().st_ino == other.stat().st_ino
        data.chmod(0o644)
        data.write_bytes(b"damaged")

        assert project.pkgs("verify").status == 1
        project.pkgs("verify", "--repair", check=True)

        assert project.pkgs("verify", "--deep").status == 0


class TestDest:
    """``dest``: where the manifest wants the package to be, if the user's directories hold that."""

    def test_it_is_a_link_into_the_store(self, project: Project, home: Path) -> None:
        more = 'dest = "${HOME}/sdk/ink-${version}"\nenv = { INK_HOME: "${dest}" }'
        project.tool("ink", "1", script='echo "$INK_HOME $0"', more=more)

        project.pkgs("install", "ink", check=True, HOME=str(home))

        dest = home / "sdk" / "ink-1"
        assert dest.is_symlink()
        assert project.call("ink", HOME=str(home)).out == f"{dest} {dest}/bin/ink\n"

    def test_it_comes_back_when_it_is_removed(self, project: Project, home: Path) -> None:
        project.tool("ink", "1", more='dest = "${HOME}/ink"')
        project.pkgs("install", "ink", check=True, HOME=str(home))
        (home / "ink").unlink()

        assert project.call("ink", HOME=str(home)).out == "ink 1\n"

    def test_an_unpack_trigger_acts_in_the_package(self, project: Project, home: Path) -> None:
        trigger = 'on "unpack" {\n  symlink {\n    from = "ink"\n    to = "${root}/bin/ink2"\n  }\n}'
        project.tool("ink", "1", more=f'dest = "${{HOME}}/ink"\n{trigger}')

        project.pkgs("install", "ink", check=True, HOME=str(home))

        assert (home / "ink" / "bin" / "ink2").is_symlink()

    @pytest.mark.parametrize("dest", ["/opt/ink", "${HOME}/../ink", "${HOME}"])
    def test_it_is_refused_elsewhere(self, project: Project, home: Path, dest: str) -> None:
        project.tool("ink", "1", more=f'dest = "{dest}"')

        done = project.pkgs("install", "ink", HOME=str(home))

        assert done.status == 1
        assert "pkgs: error: ink-1 " in done.err
        assert "is outside of" in done.err
        assert not list(project.bin.glob(".*.pkg"))

    def test_it_goes_with_the_package(self, project: Project, home: Path) -> None:
        project.tool("ink", "1", more='dest = "${HOME}/sdk/ink-${version}"')
        project.pkgs("install", "ink", check=True, HOME=str(home))

        project.pkgs("uninstall", "ink", check=True, HOME=str(home))

        assert not list((home / "sdk").iterdir())

    def test_the_old_one_goes_at_an_upgrade(self, project: Project, home: Path) -> None:
        project.tool("ink", "1.0", "1.1", more='dest = "${HOME}/sdk/ink-${version}"')
        project.pkgs("install", "ink-1.0", check=True, HOME=str(home))

        project.pkgs("upgrade", "ink", check=True, HOME=str(home))

        assert [path.name for path in (home / "sdk").iterdir()] == ["ink-1.1"]
        assert project.call("ink", HOME=str(home)).out == "ink 1.1\n"

    def test_it_stays_while_another_environment_uses_it(self, project: Project, home: Path) -> None:
        project.tool("ink", "1", more='dest = "${HOME}/ink"')
        other = replace(project, root=project.root.with_name("other"))
        shutil.copytree(project.root, other.root, symlinks=True)
        for each in (project, other):
            each.pkgs("install", "ink", check=True, HOME=str(home))

        project.pkgs("uninstall", "ink", check=True, HOME=str(home))
        assert other.call("ink", HOME=str(home)).out == "ink 1\n"
        assert (home / "ink").is_symlink()

        other.pkgs("uninstall", "ink", check=True, HOME=str(home))
        assert not os.path.lexists(home / "ink")

    def test_it_goes_with_gc_once_its_environment_is_gone(self, project: Project, home: Path) -> None:
        project.tool("ink", "1", more='dest = "${HOME}/ink"')
        project.pkgs("install", "ink", check=True, HOME=str(home))
        shutil.rmtree(project.bin)
        dry = project.pkgs("gc", "--dry-run", HOME=str(home), check=True)
        assert str(home / "ink") in dry.out
        assert (home / "ink").is_symlink()

        project.pkgs("gc", check=True, HOME=str(home))

        assert not os.path.lexists(home / "ink")

    def test_it_goes_with_an_install_that_fails(self, project: Project, home: Path) -> None:
        project.tool("ink", "1", more='dest = "${HOME}/ink"')
        project.tool("bad", "1")
        (project.root / "dist" / "bad-1.tar.gz").unlink()

        done = project.pkgs("install", "ink", "bad", HOME=str(home))

        assert done.status == 1
        assert not os.path.lexists(home / "ink")

    @pytest.mark.parametrize("kind", ["link", "directory", "file"])
    def test_what_the_user_put_in_its_place_stays(self, project: Project, home: Path, kind: str) -> None:
        project.tool("ink", "1", more='dest = "${HOME}/ink"')
        project.pkgs("install", "ink", check=True, HOME=str(home))
        (home / "ink").unlink()
        if kind == "link":
            (home / "ink").symlink_to(home)
        elif kind == "directory":
            (home / "ink").mkdir()
        else:
            (home / "ink").write_text("mine")

        project.pkgs("uninstall", "ink", check=True, HOME=str(home))
        project.pkgs("gc", check=True, HOME=str(home))

        assert os.path.lexists(home / "ink")

    def test_what_is_there_already_is_kept(self, project: Project, home: Path) -> None:
        (home / "ink").mkdir()
        (home / "ink" / "own").write_text("mine")
        project.tool("ink", "1", more='dest = "${HOME}/ink"')

        done = project.pkgs("install", "ink", HOME=str(home))

        assert done.status == 1
        assert "where something else is" in done.err
        assert (home / "ink" / "own").read_text() == "mine"


class TestUnsupported:
    """A pinned package that has nothing for this platform."""

    @pytest.fixture
    def elsewhere(self, project: Project) -> Project:
        project.tool("jot", "1.0.0")
        project.pkgs("install", "jot", check=True)
        text = 'binaries = ["x"]\ndarwin {\n  source = "https://example.invalid/x.tgz"\n}\nversion "1" {}'
        publish(project, "mac", text)
        (project.bin / ".mac-1.pkg").symlink_to("pkgs")
        return project

    def test_it_is_left_out_with_a_warning(self, elsewhere: Project) -> None:
        done = elsewhere.pkgs("install", check=True)

        assert "warning: mac-1 is left out" in done.err
        assert elsewhere.call("jot").out == "jot 1.0.0\n"

    def test_it_is_refused_when_named(self, elsewhere: Project) -> None:
        done = elsewhere.pkgs("install", "mac")

        assert done.status == 1
        assert "has no source for linux" in done.err

    def test_it_is_refused_when_frozen(self, elsewhere: Project) -> None:
        assert elsewhere.pkgs("install", "--frozen").status == 1
