"""``pkgs manifest add-digests``, as somebody who writes manifests uses it."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgs.digests import digest_bytes
from tests.support.archives import make_tar_gz
from tests.support.project import Project
from tests.support.server import Reply, Request, Server, serving

VERSIONS = ("1.0.0", "1.1.0")
SYSTEMS = ("linux", "darwin")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def published(server: Server, tmp_path: Path) -> dict[str, str]:
    """Publish a tool for two versions and two systems; return digest by URL."""
    digests = {}
    for version in VERSIONS:
        for system in SYSTEMS:
            archive = make_tar_gz(
                tmp_path / f"{version}{system}.tgz",
                {"tool": f"#!/bin/sh\necho {version} {system}\n".encode()},
            )
            url = server.add(f"/v{version}/tool-{system}.tgz", Reply(archive.read_bytes()))
            digests[url] = digest_bytes(archive.read_bytes()).hex
    return digests


def manifest(project: Project, server: Server, *, more: str = "") -> Path:
    path = project.root / "manifests" / "tool.hcl"
    path.write_text(
        "# Kept by hand.\n"
        'description = "A tool."   // odd spacing\n'
        'binaries = ["tool"]\n'
        f'source = "{server.url("/v${version}/tool-${os}.tgz")}"\n'
        f'version "1.0.0" "1.1.0" {{ }}\n{more}'
    )
    return path


def test_stated_digests_are_taken_and_the_rest_is_downloaded(
    project: Project, server: Server, tmp_path: Path
) -> None:
    digests = published(server, tmp_path)
    stated = {url: digest for url, digest in digests.items() if "1.1.0" in url}
    lines = "".join(f"{digest} *{url.rpartition('/')[2]}\n" for url, digest in stated.items())
    server.add("/v1.1.0/checksums.txt", Reply(lines.encode()))
    path = manifest(project, server)
    path.chmod(0o640)
    before = path.read_text()

    done = project.pkgs("manifest", "add-digests", "--json", str(path), check=True)

    text = path.read_text()
    assert text.startswith(f"{before}\nsha256sums = {{\n")
    assert {url for url, digest in digests.items() if f'"{url}": "{digest}",' in text} == set(digests)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    [document] = json.loads(done.out)
    assert {url: each["from"] for url, each in document["added"].items()} == {
        url: server.url("/v1.1.0/checksums.txt") if url in stated else "download" for url in digests
    }
    assert not server.seen("/v1.1.0/tool-linux.tgz")
    project.pkgs("install", "tool", check=True)
    assert project.call("tool").out == "1.1.0 linux\n"


def test_a_complete_manifest_is_left_alone(project: Project, server: Server, tmp_path: Path) -> None:
    published(server, tmp_path)
    path = manifest(project, server)
    project.pkgs("add-digests", str(path), check=True)
    before, asked = (path.read_bytes(), path.stat().st_ino), len(server.requests)

    done = project.pkgs("add-digests", str(path), check=True)

    assert "all 4 digests are there already" in done.err
    assert (path.read_bytes(), path.stat().st_ino) == before
    assert len(server.requests) == asked


def test_what_cannot_be_had_is_told_at_the_end_and_stops_nothing(
    project: Project, server: Server, tmp_path: Path
) -> None:
    digests = published(server, tmp_path)
    server.add("/v1.0.0/tool-darwin.tgz", Reply(status=404))
    path = manifest(project, server, more='version "2" { source = "${nowhere}" }\n')

    done = project.pkgs("manifest", "add-digests", "manifests")

    assert done.status == 1
    assert "1 digest is missing" in done.err
    assert "v1.0.0/tool-darwin.tgz" in done.err
    assert "unknown variable $nowhere" in done.err
    assert f"these hosts have to be reached: 127.0.0.1:{server.port}" in done.err
    text = path.read_text()
    assert sum(f'"{url}": "{digest}",' in text for url, digest in digests.items()) == 3


def test_alternatives_get_digests_too(project: Project, server: Server, tmp_path: Path) -> None:
    published(server, tmp_path)
    other = server.add("/other.tgz", Reply(b"#!/bin/sh\n"))
    path = manifest(project, server, more=f'alternative {{ source = "{other}" }}\n')

    project.pkgs("manifest", "add-digests", str(path), check=True)

    assert f'"{other}": "{digest_bytes(b"#!/bin/sh" + bytes([10])).hex}",' in path.read_text()


def test_the_file_that_the_manifest_names_decides(project: Project, server: Server, tmp_path: Path) -> None:
    digests = published(server, tmp_path)
    names = "".join(f"{'f' * 64}  {url.rpartition('/')[2]}\n" for url in digests)
    sums = server.add("/sums", Reply(names.encode()))
    path = manifest(project, server, more=f'sha256-source = "{sums}"\n')

    project.pkgs("manifest", "add-digests", str(path), check=True)

    assert path.read_text().count("f" * 64) == 4


def test_check_holds_listed_digests_against_what_is_stated(
    project: Project, server: Server, tmp_path: Path
) -> None:
    digests = published(server, tmp_path)
    path = manifest(project, server)
    project.pkgs("manifest", "add-digests", str(path), check=True)
    before = path.read_bytes()

    def state(version: str, system: str, digest: str) -> None:
        server.add(f"/v{version}/tool-{system}.tgz.sha256", Reply(f"{digest}\n".encode()))

    url = server.url("/v1.1.0/tool-linux.tgz")
    state("1.1.0", "linux", digests[url])
    agreed = project.pkgs("manifest", "add-digests", "--check", str(path))
    state("1.1.0", "darwin", "0" * 64)
    differing = project.pkgs("manifest", "add-digests", "--check", "--json", str(path))

    assert agreed.status == 0
    assert "1 of 4 listed digests are what publishers state" in agreed.err
    assert "not compared: " + server.url("/v1.0.0/tool-linux.tgz") in agreed.err
    assert differing.status == 1
    assert f"stated {'0' * 64} by {server.url('/v1.1.0/tool-darwin.tgz.sha256')}" in differing.err
    assert {each["url"] for each in json.loads(differing.out) if each["stated"] == "0" * 64} == {
        server.url("/v1.1.0/tool-darwin.tgz")
    }
    assert path.read_bytes() == before


def test_a_broken_manifest_stops_no_other(project: Project, server: Server, tmp_path: Path) -> None:
    published(server, tmp_path)
    path = manifest(project, server)
    (project.root / "manifests" / "broken.hcl").write_text("nonsense = true\n")

    done = project.pkgs("manifest", "add-digests", "manifests")

    assert done.status == 1
    assert "broken.hcl:1" in done.err
    assert "sha256sums" in path.read_text()


def test_a_file_that_is_not_there_is_a_mistake_of_usage(project: Project) -> None:
    done = project.pkgs("manifest", "add-digests", "manifests/none.hcl")

    assert (done.status, "there is no manifest manifests/none.hcl" in done.err) == (2, True)


def test_what_was_edited_meanwhile_is_kept(project: Project, server: Server, tmp_path: Path) -> None:
    digests = published(server, tmp_path)
    path = manifest(project, server)
    data = (tmp_path / "1.0.0linux.tgz").read_bytes()

    def edited(_: Request) -> Reply:
        if "# edited" not in path.read_text():
            path.write_text(path.read_text() + "# edited\n")
        return Reply(data)

    server.add("/v1.0.0/tool-linux.tgz", edited)

    project.pkgs("manifest", "add-digests", str(path), check=True)

    assert "# edited\n" in path.read_text()
    assert all(digest in path.read_text() for digest in digests.values())


def test_an_interrupt_keeps_what_was_found(project: Project, server: Server, tmp_path: Path) -> None:
    digests = published(server, tmp_path)
    stalled = server.url("/v1.1.0/tool-darwin.tgz")
    server.add("/v1.1.0/tool-darwin.tgz", Reply(b"x" * 100, stall_after=10))
    path = manifest(project, server)
    command = [str(project.exe), "manifest", "add-digests", str(path)]
    process = subprocess.Popen(command, env=project.environ(), stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while len({each.path for each in server.requests if each.path.endswith(".tgz")}) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)

    assert process.returncode == 130
    text = path.read_text()
    assert {url for url in digests if f'"{url}"' in text} == set(digests) - {stalled}


@pytest.mark.registry
def test_wheels_that_differ_by_platform_are_left_to_blocks_for_platforms(
    tmp_path: Path, registry_environ: dict[str, str]
) -> None:
    project = Project.make(tmp_path / "project", tmp_path / "state")
    path = project.root / "manifests" / "ruff.hcl"
    path.write_text(
        'description = "A linter."\nbinaries = ["ruff"]\nroot = "${dest}/ruff-${version}.data/scripts"\n'
        'source = "pypi:ruff==${version}"\nversion "0.11.13" {}\n'
    )

    done = project.run(
        [project.exe, "manifest", "add-digests", path], environ=registry_environ | project.environ()
    )

    assert done.status == 1
    assert "pypi:ruff==0.11.13 is another file on each platform: linux-amd64: sha256 = " in done.err
    assert "sha256sums" not in path.read_text()


@pytest.mark.registry
def test_a_package_of_npm_gets_its_digest(tmp_path: Path, registry_environ: dict[str, str]) -> None:
    project = Project.make(tmp_path / "project", tmp_path / "state")
    path = project.root / "manifests" / "dagu.hcl"
    path.write_text(
        'description = "Runs workflows."\nbinaries = ["bin/dagu"]\nstrip = 1\n'
        'source = "npm:@dagu-org/dagu-linux-x64@${version}"\nversion "1.30.2" {}\n'
    )

    done = project.run(
        [project.exe, "manifest", "add-digests", path], environ=registry_environ | project.environ()
    )

    assert done.status == 0, done.err
    assert (
        '"npm:@dagu-org/dagu-linux-x64@1.30.2": '
        '"89333231d9c2925b18b13f82f41251df3a33582ad5a2583059f02ffbdf1b52f0",' in path.read_text()
    )
