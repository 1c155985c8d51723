"""Configurations as text: written new, and changed in one place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgs.environment.config import Config, parse_config
from pkgs.environment.config_text import config_text, with_variable

HAND = """\
# Ours.
sources = ["env:///manifests"]   // ours first

env = {
    "B": "two",
    // about A
    "A": 'one',
}
manage-git = false
"""


def changed(text: str, name: str, value: str | None) -> str:
    return with_variable(text, name, value, path="pkgs.hcl")


def test_the_default_configuration_says_nothing() -> None:
    assert config_text(Config()) == ""


def test_what_is_written_is_read_as_the_same() -> None:
    config = Config(
        env={"A": 'x"y\n$Z', "B": ""},
        sources=(),
        manage_git=False,
        inherit_parent=True,
        install_on_activate=("go",),
        idea=True,
        github_token_auth=("org/*",),
    )

    assert parse_config(config_text(config), Path("pkgs.hcl")) == config


@pytest.mark.parametrize(
    ("name", "value", "before", "after"),
    [
        ("A", "three", "'one'", '"three"'),
        ("B", "2", '"two"', '"2"'),
        ("C", "new", "    \"A\": 'one',\n", '    "A": \'one\',\n    "C": "new",\n'),
        ("B", None, '    "B": "two",\n', ""),
    ],
)
def test_one_place_changes_and_no_other(name: str, value: str | None, before: str, after: str) -> None:
    assert changed(HAND, name, value) == HAND.replace(before, after)


@pytest.mark.parametrize("sign", ["\u2028", "\x0c", "\x0b", "\x1c", "\x85"])
def test_only_newlines_end_lines(sign: str) -> None:
    hand = HAND.replace("\n", f" # a{sign}b\n", 1)

    assert changed(hand, "A", "three") == hand.replace("'one'", '"three"')


def test_a_text_without_env_gets_one_at_its_end() -> None:
    assert changed("# mine\nidea = true", "A", "x") == '# mine\nidea = true\nenv = {\n  "A": "x",\n}\n'


def test_nothing_changes_where_nothing_is_to_change() -> None:
    assert changed(HAND, "A", "one") == HAND
    assert changed(HAND, "ABSENT", None) == HAND
    assert changed("idea = true\n", "ABSENT", None) == "idea = true\n"


@pytest.mark.parametrize(
    "text",
    ['env = { "A": "1", "B": "2" }\n', 'env = {"A": "1"}', 'env = {\n "A": "1" }\n// end', "env = {}"],
)
def test_other_layouts_keep_what_they_say(text: str) -> None:
    before = dict(parse_config(text, Path("pkgs.hcl")).env)

    for name, value in (("A", "x"), ("C", "y"), ("A", None)):
        after = {key: each for key, each in {**before, name: value}.items() if each is not None}
        assert parse_config(changed(text, name, value), Path("pkgs.hcl")).env == after
    assert ("// end" in text) == ("// end" in changed(text, "A", "x"))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20))
def test_any_value_is_read_back(value: str) -> None:
    assert parse_config(changed(HAND, "A", value), Path("pkgs.hcl")).env["A"] == value
