"""The fences hold: each test here does what no test may do, and sees it refused."""

from __future__ import annotations

import os
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.clients import client_variables, link_client_files
from tests.support.fences import Fence, forbidden_paths, snapshot


@contextmanager
def refused(fence: Fence, what: str) -> Iterator[None]:
    """Expect one breach, and forgive it."""
    with pytest.raises(pytest.fail.Exception, match=what):
        yield
    assert len(fence.breaches) == 1
    fence.breaches.clear()


def test_the_home_is_empty_and_temporary(home: Path) -> None:
    assert Path.home() == home
    assert Path("~/.bashrc").expanduser() == home / ".bashrc"
    assert list(home.iterdir()) == []


def test_nothing_of_the_callers_environment_is_left() -> None:
    strangers = [
        name
        for name in os.environ
        if name.startswith(("PKGS_", "HERMIT_", "XDG_", "NPM_", "PIP_", "UV_", "GITHUB_"))
    ]

    assert strangers == []
    assert "CI" not in os.environ


@pytest.mark.parametrize(
    "name", [".bashrc", ".zshenv", ".gitconfig", ".config/fish/config.fish", ".cache/pkgs/blobs/x"]
)
def test_files_of_the_real_user_cannot_be_opened(fence: Fence, name: str) -> None:
    with refused(fence, "belongs to the real user"):
        Path(fence.home, name).read_bytes()


def test_the_real_cache_cannot_be_made(fence: Fence) -> None:
    with refused(fence, "belongs to the real user"):
        Path(fence.home, ".cache/pkgs").mkdir()


def test_other_machines_cannot_be_reached(fence: Fence) -> None:
    with refused(fence, "loopback only"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("192.0.2.1", 9))


def test_other_machines_cannot_be_looked_up(fence: Fence) -> None:
    with refused(fence, "loopback only"):
        urllib.request.urlopen("http://www.example.com/")


def test_loopback_can_be_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_a_swallowed_refusal_fails_the_test_all_the_same() -> None:
    inner = Fence("/home/someone", ("/home/someone/.bashrc",))

    def swallow() -> None:
        with pytest.raises(pytest.fail.Exception):
            inner.audit("open", ("/home/someone/.bashrc", "r", 0))

    with (
        pytest.raises(pytest.fail.Exception, match=r"/home/someone/\.bashrc"),
        inner.around_a_test(network=False),
    ):
        swallow()


def test_a_child_cannot_be_given_the_real_home(fence: Fence) -> None:
    with refused(fence, "real HOME"):
        subprocess.run(["/bin/sh", "-c", "true"], env={"HOME": fence.home}, check=True)


def test_children_see_the_fenced_home_and_no_git_configuration(home: Path) -> None:
    seen = subprocess.run(
        ["/bin/sh", "-c", 'echo "$HOME"'], capture_output=True, text=True, check=True
    ).stdout
    settings = subprocess.run(
        ["git", "config", "--list", "--show-scope"], capture_output=True, text=True, check=False, cwd=home
    )

    assert seen == f"{home}\n"
    assert settings.stdout == ""


def test_a_changed_startup_file_is_noticed(tmp_path: Path) -> None:
    paths = forbidden_paths(tmp_path, {})
    (tmp_path / ".bashrc").write_text("alias a=b\n")
    (tmp_path / ".config/fish").mkdir(parents=True)
    before = snapshot(paths, tmp_path)

    (tmp_path / ".config/fish/config.fish").write_text("set x 1\n")
    (tmp_path / ".bashrc").write_text("alias a=c\n")

    changed = dict(snapshot(paths, tmp_path).items() - before.items())
    assert {Path(name).name for name in changed} == {".bashrc", "config.fish"}


def test_another_pkgs_at_work_in_the_cache_is_no_breach(tmp_path: Path) -> None:
    paths = forbidden_paths(tmp_path, {})
    before = snapshot(paths, tmp_path)
    (tmp_path / ".cache/pkgs").mkdir(parents=True)
    (tmp_path / ".cache/pkgs/blob").write_text("x")

    assert snapshot(paths, tmp_path) == before


def test_client_configuration_reaches_registry_tests_as_links(tmp_path: Path) -> None:
    real, home = tmp_path / "real", tmp_path / "home"
    (real / ".config/pip").mkdir(parents=True)
    home.mkdir()
    (real / ".npmrc").write_text("registry=https://registry.example.invalid/\n")
    (real / ".config/pip/pip.conf").write_text("[global]\n")
    (real / ".bashrc").write_text("")

    link_client_files(real, home)

    assert (home / ".npmrc").readlink() == real / ".npmrc"
    assert (home / ".config/pip/pip.conf").read_text() == "[global]\n"
    assert not (home / ".bashrc").exists()


def test_client_variables_are_those_of_the_clients_only() -> None:
    environ = {
        "npm_config_registry": "a",
        "PIP_INDEX_URL": "b",
        "https_proxy": "c",
        "PKGS_ENV": "d",
        "HOME": "e",
    }

    assert client_variables(environ) == {"npm_config_registry": "a", "PIP_INDEX_URL": "b", "https_proxy": "c"}


@pytest.mark.registry
def test_registry_tests_still_have_a_home_of_their_own(home: Path, registry_environ: dict[str, str]) -> None:
    assert registry_environ["HOME"] == str(home)
