"""hermit's dialect of HCL: what it takes beyond HCL2, what it refuses, and on which line."""

from __future__ import annotations

from typing import Any

import pytest

from pkgs.errors import ManifestError
from pkgs.manifest.document import Attribute, Block, Comment, Document, Heredoc, MapEntry, MapValue
from pkgs.manifest.load import parse_document


def parse(text: str) -> tuple[Any, ...]:
    return parse_document(text, path="x.hcl").entries


def value(text: str) -> Any:
    (attribute,) = parse(f"a = {text}")
    return attribute.value


def refusal(text: str) -> str:
    with pytest.raises(ManifestError) as caught:
        parse(text)
    return caught.value.message


def test_labels_go_on_over_lines_and_comments() -> None:
    text = 'version "1"\n        "2" // odd\n # "3" {\n   beta /* a */ "4"\n{\n}\n'
    assert parse(text) == (
        Comment("odd"),
        Comment('# "3" {'),
        Comment("a"),
        Block("version", ("1", "2", "beta", "4"), ()),
    )


def test_several_entries_stand_on_one_line() -> None:
    text = 'on unpack { rename { from = "a" to = "b" } chmod { mode = 1 file = c } } mutable = true'
    rename = Block("rename", (), (Attribute("from", "a"), Attribute("to", "b")))
    chmod = Block("chmod", (), (Attribute("mode", 1), Attribute("file", "c")))
    assert parse(text) == (Block("on", ("unpack",), (rename, chmod)), Attribute("mutable", True))


def test_an_entry_spreads_over_lines() -> None:
    assert parse('a\n=\n"b"\nc = [\n"d"\n,\n"e",\n]\n') == (Attribute("a", "b"), Attribute("c", ("d", "e")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0755", 0o755),
        ("0", 0),
        ("-0644", -0o644),
        ("+7", 7),
        ("1.5", 1.5),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000),
        ("true", True),
        ("false", False),
        ("bare-word_1", "bare-word_1"),
        ("null", "null"),
        ("for", "for"),
        ("[]", ()),
        ("{}", MapValue(())),
        ("[[1], []]", ((1,), ())),
    ],
)
def test_values(text: str, expected: object) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected) or isinstance(expected, int)


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        (r'"\a\b\f\n\r\t\v\\\""', '\a\b\f\n\r\t\v\\"'),
        (r'"\x41\101é\U0001F600"', "AAé😀"),
        (r'"\xc3\xa9"', "é"),
        (r"'single \" \\'", 'single " \\'),
        ('"${a} %{if} $${b} %%{c} ${} ${A B} ${x:-y} $d"', "${a} %{if} $${b} %%{c} ${} ${A B} ${x:-y} $d"),
        ('"// no # comment /* here */ <<EOF"', "// no # comment /* here */ <<EOF"),
        ('"it\'s { } [ ] = , :"', "it's { } [ ] = , :"),
        ('"snowman ☃ 😀"', "snowman ☃ 😀"),
    ],
)
def test_strings_follow_gos_rules(literal: str, expected: str) -> None:
    assert value(literal) == expected


@pytest.mark.parametrize(
    ("literal", "message"),
    [
        (r'"\d"', r'unknown escape \d in "\d"'),
        (r'"\$"', r'unknown escape \$ in "\$"'),
        (r'"\x4"', r'unknown escape \x in "\x4"'),
        (r'"\400"', r'\400 in "\400" is more than a byte'),
        (r'"\ud800"', r'\ud800 in "\ud800" is no character'),
        (r'"\U00110000"', r'\U00110000 in "\U00110000" is no character'),
        (r'"\xff"', r'"\xff" is not UTF-8'),
        (r"'\''", r"unknown escape \' in '\''"),
        ("'a\"b'", "'a\"b' holds a double quote: write \\\""),
        ('"a\nb"', 'the string "a is not closed on its line'),
        ("089", "089 is not a number: one that starts with 0 is octal"),
        ("1e999", "1e999 is too large a number"),
        ("9" * 5000, f"{'9' * 32} is too large a number"),
    ],
)
def test_bad_literals_are_named(literal: str, message: str) -> None:
    assert refusal(f"\n\na = {literal}") == f"x.hcl:3: {message}"


def test_all_bad_literals_of_a_file_are_told_together() -> None:
    assert refusal('a = "\\d"\nb = 08\nc = "ok"\nd = "\\q"') == (
        'x.hcl:1: unknown escape \\d in "\\d"\n'
        "x.hcl:2: 08 is not a number: one that starts with 0 is octal\n"
        'x.hcl:4: unknown escape \\q in "\\q"'
    )


def test_heredocs_keep_their_lines() -> None:
    assert value('<<EOF\n  a ${b} "c\n\n#d\nEOF') == Heredoc("EOF", '  a ${b} "c\n\n#d')
    assert value("<<EOF\nEOF") == Heredoc("EOF", "")
    assert value("<<EOF\n  \n\nEOF") == Heredoc("EOF", "")
    assert parse("a = <<-EOF\n    b\n\n      c\n  EOF b = 1") == (
        Attribute("a", Heredoc("-EOF", "    b\n\n      c")),
        Attribute("b", 1),
    )
    assert value("<<-EOF\n    b\n\n      c\n  EOF").text == "b\n\n  c"


def test_a_heredoc_ends_at_a_line_that_starts_with_its_word() -> None:
    assert value("<<E\nEOF\nE") == Heredoc("E", "EOF")
    assert (
        refusal("a = <<E\nEOF\n") == "x.hcl:1: nothing may follow <<E on its line, and a line must close it"
    )
    assert (
        refusal("a = <<E x\nE\n") == "x.hcl:1: nothing may follow <<E on its line, and a line must close it"
    )


def test_comments_stand_between_entries() -> None:
    text = "// a\n# b\n/* c */ x = 1 // d\nm = {\n  // e\n  k: 1, # f\n  l: 2\n}\nb {\n // g\n}\n//h"
    assert parse(text) == (
        Comment("a"),
        Comment("# b"),
        Comment("c"),
        Attribute("x", 1),
        Comment("d"),
        Attribute("m", MapValue((Comment("e"), MapEntry("k", 1), Comment("# f"), MapEntry("l", 2)))),
        Block("b", (), (Comment("g"),)),
        Comment("h"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = [1, // c\n2]", "x.hcl:1: a comment cannot stand inside a list or an entry of a map"),
        ("m = {\n a: // c\n 1}", "x.hcl:2: a comment cannot stand inside a list or an entry of a map"),
        ("m = {\n a: 1,\n // c\n}", "x.hcl:3: a comment cannot follow the last entry of a map"),
        ("a = // c\n1", "x.hcl:1: unexpected // c"),
        ("/* a\n b */", "x.hcl:1: a /* comment */ must end on the line it starts on"),
        ("m = {\n  a: 1\n  b: 2\n}", "x.hcl:3: a comma is missing between two entries of a map"),
        ("m = { a = 1 }", 'x.hcl:1: write a map as { "key": "value" }, with a colon'),
        ("m = {\n  1: 2 }", "x.hcl:2: the key of a map must be a string"),
        ("m = { [a]: 2 }", "x.hcl:1: the key of a map must be a string"),
        ("m = { a: 1,, }", "x.hcl:1: unexpected ,"),
        ("a = [1 2]", "x.hcl:1: unexpected 2"),
        ("a = [1,,2]", "x.hcl:1: unexpected ,"),
        ("a = b[0]", "x.hcl:1: unexpected ["),
        ("a = 1 + 2", "x.hcl:1: unexpected '+'"),
        ("a = f(1)", "x.hcl:1: unexpected '('"),
        ("a = b.c", "x.hcl:1: unexpected '.'"),
        ("_a = 1", "x.hcl:1: unexpected '_'"),
        ("a = \n", "x.hcl:1: a value is missing at the end of the file"),
        ("\n= 1", "x.hcl:2: unexpected ="),
        ('a = 1\n"b" = 1', 'x.hcl:2: unexpected "b"'),
        ("version 1.0 {}", 'x.hcl:1: a label is a name or a string: write "1.0" in quotes'),
        ("a {\n b {\n}\n", 'x.hcl:1: "{" is never closed'),
        ("a = [\n1", 'x.hcl:1: "[" is never closed'),
        ("a = [1}", "x.hcl:1: unexpected }"),
        ("a {\n}\n}", "x.hcl:3: unexpected }"),
        ("a = 1x", "x.hcl:1: unexpected 'x'"),
        ("a {\n" * 100 + "}\n" * 100, "x.hcl:65: nested more than 64 deep"),
        ("a = " + "[" * 5000 + "]" * 5000, "x.hcl:1: nested more than 64 deep"),
        ("a = " + "{b:" * 5000 + "}" * 5000, "x.hcl:1: nested more than 64 deep"),
    ],
)
def test_what_hermit_refuses_is_refused_with_its_line(text: str, message: str) -> None:
    assert refusal(text) == message


def test_line_ends_and_a_byte_order_mark_do_not_matter() -> None:
    text = '// c\na = 1\nversion "1"\n "2" {\n b = "x"\n}\n'
    expected = parse_document(text, path="x.hcl")
    assert parse_document(text.replace("\n", "\r\n"), path="x.hcl") == expected
    assert parse_document("\ufeff" + text, path="x.hcl") == expected


def test_lines_are_those_of_the_source() -> None:
    text = (
        '\n// c\na = 1 b = 2\nversion\n"1"\n{\n\nc = {\n"k": "v",\n"l"\n:\n"w"\n} }\nd = <<E\n\nx\nE\ne = 3'
    )
    comment, a, b, version, d, e = parse(text)
    (c,) = version.body
    assert [entry.line for entry in (comment, a, b, version, c, d, e)] == [2, 3, 3, 4, 8, 14, 18]
    assert [entry.line for entry in c.value.entries] == [9, 10]


def test_checksums_are_the_same_read_whole_and_word_by_word() -> None:
    lines = [f'  "https://example.org/{index}": "{index:064x}",\n' for index in range(18)]
    lines[1:1] = ['  // "x": "y",\n', "#b\n"]
    whole = f"sha256sums = {{\n{''.join(lines)}}}\nx = 1\n"
    words = whole.replace("{\n", "{ \n")
    assert parse_document(whole, path="x.hcl") == parse_document(words, path="x.hcl")
    assert [entry.line for entry in parse(whole)[0].value.entries] == [*range(2, 22)]
    assert parse(whole)[1].line == parse(words)[1].line == 23
    assert refusal("sha256sums = {\n 'a': '',\n//c\n}") == refusal('sha256sums = {\n "a": "",\n//c\n}')


def test_a_map_of_checksums_inside_a_string_or_comment_stays_there() -> None:
    assert parse("// sha256sums = {\nx = <<E\nsha256sums = {\n}\nE\n") == (
        Comment("sha256sums = {"),
        Attribute("x", Heredoc("E", "sha256sums = {\n}")),
    )


@pytest.mark.parametrize(
    "text", ["a b sha256sums = {\n}", "a = [sha256sums = {\n}]", "a = sha256sums = {\n}"]
)
def test_a_map_of_checksums_cannot_stand_anywhere_else(text: str) -> None:
    try:
        entries = parse(text)
    except ManifestError:
        return
    assert entries[-1] == Attribute("sha256sums", MapValue(()))


def test_a_name_alone_is_an_attribute_without_a_value() -> None:
    assert parse("mutable\nstrip = 1\nb {\n mutable\n}") == (
        Attribute("mutable", None),
        Attribute("strip", 1),
        Block("b", (), (Attribute("mutable", None),)),
    )


def test_an_empty_text_is_an_empty_document() -> None:
    assert parse_document("", path="x.hcl") == parse_document(" \n", path="x.hcl") == Document(())
