"""Several sources as one: order decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgs.errors import ManifestError, ResolveError
from pkgs.source.catalog import Catalog
from pkgs.source.local import LocalSource
from tests.support.repositories import small_manifest


def _source(path: Path, **manifests: str) -> LocalSource:
    path.mkdir()
    for name, text in manifests.items():
        (path / f"{name}.hcl").write_text(text)
    return LocalSource(path.name, path)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(
        (
            _source(tmp_path / "first", a=small_manifest("a", about="of the first"), broken="nonsense ="),
            _source(
                tmp_path / "second",
                a=small_manifest("a", about="of the second"),
                broken=small_manifest("broken"),
                b=small_manifest("b", more='provides = ["virtual"]\n'),
                c=small_manifest("c", more='provides = ["virtual", "other"]\n'),
            ),
        )
    )


def test_the_first_source_that_has_a_name_wins(catalog: Catalog) -> None:
    assert catalog.get("a").manifest.description == "of the first"
    assert catalog.get("b").source.uri == "second"
    assert catalog.listed()["a"].summary.description == "of the first"


def test_a_broken_manifest_wins_with_its_error(catalog: Catalog) -> None:
    with pytest.raises(ManifestError, match=r"first/broken\.hcl"):
        catalog.get("broken")
    assert "first/broken.hcl" in catalog.listed()["broken"].summary.error


def test_what_is_shadowed_is_known(catalog: Catalog, tmp_path: Path) -> None:
    assert [(file.source, file.path) for file in catalog.shadowed("a")] == [
        ("second", tmp_path / "second/a.hcl")
    ]
    assert catalog.shadowed("b") == catalog.shadowed("none") == []


def test_the_same_file_seen_twice_shadows_nothing(tmp_path: Path) -> None:
    source = _source(tmp_path / "one", a=small_manifest("a"))

    assert Catalog((source, LocalSource("again", source.directory))).shadowed("a") == []


def test_virtual_packages_have_providers(catalog: Catalog) -> None:
    assert catalog.providers("virtual") == ["b", "c"]
    assert catalog.providers("other") == ["c"]
    with pytest.raises(ResolveError) as caught:
        catalog.get("virtual")
    assert caught.value.hint == "it is provided by: b, c"


def test_an_unknown_name_brings_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(ResolveError, match="'brokem'") as caught:
        catalog.get("brokem")
    assert caught.value.hint == "did you mean broken?"
