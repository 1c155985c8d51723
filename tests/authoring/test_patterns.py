"""Version patterns, and the two spellings of one version."""

from __future__ import annotations

import pytest

from pkgs.authoring.patterns import Pattern, like, respelled
from pkgs.errors import ManifestError


@pytest.mark.parametrize(
    ("pattern", "candidate", "version"),
    [
        ("v?(.*)", "v1.2.3", "1.2.3"),
        ("v?(.*)", "1.2.3", "1.2.3"),
        ("kustomize/v(.*)", "kustomize/v5.0", "5.0"),
        ("kustomize/v(.*)", "api/v5.0", ""),
        (r"docker-([^\s]+).tgz", "docker-24.0.1.tgz", "24.0.1"),
        ("v([0-9]\\..*|10\\..*)", "v11.0", ""),
        (r"^(\d+)\z", "12", "12"),
        ("v?(.*)", "x" * 300, ""),
    ],
)
def test_the_group_is_the_version(pattern: str, candidate: str, version: str) -> None:
    assert Pattern.parse(pattern).version(candidate) == version


@pytest.mark.parametrize(
    ("pattern", "why"), [("v.*", "0 groups"), ("(a)(b)", "2 groups"), ("(?=a)(b)", "not a")]
)
def test_a_pattern_that_go_refuses_or_without_one_group_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(ManifestError, match=why):
        Pattern.parse(pattern)


@pytest.mark.parametrize(
    ("version", "labels", "written"),
    [
        ("1.2", ["v1.0", "v1.1"], "v1.2"),
        ("v1.2", ["1.0"], "1.2"),
        ("1.2", ["v1.0", "1.1"], "1.2"),
        ("1.2", [], "1.2"),
        ("nightly", ["v1"], "nightly"),
        ("1.2", ["stable"], "1.2"),
    ],
)
def test_a_version_is_written_as_the_others_are(version: str, labels: list[str], written: str) -> None:
    assert like(version, labels) == written


def test_the_other_spelling() -> None:
    assert [respelled(text) for text in ("v1", "1", "V2", "vim", "x")] == ["1", "v1", "2", "vim", "x"]
