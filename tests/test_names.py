"""What somebody probably meant."""

from __future__ import annotations

from pkgs.names import did_you_mean, nearest


def test_the_nearest_of_several_is_found() -> None:
    assert nearest("terrafrom", ["terragrunt", "terraform", "tofu"]) == "terraform"
    assert nearest("version-filter", {"version", "version-pattern"}) == "version-pattern"


def test_nothing_is_near_a_strange_word() -> None:
    assert nearest("zzz", ["terraform"]) is None
    assert nearest("x", []) is None
    assert nearest("x" * 10_000_000, ["y" * 50]) is None


def test_the_phrase_is_empty_without_a_name() -> None:
    assert did_you_mean("sorce", ["source"]) == ' (did you mean "source"?)'
    assert did_you_mean("zzz", ["source"]) == ""
