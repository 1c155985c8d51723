"""Every public manifest loads, says what hermit read in it, and without much work."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pkgs.errors import ManifestError
from pkgs.manifest.load import load_manifest, parse_document
from pkgs.manifest.model import Manifest
from pkgs.manifest.printer import print_document
from tests.support.corpus import corpus_answers, corpus_manifests, needs_corpus
from tests.support.timing import assert_cheap

pytestmark = needs_corpus

# hermit refuses it as well: it has an attribute that hermit does not know.
REFUSED = "omni"
# Manifests that hermit's own serialiser did not write last: hand-written layout, `#` comments, octal numbers.
MOST_WRITTEN_BY_HAND = 25


def load(path: Path) -> Manifest:
    return load_manifest(path.read_text(encoding="utf-8"), name=path.stem, path=path.name)


@pytest.fixture(scope="module")
def manifests() -> dict[str, Manifest]:
    return {path.stem: load(path) for path in corpus_manifests() if path.stem != REFUSED}


def test_every_manifest_declares_the_versions_hermit_lists(manifests: dict[str, Manifest]) -> None:
    listed = {
        answer["name"]: set(answer["sorted_versions"])
        for answer in corpus_answers()
        if answer.get("sorted_versions") is not None
    }
    declared = {
        name: {version for block in manifest.versions for version in block.versions}
        for name, manifest in manifests.items()
    }
    assert {name: versions for name, versions in declared.items() if versions} == {
        name: versions for name, versions in listed.items() if versions
    }


def test_digests_and_update_intervals_are_those_hermit_answers(manifests: dict[str, Manifest]) -> None:
    wrong = []
    compared: Counter[str] = Counter()
    for answer in corpus_answers():
        package = answer.get("package", {})
        sums = manifests[answer["name"]].sha256sums
        if package.get("source") in sums:
            compared["digest"] += 1
            if package["sha256"] != sums[package["source"]]:
                wrong.append(answer)
        for channel in manifests[answer["name"]].channels:
            if answer.get("selector") == f"{answer['name']}@{channel.name}" and package:
                compared["channel"] += 1
                if package["update_seconds"] != channel.update_seconds:
                    wrong.append(answer)
    assert wrong == []
    assert compared["digest"] > 20_000
    assert compared["channel"] > 20


def test_omni_is_refused_with_line_and_nearest_name() -> None:
    path = next(path for path in corpus_manifests() if path.stem == REFUSED)
    with pytest.raises(ManifestError) as caught:
        load(path)
    assert caught.value.message == (
        'omni.hcl:11: unknown attribute "version-filter" (did you mean "version-pattern"?)'
    )


def test_printing_keeps_every_manifest_and_repeats_what_hermit_wrote_byte_for_byte() -> None:
    by_hand = []
    for path in corpus_manifests():
        text = path.read_text(encoding="utf-8")
        document = parse_document(text, path=path.name)
        printed = print_document(document)
        assert parse_document(printed, path=path.name) == document
        if printed != text:
            by_hand.append(path.stem)
    assert len(by_hand) <= MOST_WRITTEN_BY_HAND, by_hand


def test_the_whole_corpus_loads_quickly(manifests: dict[str, Manifest]) -> None:
    def whole() -> None:
        for path in corpus_manifests():
            if path.stem != REFUSED:
                load(path)

    assert_cheap(whole, 160)
