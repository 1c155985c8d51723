"""``pkgs test`` gives up what it has claimed and made, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.faults import Started
from tests.support.mounts import needed
from tests.support.project import Project

TRIES = 'test = "tool check"'


def claims(project: Project) -> dict[str, list[str]]:
    """Return for each owner which trees, downloads and links it claims."""
    records = [json.loads(path.read_text()) for path in (project.state / "roots").glob("*.json")]
    return {each["bin"]: [*each["trees"], *each["blobs"], *each["links"]] for each in records}


def left(project: Project) -> list[str]:
    """Return what owners have in the state directory."""
    tops = [project.state / name for name in ("roots", "envs", "mutable")]
    found = [path for top in tops for path in top.rglob("*") if not path.is_dir() or path.parent in tops]
    return sorted(map(str, [*found, *(project.state / "locks").glob("env-*")]))


def collect(project: Project) -> list[str]:
    """Collect garbage of any age; return what trees are there then."""
    project.pkgs("gc", "--age", "0s", check=True)
    return sorted(json.loads(path.read_text())["label"] for path in (project.state / "trees").glob("*.json"))


@pytest.fixture
def pinned(project: Project) -> Project:
    """Return a project that pins another tool."""
    project.tool("other", "1.0.0")
    project.pkgs("install", "other", check=True)
    return project


@pytest.mark.parametrize(
    ("script", "words", "status"),
    [
        ("exit 0", [], 0),
        ("exit 3", [], 1),
        ("exec sleep 60", ["--timeout", "200ms"], 1),
    ],
    ids=["passed", "failed", "timed out"],
)
def test_a_trial_is_over_when_it_ends(pinned: Project, script: str, words: list[str], status: int) -> None:
    pinned.tool("jre", "17.0")
    pinned.tool("tool", "1.0.0", script=script, more=f'runtime-dependencies = ["jre-17.0"]\n{TRIES}')
    collect(pinned)
    before = claims(pinned), left(pinned)

    assert pinned.pkgs("test", "tool", *words).status == status

    assert (claims(pinned), left(pinned)) == before
    assert collect(pinned) == ["other-1.0.0"]


def test_a_trial_is_over_when_it_cannot_even_begin(pinned: Project) -> None:
    pinned.tool("jre", "17.0")
    pinned.tool("tool", "1.0.0", more='runtime-dependencies = ["jre-17.0"]\ntest = "nothing of its own"')
    collect(pinned)
    before = claims(pinned), left(pinned)
    assert "calls none of its tools" in pinned.pkgs("test", "tool").err

    (pinned.root / "dist" / "tool-1.0.0.tar.gz").write_bytes(b"damaged")
    collect(pinned)
    assert pinned.pkgs("test", "--no-check-sources", "tool").status == 1

    assert (claims(pinned), left(pinned)) == before
    assert collect(pinned) == ["other-1.0.0"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_trial_is_over_when_it_is_ended(pinned: Project, number: signal.Signals) -> None:
    pinned.tool(
        "tool",
        "1.0.0",
        script="echo $$ >$HERE/began && mv $HERE/began $HERE/begun; exec sleep 60",
        more=TRIES,
    )
    environ = pinned.environ(HERE=str(pinned.root))
    with Started((pinned.exe, "test", "tool"), environ, pinned.root) as started:
        wait_for(lambda: (pinned.root / "begun").exists())
        assert collect(pinned) == ["other-1.0.0", "tool-1.0.0"]
        os.kill(started.process.pid, number)
        started.process.wait(30)
    with suppress(ProcessLookupError):
        os.kill(int((pinned.root / "begun").read_text()), signal.SIGKILL)

    assert collect(pinned) == ["other-1.0.0"]


def test_gc_takes_nothing_from_a_trial(project: Project) -> None:
    project.tool("jre", "17.0")
    script = '"$PKGS_EXE" gc --age 0s >/dev/null 2>&1 || exit 2; exec jre'
    project.tool("tool", "1.0.0", script=script, more=f'runtime-dependencies = ["jre-17.0"]\n{TRIES}')

    assert project.pkgs("test", "tool").out == "passed\ttool-1.0.0\n"

    assert collect(project) == []


def test_what_is_pinned_stays(project: Project) -> None:
    project.tool("tool", "1.0.0", more=TRIES)
    project.pkgs("install", "tool", check=True)
    before = claims(project)

    project.pkgs("test", "tool", check=True)

    assert claims(project) == before
    assert collect(project) == ["tool-1.0.0"]


class TestPlaces:
    """Packages that live somewhere else than in their tree."""

    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        (tmp_path / "home").mkdir()
        return tmp_path / "home"

    def test_a_link_goes(self, project: Project, home: Path) -> None:
        project.tool("tool", "1.0.0", more=f'dest = "${{HOME}}/tool"\n{TRIES}')

        project.pkgs("test", "tool", check=True, HOME=str(home))

        assert not os.path.lexists(home / "tool")

    @pytest.mark.parametrize("more", ["", "mutable = true\n"], ids=["tree", "copy"])
    @pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
    def test_the_link_of_what_is_pinned_leads_where_it_did(
        self, project: Project, home: Path, version: str, more: str
    ) -> None:
        project.tool("tool", "1.0.0", "2.0.0", more=f'dest = "${{HOME}}/tool"\n{TRIES}\n{more}')
        project.pkgs("install", "tool-1.0.0", check=True, HOME=str(home))
        before = (home / "tool").readlink()

        tried = project.pkgs("test", f"tool-{version}", check=True, HOME=str(home))

        assert tried.out == f"passed\ttool-{version}\n"
        assert (home / "tool").readlink() == before
        assert project.call("tool", HOME=str(home)).out == "tool 1.0.0\n"

    def test_a_copy_is_of_its_own_and_goes(self, project: Project) -> None:
        script = 'd=$(dirname "$0"); test ! -e "$d/used" || exit 3; touch "$d/used"'
        project.tool("tool", "1.0.0", script=script, more=f"mutable = true\n{TRIES}")
        project.pkgs("install", "tool", check=True)
        project.call("tool")
        assert project.call("tool").status == 3

        assert project.pkgs("test", "tool").out == "passed\ttool-1.0.0\n"

        assert project.call("tool").status == 3
        assert len([path for path in (project.state / "mutable").glob("*/*") if path.is_dir()]) == 1


@pytest.fixture
def read_only(project: Project) -> Iterator[Project]:
    """Give the project a state directory that holds what it pins and cannot be written."""
    project.tool("tool", "1.0.0", more=TRIES)
    project.pkgs("install", "tool", check=True)
    place = project.state.with_name("read-only")
    place.mkdir()
    words = ("mount", "--bind", "-o", "ro", project.state, place)
    needed(subprocess.run(words, capture_output=True, check=False).returncode == 0, "way to mount read-only")
    yield replace(project, state=place)
    subprocess.run(["umount", "-l", place], check=True)


def test_what_is_there_can_be_tried_where_nothing_can_be_written(read_only: Project) -> None:
    assert read_only.pkgs("test", "tool").out == "passed\ttool-1.0.0\n"


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
