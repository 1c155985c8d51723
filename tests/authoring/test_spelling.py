"""How publishers spell versions and platforms."""

from __future__ import annotations

import pytest

from pkgs.authoring.spelling import others, spelled, tag_pattern, version_in
from pkgs.platforms import PLATFORMS, Platform

HUB = "https://github.com/o/linux-tool/releases/download"


@pytest.mark.parametrize(
    ("url", "platform", "version", "shape"),
    [
        (f"{HUB}/v1.2/tool-linux64.zip", "linux-amd64", "1.2", f"{HUB}/v${{version}}/tool-${{OS}}64.zip"),
        (
            f"{HUB}/v2.9.4/x-x86_64-unknown-linux-gnu.zip",
            "linux-amd64",
            "2.9.4",
            f"{HUB}/v${{version}}/x-${{ARCH}}-${{OS}}.zip",
        ),
        (
            f"{HUB}/jq-1.7/jq-macos-arm64",
            "darwin-arm64",
            "1.7",
            f"{HUB}/jq-${{version}}/jq-${{OS}}-${{ARCH}}",
        ),
        (
            f"{HUB}/2024-01-05/t-Darwin_aarch64.txz",
            "darwin-arm64",
            "2024-01-05",
            f"{HUB}/${{version}}/t-${{OS}}_${{ARCH}}.txz",
        ),
        (
            "https://10.1.2.3/terraform/1.11.4/terraform_1.11.4_linux_amd64.zip",
            "linux-amd64",
            "1.11.4",
            "https://10.1.2.3/terraform/${version}/terraform_${version}_${OS}_${ARCH}.zip",
        ),
        ("https://x.example/1.0-rc1/win.zip", "None", "1.0-rc1", "https://x.example/${version}/win.zip"),
        ("https://x.example/tool-macOS.zip", "darwin-amd64", "", "https://x.example/tool-${OS}.zip"),
    ],
)
def test_a_url_tells_platform_and_version(url: str, platform: str, version: str, shape: str) -> None:
    found, on = spelled(url)

    assert str(on) == platform
    assert version_in(url) == version
    assert found.shape(version) == shape


def first(url: str, there: str, count: int = 2) -> list[str]:
    known, here = spelled(url)
    assert here is not None
    guesses = others(known, here, Platform.parse(there))
    return [next(guesses).url.rpartition("/")[2] for _ in range(count)]


@pytest.mark.parametrize(
    ("name", "there", "guesses"),
    [
        ("t_linux_amd64.tgz", "darwin-arm64", ["t_darwin_arm64.tgz", "t_darwin_aarch64.tgz"]),
        ("t-x86_64-unknown-linux-musl.zip", "linux-arm64", ["t-arm64-unknown-linux-musl.zip"]),
        ("T_Linux_x86_64.tgz", "darwin-amd64", ["T_Darwin_x86_64.tgz", "T_Darwin_universal2.tgz"]),
        ("t-macos-x64.zip", "linux-amd64", ["t-linux-x64.zip"]),
    ],
)
def test_other_platforms_are_guessed_in_the_same_style(name: str, there: str, guesses: list[str]) -> None:
    assert first(f"https://x.example/{name}", there, len(guesses)) == guesses


def test_what_names_no_processor_is_not_taken_for_arm64() -> None:
    known, here = spelled("https://x.example/tool-linux64.zip")
    assert here is not None

    assert list(others(known, here, PLATFORMS[1])) == []


@pytest.mark.parametrize(
    ("tag", "version", "pattern"),
    [
        ("v1.2", "1.2", ""),
        ("1.2", "1.2", ""),
        ("cli-v1.2", "1.2", "cli-v(.*)"),
        ("a.b+1.2", "1.2", r"a\.b\+(.*)"),
        ("v1.2-final", "1.2", ""),
    ],
)
def test_a_tags_prefix_becomes_a_pattern(tag: str, version: str, pattern: str) -> None:
    assert tag_pattern(tag, version) == pattern
