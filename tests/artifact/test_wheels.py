"""The wheel that fits a platform."""

from __future__ import annotations

import pytest

from pkgs.artifact.wheels import WheelFile, best_wheel, host_libc, wheels_of
from pkgs.platforms import Platform

NAMES = [
    "just-1.0-py3-none-manylinux_2_28_x86_64.whl",
    "just-1.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "just-1.0-py3-none-musllinux_1_2_x86_64.whl",
    "just-1.0-py3-none-manylinux2014_aarch64.whl",
    "just-1.0-py2.py3-none-macosx_11_0_arm64.whl",
    "just-1.0-py3-none-macosx_10_12_universal2.whl",
    "just-1.0-py3-none-win_amd64.whl",
    "just-1.0-cp311-cp311-manylinux_2_5_x86_64.whl",
]


def _best(platform: str, names: list[str], libc: str = "glibc", yanked: str = "") -> str | None:
    wheels = [WheelFile(name, "u", yanked="why" if name == yanked else "") for name in names]
    best = best_wheel(wheels, Platform.parse(platform), libc)
    return best.filename if best else None


@pytest.mark.parametrize(
    ("platform", "libc", "number"),
    [
        ("linux-amd64", "glibc", 1),
        ("linux-amd64", "musl", 2),
        ("linux-arm64", "glibc", 3),
        ("linux-arm64", "musl", None),
        ("darwin-arm64", "glibc", 4),
        ("darwin-amd64", "glibc", 5),
    ],
)
def test_platform_and_libc_decide(platform: str, libc: str, number: int | None) -> None:
    assert _best(platform, NAMES, libc) == (None if number is None else NAMES[number])


def test_a_wheel_for_all_is_the_last_choice() -> None:
    pure = "just-1.0-py3-none-any.whl"

    assert _best("linux-amd64", [pure, NAMES[0]]) == NAMES[0]
    assert _best("linux-arm64", [pure]) == pure


def test_a_later_build_is_better_and_a_withdrawn_file_the_worst() -> None:
    later = "just-1.0-2-py3-none-manylinux_2_28_x86_64.whl"

    assert _best("linux-amd64", [NAMES[0], later]) == later
    assert _best("linux-amd64", [NAMES[0], later], yanked=later) == NAMES[0]
    assert _best("linux-amd64", [later], yanked=later) == later


def test_only_wheels_of_the_version_count() -> None:
    files = [
        WheelFile(name, "u") for name in (*NAMES, "just-1.1-py3-none-any.whl", "just-1.0.tar.gz", "x.whl")
    ]

    assert [file.filename for file in wheels_of(files, "Just", "1.0.0")] == NAMES
    assert wheels_of(files, "just", "not a version") == []


def test_this_machine_has_a_libc() -> None:
    assert host_libc() in ("glibc", "musl")
