"""What goes into a bundle: all of a manifest source and the lock it was made from, everywhere the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pkgs.cli.main import main
from pkgs.digests import digest_file
from pkgs.install import bundle as bundling
from pkgs.platforms import PLATFORMS, Platform
from tests.support.meanwhile import before
from tests.support.project import Project
from tests.support.repositories import Repository, small_manifest


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return manifests of which one is a link to another, and files beside them with names of all sorts."""
    repository = Repository.make(tmp_path / "remote/tools.git", {"a.hcl": small_manifest("a", "1.0")})
    (repository.path / "alias.hcl").symlink_to("a.hcl")
    (repository.path / "gone.hcl").symlink_to("nowhere.hcl")
    (repository.path / "loop.hcl").symlink_to("loop.hcl")
    (repository.path / "out.hcl").symlink_to("../../out.hcl")
    (repository.path / "files").mkdir()
    for name in (b"\xc3\xa9", b"z\xc3\xa9", b"\xff", b"\xe9"):
        Path(os.fsdecode(os.fsencode(repository.path / "files") + b"/" + name)).write_text("x")
    (repository.path / "more").symlink_to("files")
    repository.commit({})
    return repository


@pytest.fixture
def project(tmp_path: Path, repository: Repository) -> Project:
    project = Project.make(tmp_path / "project", tmp_path / "state")
    project.tool("alpha", "1.0.0")
    (project.bin / "pkgs.hcl").write_text(f'sources = ["{repository.uri}", "env:///manifests"]\n')
    project.pkgs("install", "alpha", check=True)
    return project


def test_links_among_manifests_come_along(project: Project, repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.zst"
    project.pkgs("bundle", "--without-pkgs", str(path), check=True)
    shutil.rmtree(repository.path)
    away = replace(project, state=tmp_path / "away")

    away.pkgs("bundle", "--load", str(path), check=True)

    assert away.pkgs("info", "--offline", "alias", check=True).out.startswith(
        "Package            alias-1.0\n"
    )
    assert away.pkgs("info", "--offline", "gone").status == 1
    (revision,) = (away.state / "sources").glob("*/*")
    assert sorted(path.name for path in (revision / "more").iterdir()) == sorted(
        path.name for path in (revision / "files").iterdir()
    )
    assert len(list((revision / "files").iterdir())) == 4


def test_the_lock_in_a_bundle_is_the_one_it_was_made_from(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PKGS_STATE_DIR", str(project.state))
    monkeypatch.chdir(project.root)
    path, lock = tmp_path / "b.tar.zst", project.lock.read_bytes()
    before(monkeypatch, bundling, "write_bundle", lambda: project.pkgs("uninstall", "alpha", check=True))

    assert main(["bundle", "--without-pkgs", str(path)]) == 0

    subprocess.run(["tar", "--zstd", "-xf", path, "pkgs.lock"], cwd=tmp_path, check=True)
    assert (tmp_path / "pkgs.lock").read_bytes() == lock != project.lock.read_bytes()


def test_a_bundle_for_other_platforms_is_told_of(project: Project, tmp_path: Path) -> None:
    others = [str(each) for each in PLATFORMS if each != Platform.current()]
    words = [word for each in others for word in ("--platform", each)]
    path = tmp_path / "b.tar.zst"
    project.pkgs("bundle", "--without-pkgs", *words, str(path), check=True)

    done = project.pkgs("bundle", "--load", str(path), check=True)

    assert f"b.tar.zst is for {', '.join(sorted(others))}, and not for {Platform.current()}" in done.err


def _latin(folder: Path) -> dict[str, str]:
    """Return the variables of a locale in which names are not UTF-8."""
    name = "en_US.ISO-8859-1"
    made = subprocess.run(
        ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(folder / name)], capture_output=True, check=False
    )
    found = {"LOCPATH": str(folder), "LC_ALL": name}
    said = subprocess.run(
        [sys.executable, "-c", "import sys; print(sys.getfilesystemencoding())"],
        env={**os.environ, **found},
        capture_output=True,
        text=True,
        check=True,
    )
    if said.stdout.strip() != "iso8859-1":
        pytest.skip(f"no locale with names in Latin 1: {made.stderr.decode(errors='replace')}")
    return found


def test_a_bundle_is_the_same_whatever_locale_umask_and_time_zone(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "locales"
    folder.mkdir()
    variables = {"TZ": "Asia/Kolkata", "LANG": ""}
    before = tmp_path / "before.tar.zst"
    project.pkgs("bundle", "--without-pkgs", str(before), check=True)
    shutil.rmtree(project.state / "sources")
    old = os.umask(0o077)
    try:
        for number, locale in enumerate(({}, {"LC_ALL": "C"}, _latin(folder))):
            path = tmp_path / f"{number}.tar.zst"
            project.pkgs("bundle", "--without-pkgs", str(path), check=True, **variables, **locale)

            assert digest_file(path) == digest_file(before)
    finally:
        os.umask(old)
