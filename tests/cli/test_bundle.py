"""``pkgs bundle``: what is made where the network is, and used where none is."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pkgs.cli.main import main
from pkgs.digests import digest_bytes, digest_file
from pkgs.environment.program import Program
from pkgs.install import bundleload
from tests.support import meanwhile
from tests.support.archives import make_tar_gz
from tests.support.project import Project
from tests.support.repositories import Repository, small_manifest
from tests.support.server import Reply, Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def publish(project: Project, server: Server, name: str, *systems: str, more: str = "") -> None:
    """Publish version 1.0.0 of a tool with an archive for each system, digests listed."""
    sums = []
    for system in systems or ("linux", "darwin"):
        script = f'#!/bin/sh\necho "{name} on {system} $GREETING" "$@"\n'
        archive = make_tar_gz(
            project.root / "dist" / f"{name}-{system}.tgz", {f"x/bin/{name}": script.encode()}
        )
        url = server.add(f"/{archive.name}", Reply(archive.read_bytes()))
        sums.append(f'"{url}": "{digest_file(archive).hex}",\n')
    (project.root / "manifests" / f"{name}.hcl").write_text(
        f'description = "The tool {name}"\nbinaries = ["bin/{name}"]\nstrip = 1\n'
        f'source = "{server.url("/" + name + "-${os}.tgz")}"\n{more}version "1.0.0" {{}}\n'
        f"sha256sums = {{\n{''.join(sums)}}}\n"
    )


def elsewhere(project: Project, root: Path, state: Path) -> Project:
    """Return a copy of the project in another place, with another state directory."""
    shutil.copytree(project.root, root, symlinks=True)
    return replace(project, root=root, state=state)


def members(bundle: Path) -> list[str]:
    plain = subprocess.run(["zstd", "-dc", bundle], check=True, capture_output=True).stdout
    bundle.with_suffix("").write_bytes(plain)
    with tarfile.open(bundle.with_suffix("")) as tar:
        assert {(each.uid, each.gid, each.uname, each.mode) for each in tar} == {(0, 0, "", 0o644)}
        return tar.getnames()


def test_the_same_lock_gives_the_same_bytes_on_every_machine(
    project: Project, server: Server, tmp_path: Path
) -> None:
    publish(project, server, "alpha")
    publish(project, server, "beta")
    project.pkgs("install", "beta", "alpha", check=True)
    other = elsewhere(project, tmp_path / "other" / "checkout", tmp_path / "other-state")
    first, second = tmp_path / "first.tar.zst", tmp_path / "second.tar.zst"

    done = project.pkgs("bundle", "--without-pkgs", "--json", str(first), check=True)
    other.pkgs("bundle", "--without-pkgs", str(second), check=True)

    assert first.read_bytes() == second.read_bytes()
    document = json.loads(done.out)
    assert document["sha256"] == digest_file(first).hex
    assert sorted(document["packages"]) == ["alpha-1.0.0", "beta-1.0.0"]
    assert members(first)[0] == "bundle.json"


def test_the_time_of_members_may_be_given(project: Project, server: Server, tmp_path: Path) -> None:
    publish(project, server, "alpha")
    project.pkgs("install", "alpha", check=True)

    project.pkgs("bundle", "--without-pkgs", "a.tar.zst", SOURCE_DATE_EPOCH="1600000000", check=True)
    wrong = project.pkgs("bundle", "--without-pkgs", "b.tar.zst", SOURCE_DATE_EPOCH="now")

    members(project.root / "a.tar.zst")
    with tarfile.open(project.root / "a.tar") as tar:
        assert {each.mtime for each in tar} == {1_600_000_000}
    assert wrong.status == 2
    assert not (project.root / "b.tar.zst").exists()


def test_an_offline_install_lives_from_a_bundle(tmp_path: Path, project: Project) -> None:
    bundle = tmp_path / "tools.tar.zst"
    with serving() as server:
        publish(project, server, "alpha")
        project.pkgs("install", "alpha", check=True)
        project.pkgs("bundle", "--without-pkgs", str(bundle), check=True)
    lock = project.lock.read_bytes()
    away = elsewhere(project, tmp_path / "away", tmp_path / "away-state")

    before = away.pkgs("install", "--offline")
    done = away.pkgs("install", "--offline", "--frozen", "--from", str(bundle), check=True)

    assert before.status == 1
    assert "offline" in before.err
    assert "1 downloads for linux-amd64, 1 of them new" in done.err
    assert away.call("alpha", "hi").out == "alpha on linux  hi\n"
    assert away.lock.read_bytes() == lock
    assert "0 of them new" in away.pkgs("bundle", "--load", str(bundle), check=True).err


def test_what_a_bundle_brings_is_not_collected_before_it_is_used(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "tools.tar.zst"
    with serving() as server:
        publish(project, server, "alpha")
        project.pkgs("install", "alpha", check=True)
        project.pkgs("bundle", "--without-pkgs", str(bundle), check=True)
    away = elsewhere(project, tmp_path / "away", tmp_path / "away-state")
    away.enter(monkeypatch)
    meanwhile.before(monkeypatch, bundleload, "_place_sources", lambda: away.pkgs("gc", check=True))

    assert main(["install", "--offline", "--from", str(bundle)]) == 0


def test_platforms_are_chosen_and_what_the_lock_does_not_cover_is_told(
    project: Project, server: Server, tmp_path: Path
) -> None:
    publish(project, server, "alpha")
    publish(project, server, "penguin", "linux", more='darwin { source = "" }\n')
    project.pkgs("install", "alpha", check=True)

    both = project.pkgs(
        "bundle",
        "--without-pkgs",
        "--json",
        "--platform",
        "linux-amd64,darwin-arm64",
        "a.tar.zst",
        check=True,
    )
    wrong = project.pkgs("bundle", "--without-pkgs", "--platform", "plan9-amd64", "b.tar.zst")
    directory = project.pkgs("bundle", "--platform", "linux-amd64", "directory")

    packages = json.loads(both.out)["packages"]["alpha-1.0.0"]
    assert sorted(packages) == ["darwin-arm64", "linux-amd64"]
    assert len(set(packages.values())) == 2
    assert (wrong.status, directory.status) == (2, 2)


def test_a_platform_without_a_digest_is_refused_or_left_out_of_all(
    project: Project, server: Server, tmp_path: Path
) -> None:
    publish(project, server, "alpha", "linux")
    project.pkgs("install", "alpha", check=True)

    named = project.pkgs("bundle", "--without-pkgs", "--platform", "darwin-arm64", "a.tar.zst")
    every = project.pkgs("bundle", "--without-pkgs", "--all-platforms", "--json", "b.tar.zst", check=True)

    assert named.status == 1
    assert "no digest of alpha-1.0.0 for darwin-arm64" in named.err
    assert not (project.root / "a.tar.zst").exists()
    assert sorted(json.loads(every.out)["packages"]["alpha-1.0.0"]) == ["linux-amd64", "linux-arm64"]
    assert "left out: the lock has no digest of alpha-1.0.0 for darwin-amd64" in every.err


def test_manifests_from_git_come_along(tmp_path: Path, project: Project, server: Server) -> None:
    publish(project, server, "alpha")
    text = (project.root / "manifests" / "alpha.hcl").read_text()
    repository = Repository.make(tmp_path / "manifests.git", {"alpha.hcl": text, "files/x": "x"})
    (project.root / "manifests" / "alpha.hcl").unlink()
    (project.bin / "pkgs.hcl").write_text(f'sources = ["{repository.uri}"]\n')
    project.pkgs("install", "alpha", check=True)
    bundle = tmp_path / "tools.tar.zst"
    project.pkgs("bundle", "--without-pkgs", str(bundle), check=True)
    away = elsewhere(project, tmp_path / "away", tmp_path / "away-state")
    shutil.rmtree(repository.path)

    away.pkgs("install", "--offline", "--from", str(bundle), check=True)

    assert away.call("alpha").out.startswith("alpha on linux")


def test_two_that_bring_the_same_manifests_at_once(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.make(tmp_path / "manifests.git", {"x.hcl": small_manifest("x")})
    (project.bin / "pkgs.hcl").write_text(f'sources = ["{repository.uri}"]\n')
    project.tool("alpha", "1.0.0")
    repository.commit({"alpha.hcl": (project.root / "manifests" / "alpha.hcl").read_text()})
    project.pkgs("install", "alpha", check=True)
    bundle = tmp_path / "tools.tar.zst"
    project.pkgs("bundle", "--without-pkgs", str(bundle), check=True)
    away = elsewhere(project, tmp_path / "away", tmp_path / "away-state")
    away.enter(monkeypatch)
    exists = Path.exists

    def exists_and_then_comes(path: Path) -> bool:
        found = exists(path)
        if path.parent.parent == away.state / "sources" and not found:
            away.pkgs("bundle", "--load", str(bundle), check=True)
        return found

    monkeypatch.setattr(Path, "exists", exists_and_then_comes)

    assert main(["bundle", "--load", str(bundle)]) == 0


def rewritten(bundle: Path, name: str, data: bytes) -> Path:
    """Return a copy of a bundle in which one member holds something else."""
    members(bundle)
    target = bundle.with_name("changed.tar")
    with tarfile.open(bundle.with_suffix("")) as old, tarfile.open(target, "w") as new:
        for info in old:
            content = old.extractfile(info)
            assert content is not None
            body = data if info.name == name else content.read()
            info.size = len(body)
            new.addfile(info, io.BytesIO(body))
    return target


def test_a_changed_download_is_refused_and_nothing_is_taken_in(
    project: Project, server: Server, tmp_path: Path
) -> None:
    publish(project, server, "alpha")
    project.pkgs("install", "alpha", check=True)
    bundle = tmp_path / "tools.tar.zst"
    project.pkgs("bundle", "--without-pkgs", str(bundle), check=True)
    blob = next(name for name in members(bundle) if name.startswith("blobs/"))
    away = elsewhere(project, tmp_path / "away", tmp_path / "away-state")

    done = away.pkgs("install", "--offline", "--from", str(rewritten(bundle, blob, b"evil")))

    assert done.status == 1
    assert "is not what was made" in done.err
    assert digest_bytes(b"evil").hex in done.err
    assert not list(away.state.glob("blobs/sha256/*/*"))
    assert not list(away.state.glob("partial/*"))


@pytest.mark.parametrize("text", [b"", b"what?", b'{"format": 99, "platforms": []}'])
def test_what_is_no_bundle_is_refused(text: bytes, project: Project, tmp_path: Path) -> None:
    strange = make_tar_gz(tmp_path / "x.tar.gz", {"bundle.json": text})

    done = project.pkgs("bundle", "--load", str(strange))
    missing = project.pkgs("bundle", "--load", "nowhere.tar.zst")

    assert done.status == 1
    assert "bundle of" in done.err
    assert (missing.status, "there is no bundle" in missing.err) == (1, True)


def test_a_member_that_leads_out_is_refused(project: Project, tmp_path: Path) -> None:
    strange = make_tar_gz(
        tmp_path / "x.tar.gz", {"bundle.json": b'{"format": 1, "platforms": []}', "../../escaped": b"x"}
    )

    done = project.pkgs("bundle", "--load", str(strange))

    assert done.status == 1
    assert not list(tmp_path.rglob("escaped"))


def test_a_directory_works_wherever_it_is_copied_to(project: Project, server: Server, tmp_path: Path) -> None:
    publish(project, server, "alpha", more='env = { GREETING: "hello from ${root}", "COST": "$$5 `x`" }\n')
    project.pkgs("install", "alpha", check=True)

    project.pkgs("bundle", "bundled", check=True)
    project.pkgs("bundle", "bundled", check=True)

    place = tmp_path / "a place elsewhere"
    shutil.copytree(project.root / "bundled", place, symlinks=True)
    shutil.rmtree(project.root / "bundled")
    shutil.rmtree(project.state / "trees", ignore_errors=False, onerror=_writable)
    assert str((place / "bin" / "alpha").readlink()) == "../alpha-1.0.0/bin/alpha"
    done = subprocess.run(
        ["sh", "-c", 'set -a; . ./.env; alpha; echo "$COST"'],
        cwd=place,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"alpha on linux hello from {place}/alpha-1.0.0\n$5 `x`\n"
    (place / "alpha-1.0.0" / "bin" / "alpha").write_text("mine")


@pytest.mark.parametrize("version", ["", "2.7", "3.11\n"])
def test_what_is_no_version_of_python_is_refused(project: Project, server: Server, version: str) -> None:
    publish(project, server, "alpha")
    project.pkgs("install", "alpha", check=True)

    done = project.pkgs("bundle", "b.tar.zst", f"--python={version}")

    assert (done.status, f"{version!r} is no version of Python\nhint: " in done.err) == (2, True)
    assert not (project.root / "b.tar.zst").exists()


def test_a_directory_may_be_named_by_a_way_around(project: Project, server: Server, tmp_path: Path) -> None:
    publish(project, server, "alpha", more='env = { "ALPHA": "${root}" }\n')
    project.pkgs("install", "alpha", check=True)

    project.pkgs("bundle", "dist/../../bundled", check=True)

    place = tmp_path / "bundled"
    assert (place / "bin" / "alpha").readlink() == Path("../alpha-1.0.0/bin/alpha")
    assert 'ALPHA="${PWD}/alpha-1.0.0"\n' in (place / ".env").read_text()


def _writable(function, path, error) -> None:  # type: ignore[no-untyped-def]
    Path(path).parent.chmod(0o755)
    function(path)


def test_only_named_packages_and_what_they_need_are_bundled(project: Project, server: Server) -> None:
    publish(project, server, "needed")
    publish(project, server, "alpha", more='runtime-dependencies = ["needed-1.0.0"]\n')
    publish(project, server, "beta")
    project.pkgs("install", "alpha", "beta", check=True)

    project.pkgs("bundle", "bundled", "alpha", check=True)
    done = project.pkgs("bundle", "--without-pkgs", "--json", "a.tar.zst", "alpha", check=True)
    unknown = project.pkgs("bundle", "bundled", "gamma")

    assert sorted(path.name for path in (project.root / "bundled").iterdir()) == [
        ".env",
        "alpha-1.0.0",
        "bin",
        "needed-1.0.0",
    ]
    assert sorted(json.loads(done.out)["packages"]) == ["alpha-1.0.0", "needed-1.0.0"]
    assert unknown.status == 1


def test_nothing_pinned_is_nothing_to_bundle(project: Project) -> None:
    done = project.pkgs("bundle", "a.tar.zst")

    assert (done.status, "nothing is pinned" in done.err) == (2, True)


def from_git(project: Project, repository: Repository, more: str = "") -> None:
    """Publish a tool that is a git repository, at its tag v1."""
    (project.root / "manifests" / "tool.hcl").write_text(
        f'description = "x"\nbinaries = ["tool"]\nversion "1" {{\n'
        f'  source = "{repository.uri}#v${{version}}"\n{more}}}\n'
    )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.make(tmp_path / "tool.git", {"tool": "#!/bin/sh\necho git one\n", "more/x": "x"})
    made.git("tag", "v1")
    made.commit({"tool": "#!/bin/sh\necho git two\n"})
    return made


def test_packages_from_git_come_along(project: Project, repository: Repository, tmp_path: Path) -> None:
    from_git(project, repository)
    project.pkgs("install", "tool", check=True)
    other = elsewhere(project, tmp_path / "other", tmp_path / "other-state")
    bundle, second = tmp_path / "tools.tar.zst", tmp_path / "second.tar.zst"
    done = project.pkgs("bundle", "--without-pkgs", "--json", "--all-platforms", str(bundle), check=True)
    repository.git("repack", "-a", "-d", "-f", "--quiet")
    other.pkgs("bundle", "--without-pkgs", "--all-platforms", str(second), check=True)
    shutil.rmtree(repository.path)
    away = elsewhere(project, tmp_path / "away", tmp_path / "away-state")

    before = away.pkgs("install", "--offline", "--frozen")
    loaded = away.pkgs("install", "--offline", "--frozen", "--from", str(bundle), check=True)

    assert bundle.read_bytes() == second.read_bytes()
    assert json.loads(done.out)["left_out"] == []
    assert before.status == 1
    assert "1 downloads for" in loaded.err
    assert away.call("tool").out == "git one\n"
    assert away.pkgs("verify", "--deep", "--offline").status == 0
    assert digests_of_trees(away) == digests_of_trees(project)


def digests_of_trees(project: Project) -> set[str]:
    return {json.loads(path.read_text())["tree"] for path in (project.state / "trees").glob("*.json")}


def test_a_pack_stays_as_long_as_its_package(
    project: Project, repository: Repository, tmp_path: Path
) -> None:
    from_git(project, repository)
    project.pkgs("install", "tool", check=True)
    project.pkgs("bundle", "--without-pkgs", "a.tar.zst", check=True)
    shutil.rmtree(repository.path)

    project.pkgs("gc", check=True)
    [pack] = (project.state / "git").iterdir()
    usage = json.loads(project.pkgs("gc", "--usage", "--json", check=True).out)
    assert [each["downloads"] for each in usage if each["label"] == "tool-1"] == [pack.stat().st_size]
    project.pkgs("clean", "--packages", check=True)
    assert project.call("tool").out == "git one\n"

    project.pkgs("uninstall", "tool", check=True)
    project.pkgs("gc", check=True)
    assert not list((project.state / "git").iterdir())


def test_a_pack_that_is_not_what_it_should_be_is_of_no_use(
    project: Project, repository: Repository, tmp_path: Path
) -> None:
    from_git(project, repository)
    project.pkgs("install", "tool", check=True)
    bundle = tmp_path / "tools.tar.zst"
    project.pkgs("bundle", "--without-pkgs", str(bundle), check=True)
    pack = next(name for name in members(bundle) if name.startswith("git/"))
    away = elsewhere(project, tmp_path / "away", tmp_path / "away-state")
    changed = rewritten(bundle, pack, b"PACK evil")

    done = away.pkgs("install", "--frozen", "--from", str(changed), check=True)
    assert "the pack is removed" in done.err
    assert away.call("tool").out == "git one\n"

    shutil.rmtree(repository.path)
    lost = elsewhere(project, tmp_path / "lost", tmp_path / "lost-state")
    done = lost.pkgs("install", "--frozen", "--offline", "--from", str(changed))
    assert done.status == 1
    assert "cannot clone" in done.err


def test_of_several_origins_one_is_brought_that_can_be_unpacked(
    project: Project, repository: Repository, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.tgz"
    bad.write_bytes(b"<html>moved</html>")
    origin = f'source = "{bad.as_uri()}"\n  sha256 = "{digest_file(bad).hex}"'
    (project.root / "manifests" / "tool.hcl").write_text(
        f'description = "x"\nbinaries = ["tool"]\nversion "1" {{\n  {origin}\n'
        f'  alternative {{\n    source = "{repository.uri}#v${{version}}"\n  }}\n}}\n'
    )
    project.pkgs("install", "tool", check=True)
    bundle = tmp_path / "tools.tar.zst"

    project.pkgs("bundle", "--without-pkgs", str(bundle), check=True)
    away = elsewhere(project, tmp_path / "away", tmp_path / "away-state")
    shutil.rmtree(repository.path)
    bad.unlink()

    away.pkgs("install", "--offline", "--frozen", "--from", str(bundle), check=True)
    assert away.call("tool").out == "git one\n"


def test_directories_of_the_checkout_are_not_brought(project: Project) -> None:
    (project.root / "own").mkdir()
    (project.root / "own" / "mine").write_text("#!/bin/sh\necho mine\n")
    (project.root / "manifests" / "mine.hcl").write_text(
        'description = "x"\nbinaries = ["mine"]\nsource = "${env}/own"\nversion "1" {}\n'
    )
    project.pkgs("install", "mine", check=True)

    done = project.pkgs("bundle", "--without-pkgs", "--json", "a.tar.zst", check=True)

    assert json.loads(done.out)["left_out"] == []


def test_what_a_killed_load_leaves_is_collected(project: Project) -> None:
    left = project.state / "partial" / ".tmp-bundle-1-abcd"
    (left / "blobs").mkdir(parents=True)
    os.utime(left, (1_600_000_000, 1_600_000_000))

    project.pkgs("gc", check=True)

    assert not left.exists()


def test_the_wheel_of_another_pkgs_is_needed_or_left_out(
    project: Project, server: Server, tmp_path: Path
) -> None:
    publish(project, server, "alpha")
    project.pkgs("install", "alpha", check=True)
    wheel = tomllib.loads(project.lock.read_text())["pkgs"]["sha256"]
    requirements = tomllib.loads(project.lock.read_text())["pkgs"]["requirements"]
    other = Program("0.0.9", tuple(requirements), sha256="0" * 64)
    text = project.lock.read_text().replace(wheel, other.sha256)
    project.lock.write_text(re.sub(r'^id = ".*"', f'id = "{other.id}"', text, flags=re.MULTILINE))

    done = project.pkgs("bundle", "a.tar.zst", PIP_NO_INDEX="1")

    assert done.status == 1
    assert "is not in the store, and the lock names no URL" in done.err
    assert "--without-pkgs" in done.err
    project.pkgs("bundle", "--without-pkgs", "a.tar.zst", check=True)
