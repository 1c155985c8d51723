"""Channels that are declared, and those that follow from the versions."""

from __future__ import annotations

import pytest

from pkgs.manifest.model import Channel, Layer, Manifest
from pkgs.package.channels import channels_of
from pkgs.versions import Version


def channels(*versions: str, declared: tuple[Channel, ...] = ()) -> list[tuple[str, str | None, float]]:
    manifest = Manifest(name="tool", path="tool.hcl", description="A tool", layer=Layer(), channels=declared)
    made = channels_of(manifest, map(Version.parse, versions))
    return [(channel.name, channel.version, channel.update_seconds) for channel in made]


def made(*versions: str) -> dict[str, str | None]:
    return {name: glob for name, glob, _ in channels(*versions)}


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (["1.0.0"], {"latest": "1.*", "1": "1.*", "1.0": "1.0.*"}),
        (["1.0"], {"latest": "1.*", "1": "1.*"}),
        (["21"], {"latest": "21.*"}),
        (["1.2.3+m"], {"latest": "1+m.*", "1": "1.*", "1.2": "1.2.*"}),
        (["1.2-rc1"], {"latest": "1-rc1.*"}),
        (["2.0-rc1", "1.1.5"], {"latest": "1.*", "1": "1.*", "1.1": "1.1.*"}),
        (["17.0_12"], {"latest": "17.*", "17": "17.*", "17.0": "17.0.*"}),
        (["cli-2.8.0"], {"latest": "cli-2.*", "cli-2": "cli-2.*", "cli-2.8": "cli-2.8.*"}),
        ([], {}),
    ],
)
def test_channels_follow_from_versions(versions: list[str], expected: dict[str, str]) -> None:
    assert made(*versions) == expected


def test_each_is_made_once_and_checked_daily() -> None:
    day = 86400

    assert channels("1.10.1", "1.9.2", "1.9.1") == [
        ("latest", "1.*", day), ("1", "1.*", day), ("1.9", "1.9.*", day), ("1.10", "1.10.*", day),
    ]  # fmt: skip


def test_a_declared_latest_is_the_only_one_and_other_names_are_listed_beside_the_declared() -> None:
    declared = (Channel("latest", 5, None, Layer()), Channel("1", 7, "0.*", Layer()))

    assert channels("1.0", declared=declared) == [("latest", None, 5), ("1", "0.*", 7), ("1", "1.*", 86400)]
