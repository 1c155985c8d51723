"""Which commands a shell script calls."""

from __future__ import annotations

import pytest

from pkgs.environment.shellwords import read_script


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b c # d\n", "a"),
        ("A=1 B='x y' a b", "a"),
        ("a | b && c || d; e & f", "a b c d e f"),
        ("if a; then b; elif c; then d; else e; fi", "a b c d e"),
        ("for x in a b; do c; done", "c"),
        ("while ! a; do b; done <c", "a b"),
        ("case $1 in a|b) c ;; (d) e; f ;;\n*) g\nesac\nh", "c e f g h"),
        ("case x in a) case y in b) c;; esac ;; d) e;; esac; f", "c e f"),
        ("f() { a; }\nfunction g { b; }", "a b"),
        ("a <<E >b 2>&1\nc $(d)\nE\ne", "a e"),
        ("a <<-'E'\n\tc\n\tE\ne", "a e"),
        ('a "$(b "$(c)")" `d` ${x:-y}', "a b c d"),
        ("( a; { b; } )", "a b"),
        ("[[ a == b && -f c ]] && d", "d"),
        ("x=$((1 + 2)); y=(a b); ((x++)); z", "z"),
        ("a <(b) > >(c)", "a b c"),
        ("'a'b \\\n c", "ab"),
        ("a \\; b", "a"),
        ('"$d/x" y\n$z\n./q/r', "$d/x $z ./q/r"),
        ("echo if then do", "echo"),
        ("", ""),
        ("'unclosed", "unclosed"),
    ],
)
def test_words_where_commands_stand(text: str, words: str) -> None:
    assert sorted(each.word for each in read_script(text).calls) == sorted(words.split())


def test_functions_and_places() -> None:
    script = read_script("#!/bin/sh\nf() {\n  a\n}\nfunction g { b; }\n")

    assert script.functions == {"f", "g"}
    assert [(each.word, each.line, each.column) for each in script.calls] == [("a", 3, 3), ("b", 5, 14)]


@pytest.mark.parametrize(
    "text", ["$(", "`", "case x in", "a <<E", '"', "${", "((", "[[ a", "\\", "<", "a <("]
)
def test_unfinished_scripts_end(text: str) -> None:
    read_script(text)
