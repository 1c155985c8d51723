"""Go's regular expressions: what they match, what Go refuses, and that none takes for ever."""

from __future__ import annotations

import dataclasses
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgs.package.regex import compile_regex
from pkgs.package.regexsyntax import SyntaxFault
from tests.support.timing import assert_cheap


@pytest.mark.parametrize(
    ("expression", "found", "missing"),
    [
        ("a.c", ["xabcx"], ["ac", "a\nc"]),
        ("(?s)a.c", ["a\nc"], ["ac"]),
        ("^ab$", ["ab"], ["xab", "ab\n"]),
        ("(?m)^b$", ["a\nb\nc"], ["ab"]),
        (r"\Aab\z", ["ab"], ["abc"]),
        (r"\bab\b", ["x ab y"], ["xab"]),
        (r"a\Bb", ["ab"], ["a b"]),
        ("a|bc|", ["", "x"], []),
        ("^(?:a|bc)$", ["a", "bc"], ["ab", "c"]),
        ("^(?P<n>a)(?<m>b)$", ["ab"], ["a"]),
        ("^a*b+c?$", ["b", "aabbc"], ["a", "bcc"]),
        ("^a{2}b{1,2}c{2,}$", ["aabcc", "aabbcccc"], ["abcc", "aabbbcc", "aabc"]),
        ("^a*?b+?c??$", ["aab"], ["a"]),
        ("a{,2}", ["a{,2}"], ["aa"]),
        ("^[a-c]$", ["b"], ["d", "-"]),
        ("^[^a-c]$", ["d"], ["b"]),
        ("^[]a-]$", ["]", "a", "-"], ["b"]),
        ("^[[:alpha:][:^digit:]]$", ["a", "-"], ["1"]),
        (r"^[\d\-\]]+$", ["1-]"], ["a"]),
        (r"^\d\D\w\W\s\S$", ["1a_- x"], ["aaaaaa"]),
        (r"^\pL\p{Lu}\P{L}\p{^Nd}$", ["aA1b"], ["1A1b"]),
        (r"^\x41\x{42}\103\.$", ["ABC."], ["ABCx"]),
        (r"^\t\n$", ["\t\n"], ["tn"]),
        (r"^\Q.*\E+$", [".***"], ["aa"]),
        ("(?i)^aB[c-d]$", ["AbC", "abd"], ["abe"]),
        ("^(?i:a)b$", ["Ab"], ["AB"]),
        ("^a(?i)b(?-i)c$", ["aBc"], ["aBC", "ABc"]),
        ("^(a(?i)b|c)d$", ["aBd", "Cd"], ["aBD"]),
        ("(|a)*", ["", "aaa"], []),
        ("^*a", ["a"], ["b"]),
    ],
)
def test_what_is_found(expression: str, found: list[str], missing: list[str]) -> None:
    compiled = compile_regex(expression)

    assert [text for text in found if not compiled.found_in(text)] == []
    assert [text for text in missing if compiled.found_in(text)] == []


@pytest.mark.parametrize(
    "expression",
    [
        "(",
        ")",
        "a)",
        "[",
        "[a",
        "[z-a]",
        "*",
        "a|*",
        "(+)",
        "a**",
        "a{2}{3}",
        "a{3,2}",
        "a{1001}",
        "(a{50}){50}",
        "(?=a)",
        "(?!a)",
        "(?P<n",
        r"\1",
        r"\Z",
        r"\y",
        "\\",
        "[[:letter:]]",
        r"\x{110000}",
        "(" * 200 + ")" * 200,
        "a" * 2000,
        "a{99999}",
    ],
)
def test_what_go_refuses_is_refused(expression: str) -> None:
    with pytest.raises(SyntaxFault):
        compile_regex(expression)


@pytest.mark.parametrize(
    "expression", ["(a*)*b", "(a|aa)+$b", "(.*)" * 30 + "b", "((a?){50}){20}b", "(a{0,500}){2}b"]
)
def test_no_expression_takes_for_ever(expression: str) -> None:
    def searched() -> None:
        assert not compile_regex(expression).found_in("a" * 30)

    assert_cheap(searched, 10)


PIECES = st.sampled_from(
    ["a", "b", ".", "^", "$", "|", "a*", "b+", "a?", "[ab]", "[^a]", "a{2}", "(?:ab)+", "(a|b)*"]
)


@given(st.lists(PIECES, max_size=5).map("".join), st.text(alphabet="abc", max_size=6))
def test_simple_expressions_mean_what_they_mean_in_python(expression: str, text: str) -> None:
    assert compile_regex(expression).found_in(text) == bool(re.search(expression, text))


@pytest.mark.parametrize(
    "pattern", ["^a.*b$", "a$", "^$", "^", "$", "(^a|b)c*", "a(^b|c$)", "x*", "^(a|b)*$", "a|^b$"]
)
def test_a_remembered_search_finds_what_a_careful_one_finds(pattern: str) -> None:
    expression = compile_regex(pattern)
    careful = dataclasses.replace(expression, beside=True)
    texts = ["".join(letters) for length in range(5) for letters in itertools.product("abcx", repeat=length)]

    found = {text: expression.found_in(text) for text in texts}

    assert found == {text: careful.found_in(text) for text in texts}
    assert found == {text: bool(re.search(pattern.replace("$", r"\Z"), text)) for text in texts}
