"""The manifests in manifests/: each loads and resolves everywhere, and lists no digest without a use."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pkgs.manifest.load import load_manifest
from pkgs.manifest.model import Manifest
from pkgs.package.model import Package, Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import GlobSelector
from pkgs.platforms import PLATFORMS, Platform

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus" / "resolved.jsonl.xz"
NAMES = sorted(path.stem for path in (ROOT / "manifests").glob("*.hcl"))
ORIGIN = re.compile(r"https://(github\.com|releases\.hashicorp\.com)/|npm:@?[a-z]")

OLD_DENO = (
    "1.45.5", "1.46.3", "2.0.6", "2.1.1", "2.1.10", "2.2.12",
    "2.3.7", "2.4.5", "2.5.6", "2.6.10", "2.7.14", "2.8.3",
)  # fmt: skip

# Nobody has told us these digests. A digest that becomes known is taken off here.
UNKNOWN = {
    *(f"dagu-1.30.2 {platform}" for platform in ("linux-arm64", "darwin-amd64", "darwin-arm64")),
    *(f"dagu-2.4.2 {platform}" for platform in ("darwin-amd64", "darwin-arm64")),
    *(
        f"dagu-{version} {platform}"
        for version in ("2.10.7", "2.11.2", "2.14.0")
        for platform in PLATFORMS[1:]
    ),
    "dagu-2.15.1 linux-arm64",
    *(f"deno-{version} linux-arm64" for version in OLD_DENO),
    *(f"tiup-1.15.1 {platform}" for platform in PLATFORMS[1:]),
    *(f"tiup-1.16.5 {platform}" for platform in PLATFORMS),
    *(f"tome-cli-0.2.0 {platform}" for platform in PLATFORMS),
}


@cache
def manifest(name: str) -> Manifest:
    path = ROOT / "manifests" / f"{name}.hcl"
    return load_manifest(path.read_text("utf-8"), name=name, path=str(path))


@cache
def package(name: str, version: str, platform: Platform) -> Package:
    selector = GlobSelector.parse(f"{name}-{version}")
    return resolve(manifest(name), selector, platform, Places.symbolic(), today=None)


def versions(name: str) -> list[str]:
    return [version for block in manifest(name).versions for version in block.versions]


def packages() -> Iterator[Package]:
    for name in NAMES:
        for version in versions(name):
            for platform in PLATFORMS:
                yield package(name, version, platform)


def label(found: Package) -> str:
    return f"{found.reference} {found.platform}"


def test_the_five_tools_are_there() -> None:
    assert NAMES == ["dagu", "deno", "terraform", "tiup", "tome-cli"]


def test_every_version_resolves_on_every_platform_without_a_warning() -> None:
    assert {label(found): found.warnings for found in packages() if found.warnings} == {}


def test_every_origin_is_one_we_know() -> None:
    strange = [
        origin.source for found in packages() for origin in found.origins if not ORIGIN.match(origin.source)
    ]

    assert strange == []
    assert all(found.origins for found in packages())


def test_the_unknown_digests_are_exactly_those_that_are_admitted() -> None:
    unknown = {label(found) for found in packages() if not all(origin.sha256 for origin in found.origins)}

    assert unknown == UNKNOWN


def test_no_listed_digest_is_left_over_or_given_twice() -> None:
    used = {origin.source for found in packages() for origin in found.origins}
    sums = {url: digest for name in NAMES for url, digest in manifest(name).sha256sums.items()}

    assert set(sums) - used == set()
    assert len(set(sums.values())) == len(sums)


def test_the_daily_versions_are_known_everywhere() -> None:
    wanted = {"terraform": ("1.5.6", "1.11.4", "1.14.6", "1.15.8"), "deno": ("2.9.4", "2.9.5")}
    digests = [
        origin.sha256
        for name, numbers in wanted.items()
        for number in numbers
        for platform in PLATFORMS
        for origin in package(name, number, platform).origins
    ]

    assert "" not in digests
    assert len(versions("terraform")) >= 10


def test_dagu_is_found_in_its_npm_package() -> None:
    found = package("dagu", "1.30.2", Platform("linux", "amd64"))

    assert (found.source, found.strip) == ("npm:@dagu-org/dagu-linux-x64@1.30.2", 1)
    assert (found.root, found.binaries) == ("${dest}/bin", ("dagu",))
    assert package("dagu", "1.30.2", Platform("darwin", "arm64")).root == "${dest}"


@pytest.mark.parametrize("platform", PLATFORMS, ids=str)
def test_deno_has_a_second_origin_with_a_digest_and_a_strip_of_its_own(platform: Platform) -> None:
    zipped, packed = package("deno", "2.9.5", platform).origins

    assert zipped.source.startswith("https://github.com/denoland/deno/releases/download/v2.9.5/")
    assert packed.source.startswith("npm:@deno/")
    assert (zipped.strip, packed.strip) == (0, 1)
    assert zipped.sha256 != packed.sha256


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [
        ("dagu", "DAGU_HOME", "${env}/.dagu"),
        ("deno", "DENO_NO_UPDATE_CHECK", "1"),
        ("terraform", "CHECKPOINT_DISABLE", "1"),
        ("tiup", "TIUP_HOME", "${env}/.tiup"),
    ],
)
def test_tools_are_told_where_they_live_and_not_to_call_home(name: str, variable: str, value: str) -> None:
    operations = package(name, versions(name)[0], PLATFORMS[0]).env

    assert [(op.name, getattr(op, "value", None)) for op in operations] == [(variable, value)]


@pytest.mark.skipif(not CORPUS.exists(), reason="the public corpus is not beside this checkout")
@pytest.mark.parametrize("name", ["deno", "terraform"])
def test_digests_agree_with_what_others_recorded(name: str) -> None:
    recorded = {}
    with lzma.open(CORPUS, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(f'{{"name":"{name}","package"'):
                found = json.loads(line)["package"]
                recorded[found["source"]] = found.get("sha256", "")
    ours = manifest(name).sha256sums
    shared = ours.keys() & recorded.keys()

    assert {url: ours[url] for url in shared} == {url: recorded[url] for url in shared}
    assert len(shared) >= 30
