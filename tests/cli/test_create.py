"""``pkgs manifest create``: from a URL to a manifest that installs the tool."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pkgs.digests import digest_bytes
from pkgs.manifest.load import load_manifest
from pkgs.package.model import Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import ExactSelector
from pkgs.platforms import PLATFORMS
from pkgs.references import Reference
from tests.support.archives import make_gz, make_tar_gz, make_zip
from tests.support.project import Project, Run
from tests.support.server import Reply, Server, serving

SCRIPT = b"#!/bin/sh\necho it runs\n"
FOUR = tuple(map(str, PLATFORMS))


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def packed(tmp_path: Path, name: str, files: Mapping[str, bytes]) -> bytes:
    """Return an archive of the kind that ``name`` says; one file as it is for none."""
    path = tmp_path / "packed" / name.rpartition("/")[2]
    path.parent.mkdir(exist_ok=True)
    if name.endswith(".zip"):
        make_zip(path, files)
    elif name.endswith((".tar.gz", ".tgz")):
        make_tar_gz(path, files)
    else:
        (data,) = files.values()
        return make_gz(path, data).read_bytes() if name.endswith(".gz") else data
    return path.read_bytes()


def create(project: Project, server: Server, *words: str, api: bool = False) -> Run:
    return project.pkgs("manifest", "create", *words, PKGS_GITHUB_API=server.url("/api") if api else "")


def installs(project: Project, server: Server, text: str, tool: str, version: str) -> dict[str, str]:
    """Check that a manifest installs and runs; return each platform's URL."""
    (project.root / "manifests" / f"{tool}.hcl").write_text(text)
    project.pkgs("install", f"{tool}-{version}", check=True)
    assert project.call(tool).out == "it runs\n"
    manifest = load_manifest(text, name=tool, path="t")
    selector = ExactSelector(Reference(tool, version=version))
    found = {}
    for platform in PLATFORMS:
        try:
            package = resolve(manifest, selector, platform, Places.symbolic(), today=None)
        except Exception:
            continue
        assert package.sha256
        found[str(platform)] = package.source.removeprefix(server.url("/"))
    return found


def test_four_archives_become_one_source_line(project: Project, server: Server, tmp_path: Path) -> None:
    for platform in PLATFORMS:
        name = f"/dl/1.2.3/tool_1.2.3_{platform.os}_{platform.arch}.tar.gz"
        files = {f"tool_1.2.3/{each}": SCRIPT for each in ("bin/tool", "README")} | {
            "tool_1.2.3/lib/x.so": b"\x7fELF"
        }
        server.add(name, Reply(packed(tmp_path, name, {**files, "tool_1.2.3/README": b"text"})))
    url = server.url("/dl/1.2.3/tool_1.2.3_linux_amd64.tar.gz")

    done = create(project, server, url)

    assert done.status == 0, done.err
    assert done.out.count("source = ") == 1
    assert f'source = "{server.url("/dl/${version}/tool_${version}_${os}_${arch}.tar.gz")}"' in done.out
    assert 'binaries = ["bin/tool"]' in done.out
    assert "strip = 1" in done.out
    assert "platform" not in done.out
    assert set(installs(project, server, done.out, "tool", "1.2.3")) == set(FOUR)


def test_words_that_no_variable_has_become_vars(project: Project, server: Server, tmp_path: Path) -> None:
    words = {"linux": "unknown-linux-gnu", "darwin": "apple-darwin"}
    for platform in PLATFORMS:
        name = f"/2.9/tool-{platform.xarch}-{words[platform.os]}.zip"
        server.add(name, Reply(packed(tmp_path, name, {"tool": SCRIPT})))

    done = create(project, server, server.url("/2.9/tool-aarch64-apple-darwin.zip"))

    assert done.status == 0, done.err
    assert done.out.count("source = ") == 1
    assert 'tool-${xarch}-${system}.zip"' in done.out
    assert set(installs(project, server, done.out, "tool", "2.9")) == set(FOUR)


def test_other_endings_and_depths_become_blocks_of_systems(
    project: Project, server: Server, tmp_path: Path
) -> None:
    for arch in ("x64", "arm64"):
        linux, darwin = f"/7.1/tool-linux-{arch}.tgz", f"/7.1/tool-macos-{arch}.zip"
        server.add(linux, Reply(packed(tmp_path, linux, {"dist/tool": SCRIPT})))
        server.add(darwin, Reply(packed(tmp_path, darwin, {"tool": SCRIPT})))

    done = create(project, server, server.url("/7.1/tool-linux-x64.tgz"))

    assert done.status == 0, done.err
    assert done.out.count("source = ") == 2
    assert "linux {" in done.out
    assert "darwin {" in done.out
    assert set(installs(project, server, done.out, "tool", "7.1")) == set(FOUR)


def test_a_bare_program_is_renamed_and_rosetta_runs_what_is_missing(
    project: Project, server: Server, tmp_path: Path
) -> None:
    for word in ("linux-amd64", "linux-arm64", "darwin-amd64"):
        server.add(f"/v1.0.0/tool-{word}", Reply(SCRIPT))

    done = create(project, server, server.url("/v1.0.0/tool-linux-amd64"))

    assert done.status == 0, done.err
    found = installs(project, server, done.out, "tool", "1.0.0")
    assert found["darwin-arm64"] == found["darwin-amd64"] == "v1.0.0/tool-darwin-amd64"


def test_a_platform_that_is_not_there_is_not_claimed(
    project: Project, server: Server, tmp_path: Path
) -> None:
    name = "/tool-3.0.0-Linux-x86_64.gz"
    server.add(name, Reply(packed(tmp_path, name, {"x": SCRIPT})))

    done = create(project, server, server.url(name))

    assert done.status == 0, done.err
    assert list(installs(project, server, done.out, "tool", "3.0.0")) == ["linux-amd64"]


def test_a_version_may_be_given(project: Project, server: Server, tmp_path: Path) -> None:
    server.add("/tool-linux-amd64", Reply(SCRIPT))

    done = create(project, server, "--pkg-version", "2024a", server.url("/tool-linux-amd64"))

    assert done.status == 0, done.err
    assert "does not say 2024a" in done.err
    assert list(installs(project, server, done.out, "tool", "2024a")) == ["linux-amd64"]


def release(server: Server, tmp_path: Path, tag: str, *names: str) -> None:
    """Publish a release; assets that end in .sha256 state the digest of what they are beside."""
    assets = []
    for name in names:
        place = f"/o/tool/releases/download/{tag}/{name}"
        data = packed(tmp_path, name, {"tool": SCRIPT})
        if name.endswith(".sha256"):
            data = digest_bytes(packed(tmp_path, name.removesuffix(".sha256"), {"tool": SCRIPT})).hex.encode()
        server.add(place, Reply(data))
        assets.append({"name": name, "browser_download_url": server.url(place)})
    document = json.dumps({"tag_name": tag, "assets": assets}).encode()
    server.add("/api/repos/o/tool/releases/latest", Reply(document))
    server.add(f"/api/repos/o/tool/releases/tags/{tag}", Reply(document))
    server.add(
        "/api/repos/o/tool", Reply(b'{"description": "Does \\"things\\".", "homepage": "https://o.example"}')
    )


def test_a_release_page_gives_its_archives_and_nothing_else(
    project: Project, server: Server, tmp_path: Path
) -> None:
    release(
        server,
        tmp_path,
        "cli-v1.4.0",
        "tool_linux_amd64.deb",
        "tool_linux_amd64.sbom.json",
        "tool_linux_amd64.tar.gz.sha256",
        "tool_linux_amd64.tar.gz",
        "tool_linux_arm64.tar.gz",
        "tool_darwin_all.tar.gz",
        "tool_windows_amd64.zip",
        "checksums.txt",
    )

    done = create(project, server, server.url("/o/tool/releases/latest"), api=True)
    same = create(project, server, server.url("/o/tool/releases/tag/cli-v1.4.0"), api=True)

    assert done.status == 0, done.err
    assert done.out == same.out
    assert 'description = "Does \\"things\\"."' in done.out
    assert 'homepage = "https://o.example"' in done.out
    assert 'github-release = "o/tool"' in done.out
    assert 'version-pattern = "cli-v(.*)"' in done.out
    found = installs(project, server, done.out, "tool", "1.4.0")
    assert {name: url.rpartition("/")[2] for name, url in found.items()} == {
        "linux-amd64": "tool_linux_amd64.tar.gz",
        "linux-arm64": "tool_linux_arm64.tar.gz",
        "darwin-amd64": "tool_darwin_all.tar.gz",
        "darwin-arm64": "tool_darwin_all.tar.gz",
    }


def test_a_digest_that_is_not_the_stated_one_is_refused(
    project: Project, server: Server, tmp_path: Path
) -> None:
    name = "/1.0/tool-linux-amd64.tgz"
    server.add(name, Reply(packed(tmp_path, name, {"tool": SCRIPT})))
    server.add(f"{name}.sha256", Reply(b"0" * 64))

    done = create(project, server, server.url(name))

    assert done.status == 1
    assert f"states {'0' * 64}" in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/tool-linux-amd64.tgz", "could not infer version"),
        ("/1.0/tool.tgz", "could not infer OS"),
    ],
)
def test_what_cannot_be_told_is_asked_for(
    project: Project, server: Server, tmp_path: Path, path: str, why: str
) -> None:
    server.add(path, Reply(packed(tmp_path, path, {"tool": SCRIPT})))

    done = create(project, server, server.url(path))

    assert (done.status, why in done.err) == (2, True)


def test_an_archive_without_a_program_is_refused(project: Project, server: Server, tmp_path: Path) -> None:
    name = "/1.0/tool-linux-amd64.tgz"
    server.add(name, Reply(packed(tmp_path, name, {"README": b"nothing to run"})))

    done = create(project, server, server.url(name))

    assert (done.status, "holds no program" in done.err) == (1, True)


def test_a_url_that_is_not_there_is_told(project: Project, server: Server) -> None:
    done = create(project, server, server.url("/1.0/tool-linux-amd64.tgz"))

    assert (done.status, "answers 404" in done.err) == (1, True)
