"""Variables: Go's syntax, repeated until nothing changes, and never for ever."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgs.package.expand import EndlessVariablesError, UnknownVariableError, Variables, builtins
from pkgs.package.model import Places
from pkgs.platforms import Platform
from tests.support.timing import assert_cheap

VALUES = {
    "foo": "bar",
    "version": "1.2",
    "a_b": "under",
    "1": "one",
    "chain": "${link}/$foo",
    "link": "<${version}>",
}
VARIABLES = Variables(VALUES)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain", "plain"),
        ("$foo", "bar"),
        ("${foo}", "bar"),
        ("x${foo}y$version", "xbary1.2"),
        ("$a_b-$a_b.", "under-under."),
        ("$foo/bar", "bar/bar"),
        ("$1x ${1}", "onex one"),
        ("$chain", "<1.2>/bar"),
        ("$$foo ${$}{foo}", "$foo ${foo}"),
        ("$$$foo", "$bar"),
        ("$$$$", "$$"),
        ("${}x", "x"),
        ("a${foo", "afoo"),
        ("$", "$"),
        ("$/ $( $\N{BULLET}", "$/ $( $\N{BULLET}"),
        ("100$ {foo}", "100$ {foo}"),
    ],
)
def test_what_a_text_becomes(text: str, expanded: str) -> None:
    assert VARIABLES.expand(text) == expanded


@pytest.mark.parametrize(
    ("text", "name"),
    [("$none", "none"), ("${no ne}", "no ne"), ("$2", "2"), ("$foobar", "foobar"), ("$?", "?")],
)
def test_an_unknown_name_is_reported(text: str, name: str) -> None:
    with pytest.raises(UnknownVariableError) as caught:
        VARIABLES.expand(text)

    assert caught.value.args == (name,)


def test_for_the_environment_unknown_names_and_escapes_stay() -> None:
    assert VARIABLES.expand_known("$foo:$PATH:${HOME}:$$x") == "bar:${PATH}:${HOME}:$$x"


def test_leniently_an_unknown_name_becomes_bare() -> None:
    assert VARIABLES.expand_lenient("${none}/$other/$foo/$$") == "none/other/bar/$"


@pytest.mark.parametrize(
    ("values", "text", "said"),
    [
        ({"A": "${B}", "B": "${A}"}, "$A", "A → B → A"),
        ({"A": "x$A"}, "${A}", "A → A"),
        ({"start": "$A", "A": "$B", "B": "$C$$", "C": "x$B"}, "$start", "B → C → B"),
        ({f"v{i}": f"${{v{i + 1}}}" * 10 for i in range(30)} | {"v30": "x"}, "$v0", "more than"),
    ],
)
def test_endless_variables_are_named_and_do_not_hang(values: dict[str, str], text: str, said: str) -> None:
    variables = Variables(values)

    def expanded() -> None:
        for expand in (variables.expand, variables.expand_known, variables.expand_lenient):
            with pytest.raises(EndlessVariablesError) as caught:
                expand(text)
            assert said in caught.value.args[0]

    assert_cheap(expanded, 40)


def test_a_variable_that_is_itself_stands_still() -> None:
    assert Variables({"A": "${A}"}).expand("$A") == "${A}"


def test_a_long_chain_is_followed_to_its_end() -> None:
    values = {f"v{i}": f"${{v{i + 1}}}" for i in range(200)} | {"v200": "end"}

    assert Variables(values).expand("$v0") == "end"


def test_unclosed_braces_take_no_time() -> None:
    def expanded() -> None:
        assert VARIABLES.expand("${" * 50_000) == ""

    assert_cheap(expanded, 60)


@given(st.text(alphabet="ab$ {}_1", max_size=20))
def test_any_text_expands_or_names_what_is_unknown(text: str) -> None:
    variables = Variables({"a": "1", "b": "$a"})
    try:
        variables.expand(text)
    except UnknownVariableError as error:
        # Not always a part of the text: "$b${1" becomes "$a" and then "1", which is the name "a1".
        assert error.args[0] not in ("a", "b")
    variables.expand_known(text)


@given(st.text(max_size=30))
def test_doubled_dollars_keep_a_text_as_it_is(text: str) -> None:
    assert VARIABLES.expand(text.replace("$", "$$")) == text


def test_built_in_variables() -> None:
    places = Places(dest="/d", env="/env", home="/home/me", state="/s")

    assert builtins(Platform("linux", "arm64"), places, dt.date(987, 3, 7)) == {
        "os": "linux", "arch": "arm64", "xarch": "aarch64", "HOME": "/home/me",
        "env": "/env", "HERMIT_ENV": "/env", "PKGS_ENV": "/env",
        "HERMIT_BIN": "/env/bin", "PKGS_BIN": "/env/bin",
        "YYYY": "0987", "MM": "03", "DD": "07",
    }  # fmt: skip


def test_outside_an_environment_its_variables_are_empty_and_without_a_date_there_is_none() -> None:
    values = builtins(Platform("plan9", "riscv64"), Places("/d", "", "/h", "/s"), None)

    assert (values["env"], values["PKGS_BIN"], values["xarch"]) == ("", "bin", "riscv64")
    assert "YYYY" not in values
