"""What the README, the tutorial and the CI page tell people to type, typed, with real downloads.

The README's first line is typed in tests/functional/test_fresh_clone.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pkgs import __version__
from tests.support.checkout import pkgs_on_path
from tests.support.markdown import ROOT, blocks
from tests.support.server import Reply, serving

STEP = re.compile(r"^ +- run: (.*)$", re.MULTILINE)
# As GitHub reads its file of variables: NAME<<MARK, the value's lines, MARK.
VARIABLE = re.compile(r"^(\w+)<<(?:\w+)\n(.*?)\n\w+$", re.MULTILINE | re.DOTALL)
CI = ROOT / "docs" / "how-to" / "ci.md"
SHELLS = [shell for shell in ("bash", "zsh", "dash") if shutil.which(shell)]

pytestmark = [pytest.mark.registry, pytest.mark.slow]


def type_in(
    shell: str, script: str, folder: Path, environ: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a script that stops at the first failure; fail the test with all it said if it does."""
    done = subprocess.run(
        [shell, "-e", "-c", script],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory that the walkthroughs share, so that each download is made once."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture
def outside(tmp_path: Path, state: Path, registry_environ: dict[str, str]) -> dict[str, str]:
    """Return the environment of somebody with a ``pkgs`` on the PATH."""
    path = f"{pkgs_on_path(tmp_path / 'commands')}{os.pathsep}{registry_environ['PATH']}"
    return {**registry_environ, "PATH": path, "PKGS_STATE_DIR": str(state)}


def test_the_readmes_lines_for_another_repository_work(tmp_path: Path, outside: dict[str, str]) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()

    done = type_in("dash", blocks(ROOT / "README.md", "sh")[3].text, repository, outside)

    assert "deno 2.9.5" in done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tutorial_can_be_followed(shell: str, tmp_path: Path, outside: dict[str, str]) -> None:
    lines = "".join(block.text for block in blocks(ROOT / "docs" / "tutorial.md", "sh"))

    done = type_in(shell, lines, tmp_path, outside)

    assert "six times seven is 42" in done.stdout
    assert ".deno-2.9.4.pkg" in done.stdout
    assert "deno 2.9.5" in done.stdout
    assert not (tmp_path / "painting" / "bin" / "deno").is_symlink()


def test_the_ci_recipes_steps_work_and_change_nothing(tmp_path: Path, outside: dict[str, str]) -> None:
    origin, checkout = tmp_path / "origin", tmp_path / "checkout"
    origin.mkdir()
    type_in(
        "bash", "git init -q; pkgs init; pkgs install deno; git add -A; git commit -qm pins", origin, outside
    )
    type_in("bash", "git clone -q origin checkout", tmp_path, outside)
    path_file, env_file = tmp_path / "github-path", tmp_path / "github-env"
    path_file.touch()
    env_file.touch()
    environ = {**outside, "CI": "true", "GITHUB_PATH": str(path_file), "GITHUB_ENV": str(env_file)}

    recipe, cache = blocks(CI, "yaml")
    for step in STEP.findall(recipe.text):
        added = path_file.read_text("utf-8").split()
        path = os.pathsep.join([*added, outside["PATH"]])
        variables = dict(VARIABLE.findall(env_file.read_text("utf-8")))
        done = type_in("bash", step, checkout, {**environ, **variables, "PATH": path})

    assert "deno 2.9.5" in done.stdout
    assert variables["PKGS_ENV"] == str(checkout)
    assert (checkout / re.findall(r"hashFiles\('(.*?)'\)", cache.text)[0]).is_file()
    status = subprocess.run(
        ["git", "status", "--porcelain"],
        cwd=checkout,
        env=outside,
        capture_output=True,
        text=True,
        check=True,
    )
    assert status.stdout == ""


def test_a_runner_gets_pkgs_from_the_address_in_the_lock(tmp_path: Path, outside: dict[str, str]) -> None:
    publish = blocks(CI, "sh")[3].text
    wheel = "pkgs-0.1.0-py3-none-any.whl"
    project = tmp_path / "project"
    project.mkdir()
    type_in("bash", "pkgs init", project, outside)

    with serving() as server:
        type_in("bash", publish.replace("https://example.org", server.url("")), project, outside)
        server.add(f"/{wheel}", Reply((project / wheel).read_bytes()))
        runner = {**outside, "CI": "true", "PKGS_STATE_DIR": str(tmp_path / "runner")}
        done = type_in("bash", "bin/pkgs version && bin/pkgs install --frozen", project, runner)

    assert done.stdout.startswith(f"pkgs {__version__}")
    assert len(server.seen(f"/{wheel}")) == 1
