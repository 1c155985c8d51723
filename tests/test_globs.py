"""Globs match whole texts, in linear time."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgs.errors import UsageError
from pkgs.globs import Glob
from tests.support.timing import assert_cheap


@pytest.mark.parametrize(
    ("glob", "matching", "other"),
    [
        ("1.2", ["1.2"], ["1.2.3", "11.2", ""]),
        ("1.*", ["1.", "1.5.0-rc1", "1.2.3"], ["1", "11.2"]),
        ("*", ["", "1.2.3"], []),
        ("**.1", [".1", "1.2.1"], ["1.2"]),
        ("1.?", ["1.2", "1.x"], ["1.", "1.22"]),
        ("1.[357]", ["1.3", "1.7"], ["1.4", "1.33"]),
        ("1.[4-9].3", ["1.4.3", "1.9.3"], ["1.3.3", "1.-.3"]),
        ("1.[!4-9]", ["1.3", "1.x"], ["1.4", "1."]),
        ("[!ab]", ["c", "!"], ["a", "b"]),
        ("[ab-d]", ["a", "b", "-", "d"], ["c"]),
        (r"[\]]", ["]"], ["\\"]),
        ("{1,2}.*", ["1.x", "2."], ["3.1"]),
        ("{1.{2,3},4}.5", ["1.2.5", "1.3.5", "4.5"], ["1.5"]),
        ("1{,-rc}", ["1", "1-rc"], ["1-"]),
        ("{*a,b?}", ["a", "xya", "bx"], ["b", "xb"]),
        ("{1,2", ["1", "2"], ["{1,2"]),
        (r"1\*", ["1*"], ["12", "1\\*"]),
        (r"1\{a\}", ["1{a}"], ["1a"]),
        ("1}],", ["1}],"], ["1"]),
        ("a+(b)^$|", ["a+(b)^$|"], ["aab"]),
        ("1\\", ["1"], ["1\\"]),
        ("", [""], ["1"]),
        ("*1*2*", ["12", "x1y2z"], ["21", "1"]),
    ],
)
def test_a_glob_matches_these_and_not_those(glob: str, matching: list[str], other: list[str]) -> None:
    compiled = Glob.compile(glob)

    assert [text for text in matching if not compiled.matches(text)] == []
    assert [text for text in other if compiled.matches(text)] == []


@pytest.mark.parametrize(
    "glob", ["[", "[]", "[!]", "[a", "[a-", "[z-a]", "[a-zA-Z]", "{a," * 60, "{a,b}" * 11]
)
def test_a_bad_glob_is_an_error_that_quotes_it(glob: str) -> None:
    with pytest.raises(UsageError) as caught:
        Glob.compile(glob)

    assert repr(glob)[:20] in caught.value.message


def test_a_glob_of_stars_takes_no_time_over_a_long_text() -> None:
    glob = Glob.compile("*a" * 30 + "*b")

    def matched() -> None:
        assert not glob.matches("a" * 20_000)

    assert_cheap(matched, 10)


def test_an_endless_glob_is_refused() -> None:
    with pytest.raises(UsageError, match="too long"):
        Glob.compile("*" * 5000)


def naive(glob: str, text: str) -> bool:
    """Match ``*``, ``?`` and plain characters by trying everything."""

    @functools.cache
    def fits(i: int, j: int) -> bool:
        if i == len(glob):
            return j == len(text)
        if glob[i] == "*":
            return fits(i + 1, j) or (j < len(text) and fits(i, j + 1))
        return j < len(text) and glob[i] in ("?", text[j]) and fits(i + 1, j + 1)

    return fits(0, 0)


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=8))
def test_stars_match_what_trying_everything_matches(glob: str, text: str) -> None:
    assert Glob.compile(glob).matches(text) == naive(glob, text)


@given(
    st.lists(st.text(alphabet="ab*?", max_size=4), min_size=1, max_size=3), st.text(alphabet="ab", max_size=6)
)
def test_alternatives_match_what_any_of_them_matches(globs: list[str], text: str) -> None:
    compiled = Glob.compile("a{" + ",".join(globs) + "}*")

    assert compiled.matches(text) == any(naive(f"a{glob}*", text) for glob in globs)


@given(st.text(alphabet="ab[]{}!-*?,\\", max_size=12), st.text(alphabet="ab[]{}", max_size=6))
def test_any_text_is_a_glob_or_a_clear_error(glob: str, text: str) -> None:
    try:
        compiled = Glob.compile(glob)
    except UsageError as error:
        assert error.hint
    else:
        assert compiled.matches(text) in (True, False)
