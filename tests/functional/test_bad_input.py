"""Names, manifests and archives that are wrong: a sentence, a hint, exit 1, and everything as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pkgs.digests import digest_bytes
from pkgs.platforms import Platform
from tests.functional.conftest import World
from tests.support.archives import SYMLINK, ZipEntry, make_tar_gz, tar_entry, tar_of, zip_of
from tests.support.server import Reply


class TestNames:
    def test_an_unknown_package_is_answered_with_the_nearest(self, world: World) -> None:
        world.fails("install", "jott", says="there is no package 'jott'", hint="did you mean jot?")

    def test_an_unknown_package_that_is_like_none(self, world: World) -> None:
        world.fails("install", "qqqqqq", says="there is no package 'qqqqqq'", hint="sources searched")

    def test_an_unknown_version_is_answered_with_the_newest(self, world: World) -> None:
        world.fails("install", "jot-9.9.9", says="9.9.9", hint="1.2.0")

    def test_a_name_that_is_a_path(self, world: World) -> None:
        world.fails("install", "../jot", says="../jot", hint="")

    def test_an_uninstall_of_what_is_not_there(self, world: World) -> None:
        world.fails("uninstall", "ink", says="ink is not installed here", hint="pkgs list")

    def test_one_wrong_name_among_good_ones(self, world: World) -> None:
        world.offer("ink")

        world.fails("install", "ink", "jott", says="jott", hint="did you mean jot?")

        world.recovers("ink")

    def test_a_platform_without_a_source_names_those_that_have_one(self, world: World) -> None:
        other = "darwin" if Platform.current().os == "linux" else "linux"
        path = world.project.remote("ink", "")
        path.write_text(
            path.read_text().replace('source = ""\n', f'{other} {{\n  source = "http://x.invalid/ink"\n}}\n')
        )

        done = world.fails("install", "ink", says=str(Platform.current()), hint=other)

        assert "ink-1.0.0" in done.err


class TestManifests:
    @pytest.mark.parametrize(
        ("text", "line", "says"),
        [
            ('description = "x"\nbinaries = [\n"ink"\nversion "1" {}\n', 2, "never closed"),
            ('description = "x"\nbinarys = ["ink"]\nversion "1" {}\n', 2, "binaries"),
            ('description = "x\n', 1, ""),
            ('\n\nversion "1" {\n  platform "linux" {\n', 4, ""),
        ],
    )  # fmt: skip
    def test_a_fault_is_told_with_its_line(self, world: World, text: str, line: int, says: str) -> None:
        path = world.project.root / "manifests" / "ink.hcl"
        path.write_text(text)

        done = world.fails("install", "ink", says=f"ink.hcl:{line}: ", hint="")

        assert says in done.err
        world.offer("ink")
        world.recovers("ink")

    def test_a_variable_that_is_not_known(self, world: World) -> None:
        path = world.project.remote("ink", "http://x.invalid/${vresion}")

        world.fails("install", "ink", says=f"{path}: ink-1.0.0: source", hint="did you mean ${version}?")

    def test_a_manifest_that_is_no_text(self, world: World) -> None:
        (world.project.root / "manifests" / "ink.hcl").write_bytes(b"\xff\xfe\0\0")

        world.fails("install", "ink", says="ink.hcl", hint="")

    def test_a_broken_manifest_does_not_keep_other_packages_from_being_installed(self, world: World) -> None:
        (world.project.root / "manifests" / "bad.hcl").write_text("{{{")
        world.offer("ink")

        world.recovers("ink")

    def test_a_fault_in_the_environments_configuration(self, world: World) -> None:
        config = world.project.bin / "pkgs.hcl"
        good = config.read_text()
        config.write_text(good + "\nsuorces = []\n")

        world.fails("install", "jot", says="pkgs.hcl:", hint="")

        config.write_text(good)
        world.offer("ink")
        world.recovers("ink")

    @pytest.mark.parametrize(
        "damage", ["<<<<<<< ours\n", "version = 2\n", 'version = 1\npackage = "x"\n', "\0"]
    )
    def test_a_damaged_lock(self, world: World, damage: str) -> None:
        good = world.project.lock.read_text()
        world.project.lock.write_text(damage)

        world.fails("install", says="pkgs.lock", hint="")

        world.project.lock.write_text(good)
        world.offer("ink")
        world.recovers("ink")

    def test_a_source_of_manifests_that_is_not_there(self, world: World) -> None:
        folder = world.project.root / "manifests"
        folder.rename(world.project.root / "gone")

        done = world.fails("install", "ink", says="there is no package 'ink'", hint="sources searched")

        assert f"{folder}, which is no directory" in done.err

        (world.project.root / "gone").rename(folder)
        world.offer("ink")
        world.recovers("ink")


def hostile(name: str) -> bytes:
    """Return an archive that tries to write outside of its package."""
    tool = tar_entry("ink-1/bin/ink", b"#!/bin/sh\necho ink\n", mode=0o755)
    return {
        "dots": tar_of(tool, tar_entry("ink-1/../../../evil", b"evil")),
        "absolute": tar_of(tool, tar_entry("/tmp/pkgs-evil", b"evil")),
        "link out": tar_of(tool, tar_entry("ink-1/out", kind=SYMLINK, link="../../../..")),
        "absolute link": tar_of(tool, tar_entry("ink-1/out", kind=SYMLINK, link="/etc/passwd")),
        "through a link": tar_of(
            tool,
            tar_entry("ink-1/out", kind=SYMLINK, link="../../.."),
            tar_entry("ink-1/out/evil", b"evil"),
        ),
        "zip dots": zip_of(
            ZipEntry("ink-1/bin/ink", b"x"),
            ZipEntry("ink-1/../../../evil", b"evil"),
        ),
        "cut": make_tar_gz(Path("ink.tar.gz"), {"ink-1/bin/ink": bytes(range(256)) * 40}).read_bytes()[:-60],
        "empty": b"",
    }[name]


HOSTILE = [
    ("dots", "'..' in its name"),
    ("absolute", "absolute name"),
    ("link out", "leads out of the package"),
    ("absolute link", "absolute path"),
    ("through a link", "leads out of the package"),
    ("zip dots", "'..' in its name"),
    ("cut", "truncated"),
    ("empty", "not an archive"),
]


class TestArchives:
    @pytest.mark.parametrize(("name", "says"), HOSTILE)
    def test_an_archive_that_breaks_out_or_is_broken(
        self, world: World, name: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(tmp_path)
        data = hostile(name)
        url = world.offer("ink", Reply(data), sha256=digest_bytes(data).hex)
        around = {path for path in tmp_path.rglob("*") if "state" not in path.parts}

        done = world.fails("install", "ink", says=says, hint="", keeps=digest_bytes(data).hex)

        assert "ink-1.0.0" in done.err or url in done.err
        assert {path for path in tmp_path.rglob("*") if "state" not in path.parts} == around
        assert not Path("/tmp/pkgs-evil").exists()
        world.offer("ink")
        world.recovers("ink")

    def test_an_archive_without_the_binaries(self, world: World) -> None:
        data = make_tar_gz(world.project.root / "x.tar.gz", {"ink-1/bin/inc": b"#!/bin/sh\n"}).read_bytes()
        world.offer("ink", Reply(data), sha256=digest_bytes(data).hex)

        done = world.project.pkgs("install", "ink")

        assert done.status == 1
        assert "bin/ink" in done.err
        assert "hint: " in done.err
        assert not (world.project.bin / "ink").is_symlink()
        world.offer("ink")
        world.recovers("ink")


class TestEnvironments:
    def test_no_environment_here(self, world: World, tmp_path: Path) -> None:
        done = world.project.run([world.project.exe, "install"], cwd=tmp_path)

        assert done.status == 1
        assert "there is no environment in" in done.err
        assert "hint: make one with: pkgs init" in done.err

    def test_an_environment_in_a_directory_that_is_not_there(self, world: World, tmp_path: Path) -> None:
        """The hint can be pasted into a shell as it is."""
        wanted = tmp_path / "not there"

        done = world.fails("init", str(wanted), says=f"no directory {wanted}", hint=f"mkdir -p '{wanted}'")

        assert not wanted.exists()
        assert done.out == ""

    def test_a_tool_whose_tree_and_origin_are_gone(self, world: World) -> None:
        """A call that cannot be served ends as pkgs' own commands do, and later works again."""
        archive = world.project.root / "dist" / "jot-1.0.0.tar.gz"
        kept = archive.read_bytes()
        elsewhere = world.elsewhere(world.project.state.with_name("fresh"))
        archive.unlink()

        done = elsewhere.project.call("jot")

        assert done.status == 1
        assert str(archive) in done.err
        assert "hint: " in done.err
        assert "Traceback" not in done.err
        archive.write_bytes(kept)
        assert elsewhere.project.call("jot").out == "jot 1.0.0\n"

    def test_state_that_is_wiped_is_made_again(self, world: World) -> None:
        for path in world.project.state.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(world.project.state)

        assert world.project.call("jot").out == "jot 1.0.0\n"
