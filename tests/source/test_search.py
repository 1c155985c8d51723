"""Searching: what matches, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pkgs.errors import UsageError
from pkgs.source.catalog import Listed
from pkgs.source.local import LocalSource
from pkgs.source.search import Pattern, search
from pkgs.source.summary import Summary
from tests.support.timing import assert_cheap

SOURCE = LocalSource("x", Path("/nowhere"))


def _found(pattern: str, packages: Mapping[str, Summary], *, exact: bool = False) -> list[str]:
    listed = [Listed(name, summary, SOURCE) for name, summary in packages.items()]
    return [package.name for package in search(listed, Pattern.parse(pattern, exact=exact))]


def test_the_best_match_comes_first() -> None:
    packages = {
        "described": Summary(description="Reads TAR files"),
        "at-home": Summary(homepage="https://tar.test"),
        "bsdtar": Summary(),
        "tools": Summary(binaries=("gtar",)),
        "virtual": Summary(provides=("tar",)),
        "tarsnap": Summary(),
        "tar": Summary(),
        "other": Summary(),
    }

    assert _found("tar", packages) == ["tar", "tarsnap", "tools", "virtual", "bsdtar", "at-home", "described"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", ["c-a", "terraform", "terragrunt", "tf"]),
        ("TERRA", ["terraform", "terragrunt"]),
        ("^terra", ["terraform", "terragrunt"]),
        ("^form", []),
        ("form$", ["terraform"]),
        ("^t.*t$", ["terragrunt"]),
        ("terra(form|grunt)", ["terraform", "terragrunt"]),
        ("[[:alpha:]]-", ["c-a"]),
        (r"c\Wa", ["c-a"]),
    ],
)
def test_hermit_s_forms(pattern: str, found: list[str]) -> None:
    names = ("terraform", "tf", "terragrunt", "c-a")

    assert _found(pattern, dict.fromkeys(names, Summary())) == found


def test_exact_takes_the_pattern_literally() -> None:
    packages = {
        "jre": Summary(),
        "openjdk": Summary(provides=("jre",), binaries=("java", "J.E")),
        "jre8": Summary(description="jre"),
    }

    assert _found("jre", packages, exact=True) == ["jre", "openjdk", "jre8"]
    assert _found("j.e", packages, exact=True) == ["openjdk"]


@pytest.mark.parametrize("pattern", ["(", "*a", r"\1", "(?=a)", "a" * 2000 + ".", "[", "a)|(b"])
def test_what_is_no_expression_is_refused_with_a_way_out(pattern: str) -> None:
    with pytest.raises(UsageError) as caught:
        Pattern.parse(pattern)

    assert caught.value.message.startswith(repr(pattern))
    assert "--exact" in caught.value.hint


def test_an_exploding_expression_does_not() -> None:
    packages = {f"p{n}": Summary(description="a" * 60) for n in range(50)}

    assert_cheap(lambda: _found("(a*)*(a|a)*(.*.*)*b$", packages), 10)
