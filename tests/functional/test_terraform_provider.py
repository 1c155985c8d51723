"""The documented manifest of a Terraform provider, with a made-up provider and a real terraform."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
from pathlib import Path

import pytest

from pkgs.platforms import Platform
from tests.support.archives import make_zip
from tests.support.isolation import offline
from tests.support.markdown import ROOT, blocks
from tests.support.project import Project

PAGE = ROOT / "docs" / "how-to" / "terraform-providers.md"
VERSION = "3.0.62-20240705-3c7af6a"
TERRAFORM = shutil.which("terraform", path="/usr/local/bin:/usr/bin")
SOURCE = re.compile(r'source = "https://[^"]*/')


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with the page's manifest, its provider served from a file."""
    project = Project.make(tmp_path / "a project", tmp_path / "state")
    here = Platform.current()
    name = f"terraform-provider-mysql_v{VERSION}"
    archive = f"terraform-provider-mysql_{VERSION}_{here.os}_{here.arch}.zip"
    make_zip(
        project.root / "dist" / archive, {name: b"#!/bin/sh\necho This is a plugin.\n", "LICENSE": b"MPL"}
    )
    (manifest,) = blocks(PAGE, "hcl")
    text = SOURCE.sub(f'source = "{(project.root / "dist").as_uri()}/', manifest.text)
    (project.root / "manifests" / "terraform-provider-mysql.hcl").write_text(text)
    project.pkgs("install", "terraform-provider-mysql", check=True)
    return project


def test_the_package_is_a_mirror_with_a_configuration_that_names_it(project: Project) -> None:
    called = project.pkgs("exec", f"terraform-provider-mysql_v{VERSION}", check=True)
    (config,) = (project.state / "trees").glob("sha256-*/terraform.rc")

    assert called.out == "This is a plugin.\n"
    assert f'path    = "{config.parent}"' in config.read_text()
    assert 'exclude = ["registry.terraform.io/zph/*"]' in config.read_text()


@pytest.mark.skipif(TERRAFORM is None, reason="there is no terraform on this machine")
def test_terraform_installs_the_provider_without_a_network(project: Project, tmp_path: Path) -> None:
    assert TERRAFORM
    with tarfile.open(tmp_path / "terraform.tar", "w") as tar:
        tar.add(TERRAFORM, "terraform")
    archive = (tmp_path / "terraform.tar").as_uri()
    (project.root / "manifests" / "terraform.hcl").write_text(
        f'description = "terraform"\nbinaries = ["terraform"]\nsource = "{archive}"\n'
        'env = {\n  "CHECKPOINT_DISABLE": "1",\n}\nversion "1.11.4" {}\n'
    )
    project.pkgs("install", "terraform", check=True)
    (required,) = blocks(PAGE, "terraform")
    (project.root / "main.tf").write_text(required.text)
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PKGS_STATE_DIR": str(project.state)}

    done = project.run(
        [*offline(), project.bin / "terraform", "init", "-no-color"], environ=environ, check=True
    )
    providers = project.run([project.bin / "terraform", "version", "-json"], environ=environ, check=True)

    assert f"Installed zph/mysql v{VERSION}" in done.out
    assert "h1:" in (project.root / ".terraform.lock.hcl").read_text()
    selected = json.loads(providers.out)["provider_selections"]
    assert selected == {"registry.terraform.io/zph/mysql": VERSION}


@pytest.mark.skipif(TERRAFORM is None, reason="there is no terraform on this machine")
def test_where_the_package_is_not_pinned_terraform_is_left_alone(project: Project, tmp_path: Path) -> None:
    project.pkgs("uninstall", "terraform-provider-mysql", check=True)

    assert "TF_CLI_CONFIG_FILE" not in project.pkgs("env", "--raw", check=True).out
