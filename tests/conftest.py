"""Fences that every test stands behind: no real home, no real state, no variables from outside, no network.

A test marked ``registry`` gets the network and the package clients' own configuration
(tests/support/clients.py).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.clients import client_variables, link_client_files
from tests.support.fences import Fence, forbidden_paths, install, real_home, snapshot

# How long an example takes says more about the machine than about the code.
settings.register_profile("pkgs", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pkgs")

# In the background of a shell interrupts are ignored, and would be by every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

_REAL_HOME = real_home()
_REAL_ENVIRON = dict(os.environ)
_FENCE = install(_REAL_HOME, _REAL_ENVIRON)
_KEPT = frozenset({"PATH", "TERM", "TMPDIR", "TZ", "USER", "LOGNAME", "SHELL"})
_GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "A Tester",
    "GIT_AUTHOR_EMAIL": "tester@example.invalid",
    "GIT_COMMITTER_NAME": "A Tester",
    "GIT_COMMITTER_EMAIL": "tester@example.invalid",
}


@pytest.fixture(scope="session", autouse=True)
def _real_home_is_untouched() -> Iterator[None]:
    """Fail the session if a start-up or configuration file of the real user changed while it ran."""
    fenced = forbidden_paths(_REAL_HOME, _REAL_ENVIRON)
    before = snapshot(fenced, _REAL_HOME)
    yield
    assert snapshot(fenced, _REAL_HOME) == before, "a test changed files in the real home"


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty home directory of this test's own: what ``HOME`` says."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def fence(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Fence]:
    """Empty the environment, move the home, and close the fence while the test runs."""
    registry = request.node.get_closest_marker("registry") is not None
    for name in set(os.environ) - _KEPT:
        if not name.startswith(("PYTEST_", "COV_")):
            monkeypatch.delenv(name)
    given = {"HOME": str(home), "PATH": _outside_path(), "LANG": "C.UTF-8", **_GIT}
    if registry:
        link_client_files(_REAL_HOME, home)
        given |= {"PIP_NO_COMPILE": "0"}  # pip's way of being told not to: little of it is ever imported
        given |= client_variables(_REAL_ENVIRON)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with _FENCE.around_a_test(network=registry):
        yield _FENCE


@pytest.fixture
def registry_environ(request: pytest.FixtureRequest, fence: Fence) -> dict[str, str]:
    """Return the environment of a child process that may reach the package registries."""
    assert fence.network, f"{request.node.name} needs the mark `registry`"
    return dict(os.environ)


def _outside_path() -> str:
    """Return PATH without the directories of any pkgs environment that is active around the tests."""
    folders = _REAL_ENVIRON.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not (Path(folder) / "pkgs.hcl").exists())
