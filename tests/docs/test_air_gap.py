"""The page about places without a network: its commands, typed where there is one and where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pkgs.digests import digest_file
from tests.support.archives import make_tar_gz
from tests.support.checkout import pkgs_on_path
from tests.support.markdown import ROOT, blocks
from tests.support.server import Reply, serving

PAGE = ROOT / "docs" / "how-to" / "air-gap.md"
# A name space without any network, where the system allows making one; proxies that refuse all the same.
CUT_OFF = ["unshare", "--user", "--map-root-user", "--net"]
REFUSING = {
    name: "http://127.0.0.1:9"
    for upper in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    for name in (upper, upper.lower())
}

pytestmark = [pytest.mark.registry, pytest.mark.slow]


def type_in(script: str, folder: Path, environ: dict[str, str], prefix: list[str]) -> str:
    """Run a script that stops at the first failure; return what it printed."""
    done = subprocess.run(
        [*prefix, "bash", "-e", "-c", script],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def cut_off() -> list[str]:
    """Return the words before a command that take its network away; none where that is not allowed."""
    if not shutil.which("unshare"):
        return []
    return CUT_OFF if subprocess.run([*CUT_OFF, "true"], check=False).returncode == 0 else []


def write_manifest(folder: Path, url: str, digest: str) -> None:
    folder.mkdir(parents=True)
    (folder / "hello.hcl").write_text(
        f'description = "A greeting."\nbinaries = ["hello"]\nsource = "{url}"\nsha256 = "{digest}"\n'
        'version "1.0.0" {}\n'
    )


def test_the_page_can_be_followed(tmp_path: Path, registry_environ: dict[str, str]) -> None:
    make, _, bootstrap, load, again, directory = (block.text for block in blocks(PAGE, "sh"))
    project, away = tmp_path / "project", tmp_path / "away"
    commands = pkgs_on_path(tmp_path / "commands")
    environ = {**registry_environ, "PKGS_STATE_DIR": str(tmp_path / "state")}
    environ["PATH"] = f"{commands}{os.pathsep}{registry_environ['PATH']}"
    archive = make_tar_gz(tmp_path / "hello.tgz", {"hello": b"#!/bin/sh\necho hello\n"})

    with serving() as server:
        url = server.add("/hello.tgz", Reply(archive.read_bytes()))
        write_manifest(project / "manifests", url, digest_file(archive).hex)
        type_in("pkgs init --sources env:///manifests . && pkgs install hello", project, environ, [])
        type_in(make, project, environ, [])
        first = (project / "tools.tar.zst").read_bytes()
        type_in(make, project, {**environ, "PKGS_STATE_DIR": str(tmp_path / "other-state")}, [])
        assert (project / "tools.tar.zst").read_bytes() == first
        assert "hello" in type_in(f"{directory}\nhello", project, environ, [])
    shutil.copytree(project, away, symlinks=True)
    shutil.rmtree(away / "dist")

    alone = {**registry_environ, **REFUSING, "PKGS_STATE_DIR": str(tmp_path / "away-state")}
    said = type_in(f"{bootstrap}{load}{again}bin/hello", away, alone, cut_off())

    assert said.endswith("hello\n")


def test_other_platforms_and_pythons_can_be_bundled(tmp_path: Path, registry_environ: dict[str, str]) -> None:
    command = blocks(PAGE, "sh")[1].text
    environ = {**registry_environ, "PKGS_STATE_DIR": str(tmp_path / "state")}
    environ["PATH"] = f"{pkgs_on_path(tmp_path / 'commands')}{os.pathsep}{registry_environ['PATH']}"
    archive = make_tar_gz(tmp_path / "hello.tgz", {"hello": b"#!/bin/sh\necho hello\n"})
    project = tmp_path / "project"
    write_manifest(project / "manifests", archive.as_uri(), digest_file(archive).hex)
    type_in("pkgs init --sources env:///manifests . && pkgs install hello", project, environ, [])

    type_in(command, project, environ, [])

    listed = type_in("tar --zstd -tf tools.tar.zst", project, environ, [])
    for kind in ("cp311-manylinux", "cp313-manylinux", "aarch64", "x86_64"):
        assert kind in listed
