"""The documented way to pin a tool written in Python, with the real uv and a small index of packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgs.platforms import Platform
from tests.support.markdown import ROOT, blocks
from tests.support.programs import sha256_of, write_wheel
from tests.support.project import Project

PAGE = ROOT / "docs" / "how-to" / "python-tools.md"
MAIN = "import sys, helper\ndef main():\n    print('runbook', helper.NAME, *sys.argv[1:])\n"

pytestmark = [
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.skipif(Platform.current().os != "linux", reason="uv's version is looked up for linux only"),
]


def requirement(wheel: Path, name: str) -> str:
    return f"{name}==1.0 --hash=sha256:{sha256_of(wheel)}\n"


@pytest.fixture
def project(tmp_path: Path, registry_environ: dict[str, str]) -> Project:
    """Return a project with the page's manifests and script, and a runbook of two small packages."""
    project = Project.make(tmp_path / "a project", tmp_path / "state")
    manifests = project.root / "manifests"
    for name, manifest in zip(("uv", "runbook"), blocks(PAGE, "hcl"), strict=True):
        (manifests / f"{name}.hcl").write_text(manifest.text)
    (script,) = blocks(PAGE, "bash")
    (manifests / "runbook.sh").write_text(script.text)
    scripts = "[console_scripts]\nrunbook = runbook:main\n"
    files = {"runbook.py": MAIN, "runbook-1.0.dist-info/entry_points.txt": scripts}
    runbook = write_wheel(tmp_path / "index", "runbook", files)
    helper = write_wheel(tmp_path / "index", "helper", {"helper.py": "NAME = 'helped'\n"})
    text = requirement(runbook, "runbook") + requirement(helper, "helper")
    (manifests / "runbook.txt").write_text(text)
    project.pkgs("install", "runbook", check=True)
    return project


def local_index(tmp_path: Path, cache: str = "uv") -> dict[str, str]:
    """Return the variables with which uv asks the small index only."""
    index = str(tmp_path / "index")
    return {"UV_NO_INDEX": "1", "UV_FIND_LINKS": index, "UV_CACHE_DIR": str(tmp_path / cache)}


def test_the_tool_runs_from_its_list_and_later_without_an_index(project: Project, tmp_path: Path) -> None:
    first = project.call("runbook", "a b", **local_index(tmp_path))
    second = project.call("runbook", "c", UV_OFFLINE="1")

    assert first.out == "runbook helped a b\n", first.err
    assert (second.out, second.err) == ("runbook helped c\n", "")
    assert not (project.bin / "uv").is_symlink()


def test_a_package_that_is_not_the_listed_one_is_refused(project: Project, tmp_path: Path) -> None:
    listed = (tmp_path / "index" / "helper-1.0-py3-none-any.whl").read_bytes()
    helper = write_wheel(tmp_path / "index", "helper", {"helper.py": "NAME = 'evil'\n"})

    done = project.call("runbook", "x", **local_index(tmp_path))

    assert done.status != 0
    assert "hash" in done.err.lower()
    assert done.out == ""
    assert list((project.root / ".runbook").iterdir()) == []
    helper.write_bytes(listed)
    assert project.call("runbook", "x", **local_index(tmp_path, "fresh")).out == "runbook helped x\n"
