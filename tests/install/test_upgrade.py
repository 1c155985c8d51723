"""Upgrading: versions within their major one, channels to where they stand now."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from pkgs.digests import digest_bytes
from tests.support.archives import make_tar_gz
from tests.support.project import Project
from tests.support.server import Reply, Server, serving


def locked(project: Project) -> dict[str, Any]:
    packages: dict[str, Any] = tomllib.loads(project.lock.read_text()).get("package", {})
    return packages


def pinned(project: Project) -> list[str]:
    return sorted(path.name[1:-4] for path in project.bin.glob(".*.pkg"))


def test_a_version_moves_within_its_major_version(project: Project) -> None:
    project.tool("ink", "1.0.0", "1.2.0", "1.10.0", "2.0.0")
    project.pkgs("install", "ink-1.0.0", check=True)

    done = project.pkgs("upgrade", "ink", check=True)

    assert "removed ink-1.0.0" in done.err
    assert "pinned ink-1.10.0" in done.err
    assert project.call("ink").out == "ink 1.10.0\n"
    assert set(locked(project)) == {"ink-1.10.0"}


def test_without_names_everything_moves_and_again_nothing(project: Project) -> None:
    project.tool("ink", "1.0", "1.1")
    project.tool("jot", "2.0", "2.1")
    project.pkgs("install", "ink-1.0", "jot-2.0", check=True)

    project.pkgs("upgrade", check=True)
    assert pinned(project) == ["ink-1.1", "jot-2.1"]

    done = project.pkgs("upgrade", "--json", check=True)
    assert json.loads(done.out) == {"added": [], "removed": [], "moved": []}


def test_a_requirement_stays_one_when_it_is_upgraded(project: Project) -> None:
    project.tool("base", "1.0")
    project.tool("top", "1.0", more='requires = ["base"]')
    project.pkgs("install", "top", check=True)
    project.tool("base", "1.0", "1.1")

    project.pkgs("upgrade", check=True)
    assert pinned(project) == ["base-1.1", "top-1.0"]
    project.pkgs("uninstall", "top", check=True)

    assert pinned(project) == []


def test_a_dry_run_prints_and_changes_nothing(project: Project) -> None:
    project.tool("ink", "1.0", "1.1")
    project.pkgs("install", "ink-1.0", check=True)
    before = project.lock.read_text()

    done = project.pkgs("upgrade", "--dry-run", check=True)

    assert done.out == "- ink-1.0\n+ ink-1.1\n"
    assert pinned(project) == ["ink-1.0"]
    assert project.lock.read_text() == before


def test_a_frozen_environment_is_not_upgraded(project: Project) -> None:
    project.tool("ink", "1.0", "1.1")
    project.pkgs("install", "ink-1.0", check=True)

    done = project.pkgs("upgrade", CI="true")

    assert done.status == 1
    assert pinned(project) == ["ink-1.0"]


def test_a_name_that_is_not_pinned_is_refused(project: Project) -> None:
    project.tool("ink", "1.0")

    assert "ink is not installed here" in project.pkgs("upgrade", "ink").err


def test_a_channel_stands_still_until_it_is_upgraded(project: Project) -> None:
    project.tool("ink", "1.0", "1.1")
    project.pkgs("install", "ink@1", check=True)
    project.tool("ink", "1.0", "1.1", "1.2")

    project.pkgs("install", check=True)
    assert project.call("ink").out == "ink 1.1\n"
    done = project.pkgs("upgrade", "ink", check=True)

    assert "moved ink@1: 1.1 → 1.2" in done.err
    assert project.call("ink").out == "ink 1.2\n"
    assert locked(project)["ink@1"]["version"] == "1.2"
    assert pinned(project) == ["ink@1"]


class TestWithoutVersion:
    """A channel that names a URL and no version: only its ETag tells of other bytes."""

    @staticmethod
    def archive(project: Project, text: str) -> bytes:
        path = make_tar_gz(
            project.root / "dist" / "nightly.tgz", {"bin/ink": f"#!/bin/sh\necho {text}\n".encode()}
        )
        return path.read_bytes()

    def publish(self, project: Project, server: Server) -> Path:
        server.add("/ink.tgz", Reply(self.archive(project, "one"), etag='"1"'))
        manifest = project.root / "manifests" / "ink.hcl"
        manifest.write_text(
            'description = "ink"\nbinaries = ["bin/ink"]\n'
            f'channel "nightly" {{\n  update = "24h"\n'
            f'  source = "{server.url("/ink.tgz", userinfo="me:hunter2")}"\n}}\n'
        )
        project.pkgs("install", "ink@nightly", check=True)
        assert project.call("ink").out == "one\n"
        return manifest

    def test_an_equal_etag_is_asked_for_once_and_fetches_nothing(self, project: Project) -> None:
        with serving() as server:
            self.publish(project, server)
            before = len(server.seen("/ink.tgz"))

            project.pkgs("upgrade", "ink", check=True)

            assert [each.method for each in server.seen("/ink.tgz")[before:]] == ["HEAD"]

    def test_another_etag_brings_the_new_bytes(self, project: Project) -> None:
        with serving() as server:
            self.publish(project, server)
            body = self.archive(project, "two")
            server.add("/ink.tgz", Reply(body, etag='"2"'))

            dry = project.pkgs("upgrade", "ink", "--dry-run", check=True)
            assert dry.out == '~ ink@nightly: "1" → "2"\n'
            project.pkgs("upgrade", "ink", check=True)

            assert project.call("ink").out == "two\n"
            entry = locked(project)["ink@nightly"]["linux-amd64"][0]
            assert (entry["sha256"], entry["etag"]) == (digest_bytes(body).hex, '"2"')

    def test_without_names_the_update_interval_is_respected(self, project: Project) -> None:
        with serving() as server:
            self.publish(project, server)
            project.pkgs("upgrade", check=True)
            before = len(server.seen("/ink.tgz"))

            project.pkgs("upgrade", check=True)

            assert len(server.seen("/ink.tgz")) == before

    def test_a_server_in_trouble_changes_nothing(self, project: Project) -> None:
        with serving() as server:
            self.publish(project, server)
            server.add("/ink.tgz", Reply(status=500))

            done = project.pkgs("upgrade", "ink", check=True)

            assert f"{server.url('/ink.tgz')} was not asked for an update" in done.err
            assert "hunter2" not in done.err
            assert locked(project)["ink@nightly"]["linux-amd64"][0]["etag"] == '"1"'
            assert project.call("ink").out == "one\n"

    def test_a_call_asks_nobody(self, project: Project) -> None:
        with serving() as server:
            self.publish(project, server)
            before = len(server.requests)
            (project.bin / "touched").write_text("")  # the plan does not stand, so pkgs itself is asked

            assert project.call("ink").out == "one\n"
            assert len(server.requests) == before
