"""What operations make of variables, in Python and in shells: the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkgs.environment.transform import apply, decode, encode, literal, revert, segments
from pkgs.envops import Append, EnvOp, Force, Prefix, Prepend, Set, Unset
from pkgs.errors import UsageError
from pkgs.shim.activation import shim_file
from pkgs.shim.shells import quote, statements
from tests.support.shells import POSIX_SHELLS, Site

APPLIED: list[tuple[dict[str, str], list[EnvOp], dict[str, str]]] = [
    ({}, [Set("A", "x")], {"A": "x"}),
    ({"A": "old"}, [Set("A", "")], {}),
    ({"A": "old"}, [Set("A", "$NONE")], {}),
    ({"A": "old"}, [Unset("A")], {}),
    ({"B": "b"}, [Set("A", "${B}$B/$$B/$${B}")], {"B": "b", "A": "bb/$B/${B}"}),
    ({}, [Set("A", "1"), Set("B", "$A"), Set("A", "2"), Set("C", "$A$B")], {"A": "2", "B": "1", "C": "21"}),
    ({"P": "/a:/b"}, [Prepend("P", "/b:/c")], {"P": "/b:/c:/a"}),
    ({"P": "/a:/b"}, [Append("P", "/a")], {"P": "/b:/a"}),
    ({"P": "/a::"}, [Prepend("P", "/b")], {"P": "/b:/a::"}),
    ({"P": ""}, [Prepend("P", "/b")], {"P": "/b"}),
    ({}, [Append("P", "/b"), Append("P", "$NONE")], {"P": "/b"}),
    ({"P": "/b:/$X", "X": "y"}, [Append("P", "/$X")], {"P": "/b:/$X:/y", "X": "y"}),
    ({"A": "b"}, [Prefix("A", "x"), Prefix("A", "x"), Prefix("N", "x")], {"A": "xb"}),
    ({"F": "old", "PKGS_ENV": "/e"}, [Force("F", "$HERMIT_ENV")], {"F": "/e", "PKGS_ENV": "/e"}),
]


@pytest.mark.parametrize(("environ", "operations", "expected"), APPLIED)
def test_operations_are_applied(
    environ: dict[str, str], operations: list[EnvOp], expected: dict[str, str]
) -> None:
    done = apply(environ, operations)
    assert done.on(environ) == expected
    assert all(environ.get(name) != value for name, value in done.changes.items())


REVERTED: list[tuple[dict[str, str], list[EnvOp], dict[str, str | None], dict[str, str]]] = [
    ({"A": ""}, [Set("A", "x")], {}, {"A": ""}),
    ({}, [Set("A", "x")], {}, {}),
    ({"A": "$foo `x`\n"}, [Set("A", "x"), Set("A", "y")], {}, {"A": "$foo `x`\n"}),
    ({"A": "old"}, [Set("A", "x")], {"A": "mine"}, {"A": "mine"}),
    ({"A": "old"}, [Set("A", "x")], {"A": None}, {}),
    ({"A": "old"}, [Unset("A")], {}, {"A": "old"}),
    ({"A": "old"}, [Unset("A")], {"A": "mine"}, {"A": "mine"}),
    ({"F": "old"}, [Force("F", "x")], {}, {}),
    ({"P": "/a:/b"}, [Prepend("P", "/b:/c")], {}, {"P": "/a:/b"}),
    ({"P": "/a:/b"}, [Prepend("P", "/b:/c")], {"P": "/m:/b:/c:/a"}, {"P": "/m:/b:/a"}),
    ({}, [Prepend("P", "/c"), Append("P", "/d")], {"P": "/c:/d:/d"}, {}),
    ({"P": ""}, [Prepend("P", "/c")], {"P": "/c:/c"}, {"P": ""}),
]


@pytest.mark.parametrize(("environ", "operations", "meanwhile", "expected"), REVERTED)
def test_operations_are_undone(
    environ: dict[str, str],
    operations: list[EnvOp],
    meanwhile: dict[str, str | None],
    expected: dict[str, str],
) -> None:
    active = {**environ, **apply(environ, operations).all(), **meanwhile}
    given_back = {name: value for name, value in active.items() if value is not None}
    left = {**given_back, **revert(given_back).all()}
    assert {name: value for name, value in left.items() if value is not None} == expected


def test_what_is_not_known_is_undone_by_its_operation() -> None:
    operations: list[EnvOp] = [
        Set("A", "$B"),
        Prepend("P", "/x"),
        Append("Q", "/x"),
        Force("F", "f"),
        Prefix("R", "r"),
        Unset("U"),
    ]
    environ = {"A": "b", "B": "b", "P": "/x:/y", "Q": "/x", "F": "f", "R": "rest", "U": "mine"}
    assert revert(environ, operations).on(environ) == {"B": "b", "P": "/y", "R": "est", "U": "mine"}


def test_values_are_split_as_go_does() -> None:
    parts = [
        part.text or f"<{part.name}>" for part in segments("a$b-${c d}${}$1x$$$é${HERMIT_BIN}${open $_$")
    ]
    assert "".join(parts) == "a<b>-x$$é<PKGS_BIN>open <_>$"


@given(st.text())
def test_literal_text_stands_for_itself(text: str) -> None:
    assert "".join(part.text for part in segments(literal(text))) == text


NAMES = st.sampled_from(["A", "B", "LIST"])
VALUES = st.text(alphabet="a:/$'\"\\` \nB{}é*", max_size=8)
OPERATIONS: st.SearchStrategy[EnvOp] = st.one_of(
    st.builds(Set, NAMES, VALUES),
    st.builds(Unset, NAMES),
    st.builds(Prepend, NAMES, VALUES),
    st.builds(Append, NAMES, VALUES),
    st.builds(Prefix, NAMES, VALUES),
)
CASE = st.tuples(st.dictionaries(NAMES, VALUES), st.lists(OPERATIONS, max_size=4))


@given(st.lists(OPERATIONS))
def test_json_keeps_operations(operations: list[EnvOp]) -> None:
    assert decode(encode(operations)) == tuple(operations)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[", "1", "[1]", '[{"s":[]}]', pytest.param("[" * 5000, id="deep")),
        *('[{"s":{"n":"a b","v":""}}]', '[{"x":{"n":"a"}}]', '[{"s":{"n":"a"}}]'),
    ],
)
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        decode(text)


def test_json_has_the_shape_of_hermit() -> None:
    assert json.loads(encode([Set("A", "b"), Unset("C"), Prefix("D", "e")])) == [
        {"s": {"n": "A", "v": "b"}},
        {"u": {"n": "C"}},
        {"P": {"n": "D", "p": "e"}},
    ]


def script(cases: list[tuple[dict[str, str], list[EnvOp]]]) -> str:
    """Return a script that prints the variables of each case, applied and then undone."""
    show = "".join(f'printf "%s\\0" "${{{name}-(unset)}}"\n' for name in ("A", "B", "LIST"))
    parts = [shim_file("activation.sh")]
    for environ, operations in cases:
        parts += [
            "unset -v A B LIST\n",
            *(f"export {name}={quote(value)}\n" for name, value in environ.items()),
        ]
        parts += ["_pkgs_operations() {\n:\n", *(f"{line}\n" for line in statements(operations)), "}\n"]
        parts += ["_pkgs_apply\n", show, "_pkgs_revert\n", show]
    return "".join(parts)


@pytest.mark.parametrize("shell", POSIX_SHELLS)
def test_shells_and_python_agree(shell: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(max_examples=8, database=None)
    @given(st.lists(CASE, min_size=20, max_size=40))
    def agree(cases: list[tuple[dict[str, str], list[EnvOp]]]) -> None:
        folder = tmp_path_factory.mktemp("case")
        (folder / "script").write_text("set -eu\n" + script(cases), encoding="utf-8")
        done = Site(folder).run(shell, ". ./script")
        expected: list[str] = []
        for environ, operations in cases:
            for values in (apply(environ, operations).on(environ), environ):
                expected += [values.get(name, "(unset)") for name in ("A", "B", "LIST")]
        assert done.out.split("\0")[:-1] == expected, done.err

    agree()
