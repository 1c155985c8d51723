"""Every line that hermit printed for the public manifests, printed the same."""

from __future__ import annotations

import functools
import json
import lzma
from collections.abc import Iterator

import pytest

from pkgs.manifest.load import load_manifest
from pkgs.manifest.model import Manifest
from pkgs.package.answer import answers, version_answers
from pkgs.platforms import Platform
from tests.support.corpus import CORPUS, needs_corpus

pytestmark = needs_corpus
SHOWN = 10


@functools.cache
def manifest(name: str) -> Manifest | None:
    path = CORPUS / "manifests" / f"{name}.hcl"
    return (
        load_manifest(path.read_text(encoding="utf-8"), name=name, path=path.name) if path.exists() else None
    )


@pytest.fixture(scope="module")
def lines() -> tuple[list[str], list[str]]:
    """Hermit's answers: those to selectors, and those that list versions."""
    with lzma.open(CORPUS / "resolved.jsonl.xz", "rt", encoding="utf-8") as file:
        texts = file.read().splitlines()
    listings = [text for text in texts if '"sorted_versions":' in text]
    return [text for text in texts if '"sorted_versions":' not in text], listings


def test_every_selector_resolves_as_in_hermit(lines: tuple[list[str], list[str]]) -> None:
    expected, _ = lines
    asked = [json.loads(line) for line in expected]
    requests = [(each["selector"], Platform.parse(each["platform"])) for each in asked]

    got = list(answers(requests, manifest, today=None, complain=lambda error: None))

    assert differences(expected, got) == []
    assert len(got) == 44_076


def test_every_list_of_versions_is_in_hermits_order(lines: tuple[list[str], list[str]]) -> None:
    _, expected = lines
    names = [json.loads(line)["name"] for line in expected]

    got = list(version_answers(names, manifest, complain=lambda error: None))

    assert differences(expected, got) == []
    assert len(got) == 462


def differences(expected: list[str], got: list[str]) -> list[str]:
    """Return the first few differences, field by field."""
    pairs = ((a, b) for a, b in zip(expected, got, strict=True) if a != b)
    return [text for (a, b), _ in zip(pairs, range(SHOWN), strict=False) for text in fields(a, b)]


def fields(expected: str, got: str) -> Iterator[str]:
    left, right = flat(json.loads(expected)), flat(json.loads(got))
    about = f"{right.get('selector', right['name'])} on {right.get('platform', 'any')}"
    for field in sorted(left.keys() | right.keys()):
        if left.get(field) != right.get(field):
            yield f"{about}: {field}: hermit has {left.get(field)!r}, pkgs {right.get(field)!r}"


def flat(line: dict[str, object]) -> dict[str, object]:
    package = line.get("package")
    return {**line, **package} if isinstance(package, dict) else line
