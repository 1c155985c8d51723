"""Documents printed as hermit prints them, so that parse → print → parse is stable for any document."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pkgs.errors import ManifestError
from pkgs.manifest.document import Attribute, Block, Comment, Document, Heredoc, MapEntry, MapValue
from pkgs.manifest.load import load_manifest, parse_document
from pkgs.manifest.printer import print_document
from pkgs.manifest.strings import quote, unquote

# Pieces of the language, so that random texts get past the first word.
PIECES = st.sampled_from(
    ["a", "b-c", "version", "sha256sums", "true", "=", "{", "}", "[", "]", ":", ",", '"', "'", "\\",
     "//", "#", "/*", "*/", "<<E", "<<-E", "E", "0", "07", "08", "-1", "1.5", ".5e9", "$", "${", "%{", "_",
     "é", '"x"', "'y'", '"${x}"', "\n", " ", "\t", "\r\n", "\x0b", "\x85", "\u2028", "\ufeff", 'a = "b"\n',
     "c { d = 1 }\n", 'm = {"k": 1,}', "// c\n", 'sha256sums = {\n "a": "b",\n}']
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=25).map("".join) | st.lists(PIECES, max_size=25).map(" ".join) | st.text()

names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]*(-[A-Za-z0-9_]+){0,2}", fullmatch=True)
strings = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
comments = st.builds(Comment, strings.map(lambda text: text.replace("\n", " ").strip()))
heredocs = st.builds(
    Heredoc,
    st.sampled_from(["EOF", "-E2"]),
    st.lists(st.text(string.ascii_lowercase + ' "${}\\#', max_size=9), max_size=4).map(
        lambda lines: "\n".join(lines).rstrip()
    ),
)
numbers = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
scalars = strings | st.booleans() | numbers | heredocs


def maps(values: st.SearchStrategy[Any]) -> st.SearchStrategy[MapValue]:
    entries = st.builds(MapEntry, strings, values)
    # A comment in a map stands before an entry.
    return st.lists(st.tuples(st.lists(comments, max_size=2), entries), max_size=4).map(flat)


def flat(groups: list[tuple[list[Comment], MapEntry]]) -> MapValue:
    found: list[MapEntry | Comment] = []
    for before, entry in groups:
        found += [*before, entry]
    return MapValue(tuple(found))


values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4).map(tuple) | maps(inner), max_leaves=8
)
attributes = st.builds(Attribute, names, values)
entries = st.recursive(
    attributes | comments,
    lambda inner: st.builds(
        Block,
        names,
        st.lists(names | strings, max_size=12).map(tuple),
        st.lists(inner, max_size=4).map(tuple),
    ),
    max_leaves=12,
)
documents = st.lists(entries, max_size=6).map(lambda found: Document(tuple(found)))


def parse(text: str) -> Document:
    return parse_document(text, path="x.hcl")


@settings(max_examples=150)
@given(documents)
def test_any_document_survives_printing(document: Document) -> None:
    printed = print_document(document)
    assert parse(printed) == document
    assert print_document(parse(printed)) == printed


@settings(max_examples=400)
@given(TEXTS)
@example("a b sha256sums = {\n}")
@example("a // b\nc {}")
@example("//*/")
@example("# \r")
@example("a = <<E\r\n\r\nE\r\n")
@example("a = -0.0")
def test_any_text_is_read_stably_or_refused_in_words(text: str) -> None:
    try:
        document = parse(text)
    except ManifestError as error:
        assert error.message.startswith("x.hcl:")
    else:
        assert parse(print_document(document)) == document


@settings(max_examples=400)
@given(TEXTS)
def test_no_text_crashes_the_loader(text: str) -> None:
    try:
        load_manifest(f'description = "d"\n{text}', name="x", path="x.hcl")
    except ManifestError as error:
        assert error.message.startswith("x.hcl:")


@settings(max_examples=150)
@given(documents)
def test_no_document_crashes_the_loader(document: Document) -> None:
    try:
        load_manifest(print_document(document), name="x", path="x.hcl")
    except ManifestError as error:
        assert error.message.startswith("x.hcl:")


@settings(max_examples=150)
@given(strings)
def test_a_quoted_string_says_the_same(text: str) -> None:
    assert unquote(quote(text)) == text


def test_quoting_is_gos() -> None:
    assert quote('a"\\\n\t\x01\x7f\u00a0\u200b☃\U000e0001') == r'"a\"\\\n\t\x01\x7f\u00a0\u200b☃\U000e0001"'


def test_layout_is_hermits() -> None:
    text = """\
// top
description='d'
# odd
strip=0755 b=1.5 e = {} l = [a, true, "x"]
version "1" { // inside
}
test = "t" env = { A: "b" // first
, B: c } platform linux { arch = x on unpack {} }
// end"""
    assert print_document(parse(text.replace(" // first\n", "\n"))) == (
        """\
// top
description = "d"
// # odd
strip = 493
b = 1.5
e = {
}
l = ["a", true, "x"]

version "1" {
  // inside
}

test = "t"
env = {
  "A": "b",
  "B": "c",
}

platform "linux" {
  arch = "x"

  on "unpack" {
  }
}
// end
"""
    )


def test_labels_wrap_where_hermit_wraps_them() -> None:
    block = Block("version", tuple(f"1.{index}.0" for index in range(30)), ())
    printed = print_document(Document((Block("a", (), (block,)),)))
    assert printed == (
        "a {\n"
        '  version "1.0.0" "1.1.0" "1.2.0" "1.3.0" "1.4.0" "1.5.0" "1.6.0" "1.7.0" "1.8.0"\n'
        '          "1.9.0" "1.10.0" "1.11.0" "1.12.0" "1.13.0" "1.14.0" "1.15.0" "1.16.0" "1.17.0"\n'
        '          "1.18.0" "1.19.0" "1.20.0" "1.21.0" "1.22.0" "1.23.0" "1.24.0" "1.25.0" "1.26.0"\n'
        '          "1.27.0" "1.28.0" "1.29.0" {\n'
        "  }\n"
        "}\n"
    )
