"""This repository as a stranger meets it: cloned, with nothing set up; and what is made with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pkgs import __version__
from pkgs.digests import digest_bytes
from pkgs.platforms import PLATFORMS, Platform
from tests.functional.conftest import told
from tests.support.checkout import ROOT, fresh_checkout
from tests.support.markdown import blocks
from tests.support.project import Project, Run
from tests.support.server import Reply, Server

pytestmark = [pytest.mark.registry, pytest.mark.slow]

ONLY_LINUX_AMD64 = pytest.mark.skipif(
    Platform.current() != PLATFORMS[0], reason="dagu's npm package is for linux-amd64"
)
TIMEOUT = 240


def run(words: Sequence[str | Path], cwd: Path, environ: Mapping[str, str], *, check: bool = True) -> Run:
    """Run a command; unless told otherwise it must succeed."""
    done = subprocess.run(
        list(map(str, words)),
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a checkout of this repository that nobody has used."""
    return fresh_checkout(tmp_path / "a clone")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where pkgs stays as the first test that uses a checkout has set it up."""
    return tmp_path_factory.mktemp("kept") / "self"


@pytest.fixture
def used(clone: Path, home: Path, environ: dict[str, str], kept: Path) -> Path:
    """Return a checkout of this repository whose pkgs is set up, and nothing else."""
    programs = home / ".cache" / "pkgs" / "self"
    if kept.exists():
        shutil.copytree(kept, programs, symlinks=True, copy_function=os.link)
    else:
        run([clone / "bin" / "pkgs", "version"], clone, environ)
        shutil.copytree(programs, kept, symlinks=True)
    return clone


@pytest.fixture
def environ(registry_environ: dict[str, str], home: Path) -> dict[str, str]:
    """Return what somebody has who knows the package registries, and never ran pkgs."""
    assert not (home / ".cache").exists()
    return registry_environ


@ONLY_LINUX_AMD64
@pytest.mark.parametrize("shell", [shell for shell in ("bash", "fish") if shutil.which(shell)])
def test_two_commands_are_all_it_takes(shell: str, clone: Path, home: Path, environ: dict[str, str]) -> None:
    """The first sets pkgs up and installs dagu; then no Python is started, with activation or without."""
    first = run(commands(shell), clone, environ)

    assert "setting up pkgs" in first.err
    assert "1.30.2" in first.err
    assert list((home / ".cache" / "pkgs" / "self").glob("*/bin/python"))
    no_python_is_started(shell, clone, environ)


@ONLY_LINUX_AMD64
@pytest.mark.parametrize("shell", [shell for shell in ("zsh", "dash") if shutil.which(shell)])
def test_other_shells_read_what_bash_reads(shell: str, used: Path, environ: dict[str, str]) -> None:
    assert "1.30.2" in run(commands(shell), used, environ).err
    no_python_is_started(shell, used, environ)


def commands(shell: str) -> list[str | Path]:
    """Return the README's first line, as a shell understands it."""
    first = blocks(ROOT / "README.md", "sh")[0].text
    return [shell, "-c", "source bin/activate-pkgs.fish; and dagu version" if shell == "fish" else first]


def no_python_is_started(shell: str, clone: Path, environ: Mapping[str, str]) -> None:
    """Assert that what is installed is called without Python, with activation or without."""
    again = run(commands(shell), clone, environ)
    assert again.out == ""
    assert again.err.splitlines()[-2:] == [f"pkgs environment {clone} activated", "1.30.2"]
    assert "python" not in programs(commands(shell), clone, environ)
    assert "python" not in programs([clone / "bin" / "dagu", "version"], clone, environ)


def programs(words: Sequence[str | Path], cwd: Path, environ: Mapping[str, str]) -> str:
    """Return the paths of all programs that a command starts, as strace tells them."""
    if not shutil.which("strace"):
        return ""
    log = cwd / ".strace"
    run(["strace", "-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-o", log, *words], cwd, environ)
    started = [line for line in log.read_text().splitlines() if line.endswith("= 0")]
    assert any("dagu" in line for line in started)
    return "\n".join(line.partition("execve(")[2].partition(",")[0] for line in started)


@ONLY_LINUX_AMD64
def test_the_repositorys_own_lock_is_followed_as_far_as_its_hosts_can_be_reached(
    used: Path, environ: dict[str, str]
) -> None:
    """Where the hosts of tiup and terraform are filtered out they are named, and the rest is there."""
    run(["git", "init", "-q"], used, environ)
    run(["git", "add", "-A"], used, environ)
    run(["git", "commit", "-qm", "as cloned"], used, environ)

    done = run(["bin/pkgs", "install", "--frozen"], used, environ, check=False)

    if done.status:
        told(Run(done.status, done.out, done.err), "2 things failed", "")
        assert "github.com" in done.err
        assert "releases.hashicorp.com" in done.err
    assert run(["bin/dagu", "version"], used, environ).err.strip() == "1.30.2"
    assert "deno" in run(["bin/deno", "--version"], used, environ).out
    assert run(["git", "status", "--porcelain"], used, environ).out == ""


class TestElsewhere:
    """An environment made with this checkout, which then goes away."""

    def test_the_wheel_is_in_the_store(self, used: Path, tmp_path: Path, environ: dict[str, str]) -> None:
        elsewhere = tmp_path / "else where"
        elsewhere.mkdir()
        run([used / "bin" / "pkgs", "init", elsewhere], tmp_path, environ)
        used.rename(tmp_path / "gone")

        done = run([elsewhere / "bin" / "pkgs", "version", "--json"], tmp_path, environ)

        assert "setting up pkgs" in done.err
        assert json.loads(done.out)["version"] == __version__
        assert run([elsewhere / "bin" / "pkgs", "list"], tmp_path, environ).err == ""

    def test_the_wheel_is_at_its_url_or_nothing_is(
        self, used: Path, tmp_path: Path, home: Path, environ: dict[str, str], server: Server
    ) -> None:
        """A colleague with an empty store gets the same pkgs, but from a server that lies none at all."""
        elsewhere, url = tmp_path / "elsewhere", server.url("/pkgs-0.1.0-py3-none-any.whl")
        elsewhere.mkdir()
        run([used / "bin" / "pkgs", "init", "--pkgs-url", url, elsewhere], tmp_path, environ)
        (wheel,) = (home / ".cache" / "pkgs" / "blobs").rglob("?" * 64)
        used.rename(tmp_path / "gone")
        colleague = {**environ, "PKGS_STATE_DIR": str(tmp_path / "empty")}
        digest = digest_bytes(wheel.read_bytes()).hex

        server.add("/pkgs-0.1.0-py3-none-any.whl", Reply(wheel.read_bytes() + b"x"))
        refused = run([elsewhere / "bin" / "pkgs", "version"], tmp_path, colleague, check=False)
        server.add("/pkgs-0.1.0-py3-none-any.whl", Reply(wheel.read_bytes()))
        served = run([elsewhere / "bin" / "pkgs", "version"], tmp_path, colleague)

        told(refused, url, "")
        assert digest in refused.err
        assert "0.1.0" in served.out


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where a virtual environment is made by whoever comes first."""
    return tmp_path_factory.mktemp("pip") / "venv"


class TestInstalledByPip:
    """``pip install .`` gives a pkgs that belongs to no environment."""

    @pytest.fixture
    def command(self, venv: Path, clone: Path, environ: dict[str, str]) -> Path:
        """Return the installed command; it is installed once."""
        if not venv.exists():
            run([sys.executable, "-m", "venv", "--without-pip", venv], clone, environ)
            pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", venv]
            run([*pip, "install", "-q", "--no-input", "."], clone, environ)
        return venv / "bin" / "pkgs"

    def test_it_finds_the_environment_and_may_serve_as_its_pkgs(
        self, command: Path, tmp_path: Path, environ: dict[str, str]
    ) -> None:
        project = Project.make(tmp_path / "project", tmp_path / "state")
        project.tool("jot", "1.0.0")
        project.tool("ink", "1.0.0")
        deep = project.root / "a" / "b"
        deep.mkdir(parents=True)
        path = f"{command.parent}{os.pathsep}{environ['PATH']}"
        given = {**environ, "PATH": path, "PKGS_STATE_DIR": str(project.state)}

        run(["pkgs", "install", "jot"], deep, given)
        named = {**given, "PKGS_ENV": str(project.root)}
        run(["pkgs", "install", "ink"], tmp_path, named)
        listed = run(["pkgs", "list"], deep, given)
        outside = run(["pkgs", "list"], tmp_path, given, check=False)
        (project.root / "manifests" / "jot.hcl").touch()
        called = run([project.bin / "jot", "x"], tmp_path, {**given, "PKGS_EXE": str(command)})

        assert "jot" in listed.out
        assert "ink" in listed.out
        told(outside, "there is no environment", "pkgs init")
        assert called.out == "jot 1.0.0 x\n"

    def test_it_knows_the_manifests_and_the_libraries_of_its_own_release(
        self, command: Path, tmp_path: Path, environ: dict[str, str]
    ) -> None:
        """An environment that it makes bootstraps that same pkgs, without the command."""
        given = {**environ, "PKGS_STATE_DIR": str(tmp_path / "state")}

        (tmp_path / "project").mkdir()
        run([command, "init", tmp_path / "project"], tmp_path, given)
        done = run([tmp_path / "project" / "bin" / "pkgs", "version"], tmp_path, given)

        assert "setting up pkgs" in done.err
        assert done.out == run([command, "version"], tmp_path, given).out
