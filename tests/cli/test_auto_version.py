"""``pkgs manifest auto-version``, as a bot and a person use it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgs.digests import digest_bytes
from tests.support.project import Project, Run
from tests.support.repositories import Repository
from tests.support.server import Reply, Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def write(
    project: Project, name: str, auto: str, labels: str = '"1.0.0"', source: str = "https://x.example/"
) -> Path:
    path = project.root / "manifests" / f"{name}.hcl"
    path.write_text(
        f'description = "A tool."   // as it was\nbinaries = ["{name}"]\nsource = "{source}${{version}}"\n'
        f"version {labels} {{ // why\n  auto-version {{ {auto} }}\n}}\n"
    )
    return path


def auto_version(project: Project, server: Server, *words: str) -> Run:
    return project.pkgs("manifest", "auto-version", *words, PKGS_GITHUB_API=server.url(""))


def release(server: Server, repository: str, tag: str) -> None:
    server.add(f"/repos/{repository}/releases/latest", Reply(json.dumps({"tag_name": tag}).encode()))


def test_a_new_release_is_the_last_label_and_nothing_else_changes(project: Project, server: Server) -> None:
    release(server, "o/tool", "v1.2.0")
    path = write(project, "tool", 'github-release = "o/tool"')
    before = path.read_text()

    done = auto_version(project, server, "--json", str(path))

    assert done.status == 0
    assert path.read_text() == before.replace('"1.0.0"', '"1.0.0" "1.2.0"')
    assert json.loads(done.out)[0]["versions"] == [
        {"before": ["1.0.0"], "found": "1.2.0", "added": True, "problem": ""}
    ]


@pytest.mark.parametrize(
    ("labels", "tag"), [('"1.2.0"', "v1.2.0"), ('"v1.2.0"', "1.2.0"), ('"0" "v1.2.0"', "v1.2.0")]
)
def test_both_spellings_are_one_version(project: Project, server: Server, labels: str, tag: str) -> None:
    release(server, "o/tool", tag)
    path = write(project, "tool", 'github-release = "o/tool"', labels)
    before = path.read_bytes(), path.stat().st_ino

    done = auto_version(project, server, str(path))

    assert "is there already" in done.err
    assert (path.read_bytes(), path.stat().st_ino) == before


def test_every_kind_of_source(project: Project, server: Server, tmp_path: Path) -> None:
    page = server.add("/page", Reply(b"<p>1.9</p><p>1.10</p>"))
    data = server.add("/data", Reply(b'{"all": ["2.1", "2.0"]}'))
    listed = [{"tag_name": tag} for tag in ("nightly", "v3.1", "v3.2")]
    server.add("/repos/o/tool/releases", Reply(json.dumps(listed).encode()))
    repository = Repository.make(tmp_path / "tool.git", {"x": "y"})
    for tag in ("v0.0.1", "v0.0.10", "v0.0.2"):
        repository.git("tag", tag)
    paths = {
        "1.10": write(project, "page", f'html {{ url = "{page}" css = "p" }}'),
        "2.1": write(project, "data", f'json {{ url = "{data}" jq = ".all[]" }}'),
        "0.0.10": write(project, "tags", f'git-tags = "{repository.path}"'),
        "3.1": write(
            project,
            "lenient",
            'github-release = "o/tool" version-pattern = "v(.*)" ignore-invalid-versions = true',
        ),
    }

    done = auto_version(project, server, "manifests")

    assert done.status == 0, done.err
    for version, path in paths.items():
        assert f'version "1.0.0" "{version}" {{' in path.read_text()


def test_a_pattern_for_the_other_spelling_still_fits(project: Project, server: Server) -> None:
    release(server, "o/tool", "1.33.0")
    path = write(project, "tool", 'github-release = "o/tool" version-pattern = "v(.*)"')

    auto_version(project, server, str(path))

    assert '"1.0.0" "1.33.0"' in path.read_text()


def test_what_does_not_fit_is_told(project: Project, server: Server) -> None:
    release(server, "o/tool", "nightly")
    path = write(project, "tool", 'github-release = "o/tool" version-pattern = "v(.*)"')
    before = path.read_text()

    done = auto_version(project, server, str(path))

    assert done.status == 1
    assert "tool.hcl: 'nightly' on the releases of o/tool does not match version-pattern 'v(.*)'" in done.err
    assert path.read_text() == before


def test_the_first_failure_ends_it_unless_told_to_go_on(project: Project, server: Server) -> None:
    release(server, "o/tool", "v2.0.0")
    write(project, "alpha", 'github-release = "o/gone"')
    beta = write(project, "beta", 'github-release = "o/tool"')

    first = auto_version(project, server, "manifests")
    stopped = beta.read_text()
    second = auto_version(project, server, "--continue-on-error", "manifests")

    assert first.status == 1
    assert "alpha.hcl" in first.err
    assert "2.0.0" not in stopped
    assert second.status == 0
    assert "alpha.hcl" in second.err
    assert "2.0.0" in beta.read_text()


def test_one_block_that_fails_stops_no_other(project: Project, server: Server) -> None:
    release(server, "o/tool", "v2.0.0")
    path = write(project, "tool", 'github-release = "o/gone"')
    path.write_text(path.read_text() + 'version "1.9.0" { auto-version { github-release = "o/tool" } }\n')

    done = auto_version(project, server, str(path))

    assert done.status == 1
    assert 'version "1.9.0" "2.0.0"' in path.read_text()


def test_digests_of_new_versions_are_added_when_asked_for(project: Project, server: Server) -> None:
    release(server, "o/tool", "v2.0.0")
    for version in ("1.0.0", "2.0.0"):
        server.add(f"/{version}", Reply(version.encode()))
    path = write(project, "tool", 'github-release = "o/tool"', source=server.url("/"))

    done = auto_version(project, server, "--update-digests", str(path))

    assert done.status == 0, done.err
    assert f'"{server.url("/2.0.0")}": "{digest_bytes(b"2.0.0").hex}",' in path.read_text()


def test_offline_there_is_nothing_to_ask(project: Project, server: Server) -> None:
    path = write(project, "tool", 'github-release = "o/tool"')

    done = auto_version(project, server, "--offline", str(path))

    assert (done.status, "pkgs is offline" in done.err) == (1, True)
