"""Small changes of manifests: what was not meant to change stays, byte for byte."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from pkgs.authoring.rewrite import with_sums, with_version
from pkgs.errors import ManifestError
from pkgs.manifest.load import load_manifest, parse_document
from tests.support.corpus import corpus_manifests

A, B, C, D = (letter * 64 for letter in "abcd")


def summed(text: str, **digests: str) -> str:
    return with_sums(text, digests, path="tool.hcl")


def added(before: str, after: str) -> list[str]:
    """Return the lines that were added; fail if any was taken away."""
    lines = list(difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    assert [line for line in lines if line.startswith("- ")] == []
    return [line[2:] for line in lines if line.startswith("+ ")]


def test_a_map_is_made_at_the_end() -> None:
    text = 'description = "x"  # odd   spacing\n\n\nversion "1" {}\n'

    assert summed(text, u2=B, u10=A) == f'{text}\nsha256sums = {{\n  "u2": "{B}",\n  "u10": "{A}",\n}}\n'


def test_a_last_line_without_an_end_gets_one() -> None:
    assert summed('version "1" {}', u=A) == f'version "1" {{}}\n\nsha256sums = {{\n  "u": "{A}",\n}}\n'


def test_entries_are_sorted_in_and_comments_stay_before_what_they_preceded() -> None:
    text = (
        "sha256sums = {\n"
        f'\t"v1": "{A}", // one\n'
        "\t# about three\n"
        f'\t"v3": "{C}",\n'
        "}\nversion 'x' { }  // end\n"
    )

    changed = summed(text, v2=B, v10=D, v0=D)

    assert changed == (
        "sha256sums = {\n"
        f'\t"v0": "{D}",\n'
        f'\t"v1": "{A}", // one\n'
        f'\t"v2": "{B}",\n'
        "\t# about three\n"
        f'\t"v3": "{C}",\n'
        f'\t"v10": "{D}",\n'
        "}\nversion 'x' { }  // end\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sha256sums = {}\n", f'sha256sums = {{\n  "u": "{A}",\n}}\n'),
        ("sha256sums = {\n}\n", f'sha256sums = {{\n  "u": "{A}",\n}}\n'),
        (f'sha256sums = {{ "a": "{B}" }}\n', f'sha256sums = {{ "a": "{B}", "u": "{A}" }}\n'),
        (f'sha256sums = {{ "a": "{B}", }}\n', f'sha256sums = {{ "a": "{B}", "u": "{A}", }}\n'),
        (f'sha256sums = {{ "z": "{B}" }}\n', f'sha256sums = {{ "u": "{A}", "z": "{B}" }}\n'),
        (f'sha256sums = {{\n  "a": "{B}"\n}}\n', f'sha256sums = {{\n  "a": "{B}",\n  "u": "{A}",\n}}\n'),
        (
            f'sha256sums = {{\r\n  "a": "{B}",\r\n}}\r\n',
            f'sha256sums = {{\r\n  "a": "{B}",\r\n  "u": "{A}",\r\n}}\r\n',
        ),
    ],
)
def test_every_layout_of_a_map_is_kept(before: str, after: str) -> None:
    assert summed(before, u=A) == after


def test_an_unsorted_map_is_added_to_behind_the_last_smaller_entry() -> None:
    text = f'sha256sums = {{\n  "c": "{A}",\n  "a": "{B}",\n}}\n'

    assert summed(text, b=C) == f'sha256sums = {{\n  "c": "{A}",\n  "a": "{B}",\n  "b": "{C}",\n}}\n'


def test_maps_elsewhere_and_words_in_texts_do_not_mislead() -> None:
    text = 'description = "sha256sums = { "\nenv = { sha256sums: "x" }\ntest = <<EOF\nsha256sums = {\nEOF\n'

    changed = summed(text, u=A)

    assert changed.startswith(text)
    assert added(text, changed) == ["\n", "sha256sums = {\n", f'  "u": "{A}",\n', "}\n"]


def test_a_version_becomes_the_last_label_of_its_block() -> None:
    text = 'version "1" {} // first\nenv = { version: "x" }\nversion \'2\' three /* , */ {\n}\n'

    assert with_version(text, 1, "4", path="t") == text.replace("three", 'three "4"')
    assert with_version(text, 0, "4", path="t") == text.replace('"1"', '"1" "4"')


def test_labels_go_on_below_each_other_where_a_line_is_full() -> None:
    text = 'version "1.0.0" "1.0.1" "1.0.2" "1.0.3" "1.0.4" "1.0.5" "1.0.6" "1.0.7" {\n}\n'

    changed = with_version(text, 0, "1.0.8", path="t")

    assert changed == text.replace('"1.0.7"', '"1.0.7"\n        "1.0.8"')
    assert with_version(changed, 0, "1.0.9", path="t") == changed.replace('"1.0.8"', '"1.0.8" "1.0.9"')


def test_a_text_that_is_no_manifest_is_refused() -> None:
    with pytest.raises(ManifestError, match=r"tool\.hcl:1"):
        summed("version {", u=A)


@pytest.mark.parametrize("path", corpus_manifests()[::9], ids=lambda path: path.stem)
def test_public_manifests_gain_one_line_and_lose_none(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    try:
        manifest = load_manifest(text, name=path.stem, path=str(path))
    except ManifestError:
        return
    changed = summed(text, **{"https://new.example/9": A})

    gained = [line for line in added(text, changed) if "new.example" in line]
    assert gained == [f'  "https://new.example/9": "{A}",\n']
    for block in range(len(manifest.versions)):
        longer = parse_document(with_version(text, block, "999", path=str(path)), path="t")
        assert longer != parse_document(text, path="t")
