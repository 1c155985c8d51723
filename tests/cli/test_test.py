"""``pkgs test`` as a user calls it."""

from __future__ import annotations

import json
import time

import pytest

from pkgs.digests import digest_file
from tests.support.archives import make_tar_gz
from tests.support.project import Project


def publish(project: Project, script: str, more: str = 'test = "tool check"\n') -> None:
    archive = project.root / "dist" / "tool-1.0.0.tar.gz"
    make_tar_gz(archive, {"tool-1.0.0/bin/tool": f"#!/bin/sh\n{script}\n".encode()})
    project.manifest("tool", ["1.0.0"], {archive: digest_file(archive).hex}, more)


def test_a_package_that_works_passes_and_is_not_pinned(project: Project) -> None:
    publish(
        project,
        'test "$1" = check && test "$ROOT" && test -z "$(ls -A)"',
        'test = "tool check"\nenv = { "ROOT": "${root}" }\n',
    )

    done = project.pkgs("test", "tool")

    assert (done.status, done.out) == (0, "passed\ttool-1.0.0\n")
    assert project.pkgs("list", "--short").out == ""


def test_a_failing_test_shows_what_it_said(project: Project) -> None:
    publish(project, "echo out; echo err >&2; exit 3")

    done = project.pkgs("test", "tool")

    assert (done.status, done.out) == (1, "failed\ttool-1.0.0\tit ends with status 3\n")
    assert "tool check\nout\nerr\n" in done.err


def test_a_test_that_hangs_is_ended_with_its_children(project: Project) -> None:
    publish(project, "sleep 60 & sleep 60")
    before = time.monotonic()

    done = project.pkgs("test", "tool", "--timeout", "500ms")

    assert (done.status, done.out) == (1, "failed\ttool-1.0.0\tit takes more than 0.5 s\n")
    assert time.monotonic() - before < 30


def test_a_source_that_is_gone_is_named_unless_not_asked_for(project: Project) -> None:
    publish(project, "exit 0")
    project.pkgs("install", "tool", check=True)
    archive = project.root / "dist" / "tool-1.0.0.tar.gz"
    archive.unlink()

    (found,) = json.loads(project.pkgs("test", "tool", "--json").out)

    assert found["result"] == "failed"
    assert list(found["unreachable"]) == [archive.as_uri()]
    assert project.pkgs("test", "--no-check-sources", "tool").status == 0


def test_a_source_that_cannot_be_reached_is_named_without_its_password(project: Project) -> None:
    project.remote("tool", "http://me:hunter2@127.0.0.1:9/tool.tgz?token=hunter2")

    for words in (["test", "tool"], ["test", "tool", "--json"]):
        done = project.pkgs(*words)
        assert "http://127.0.0.1:9/tool.tgz?…" in done.err + json.dumps(done.out, ensure_ascii=False)
        assert "hunter2" not in done.err + done.out


def test_what_cannot_be_tried_here_is_skipped(project: Project) -> None:
    publish(project, "exit 1", "")
    assert project.pkgs("test", "tool").out == "skipped\ttool-1.0.0\tits manifest has no test\n"
    path = project.root / "manifests" / "tool.hcl"
    path.write_text(
        'description = "x"\nbinaries = ["x"]\ntest = "x"\n'
        'platform "darwin" { source = "file:///x" }\nversion "1" {}\n'
    )

    done = project.pkgs("test", "--no-check-sources", "tool")

    assert (done.status, done.out.split("\t")[0]) == (0, "skipped")
    assert "tool-1 has no source for linux-amd64" in done.err


@pytest.mark.parametrize(
    ("test", "says"), [("other x", "calls none of its tools"), ("tool 'x", "is no command")]
)
def test_a_test_that_is_not_the_packages_own_is_an_error(project: Project, test: str, says: str) -> None:
    publish(project, "exit 0", f'test = "{test}"\n')

    done = project.pkgs("test", "tool")

    assert (done.status, says in done.err) == (1, True)


def test_a_test_may_take_weeks(project: Project) -> None:
    publish(project, "exit 0")

    assert project.pkgs("test", "tool", "--timeout", "1000h").out == "passed\ttool-1.0.0\n"


def test_unknown_packages_and_times_are_errors(project: Project) -> None:
    publish(project, "exit 0")

    assert "did you mean tool?" in project.pkgs("test", "tol").err
    assert project.pkgs("test", "tool", "--timeout", "soon").status == 2
