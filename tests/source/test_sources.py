"""Which source a URI names."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgs.errors import SourceError
from pkgs.source.catalog import Catalog
from pkgs.source.local import LocalSource
from pkgs.source.remote import RemoteSource
from pkgs.source.sources import BUILTIN, open_source, open_sources
from pkgs.source.uris import without_secrets
from tests.source.conftest import Opened
from tests.support.reporters import Heard
from tests.support.repositories import small_manifest


def _directory(path: Path, **manifests: str) -> Path:
    path.mkdir(parents=True)
    for name, text in manifests.items():
        (path / f"{name}.hcl").write_text(text)
    return path


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("env:///manifests", LocalSource),
        ("file:///some/dir", LocalSource),
        ("file:///x/y.git", RemoteSource),
        ("env:///x/y.git", RemoteSource),
        ("https://git.example.invalid/o/r.git#v1", RemoteSource),
        ("git@git.example.invalid:o/r.git", RemoteSource),
        ("https://example.invalid/manifests.tar.zst", RemoteSource),
        ("file:///x/manifests.tar.gz", RemoteSource),
    ],
)
def test_kinds(access: Opened, uri: str, kind: type) -> None:
    source = open_source(uri, access())

    assert isinstance(source, kind)
    assert source.uri == uri


@pytest.mark.parametrize(
    "uri", ["https://example.invalid/x", "ftp://x/y", "", "manifests", "https://[/x.hcl"]
)
def test_what_is_no_source_is_refused_with_the_kinds_there_are(access: Opened, uri: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(uri, access())

    assert "env:///DIR" in caught.value.hint


@pytest.mark.parametrize("uri", ["env:///none", "file:///nowhere/at/all", "env:///", "file://"])
def test_a_missing_directory_is_warned_of_and_skipped(
    access: Opened, heard: Heard, tmp_path: Path, uri: str
) -> None:
    _directory(tmp_path / "project/manifests", a=small_manifest("a"))

    sources = open_sources([uri, "env:///manifests"], access())

    assert Catalog(sources).get("a").source.uri == "env:///manifests"
    assert "a" in Catalog(sources).names()
    assert [uri in warning and "skipped" in warning for warning in heard.warnings] == [True]


def test_a_directory_that_appears_is_watched_for(access: Opened, tmp_path: Path) -> None:
    catalog = Catalog(open_sources(["env:///later"], access()))

    assert tmp_path / "project/later/a.hcl" in catalog.paths("a")


def test_the_manifests_of_pkgs_come_last(access: Opened) -> None:
    assert [source.uri for source in open_sources(["file:///", BUILTIN], access())] == ["file:///", BUILTIN]


def test_names_lead_to_no_other_directory(tmp_path: Path) -> None:
    _directory(tmp_path / "inner")
    (tmp_path / "a.hcl").write_text(small_manifest("a"))

    assert LocalSource("x", tmp_path / "inner").read("../a") is None


@pytest.mark.parametrize(
    ("uri", "clean"),
    [
        ("https://me:pw@h.test:8443/x.git#v1", "https://h.test:8443/x.git#v1"),
        ("https://TOKEN@h.test/x.git", "https://h.test/x.git"),
        ("ssh://git@h.test/x.git", "ssh://git@h.test/x.git"),
        ("ssh://git:pw@h.test/x.git", "ssh://git@h.test/x.git"),
        ("git@h.test:o/x.git", "git@h.test:o/x.git"),
        ("file:///x@y/z.git", "file:///x@y/z.git"),
    ],
)
def test_what_is_secret_in_a_uri_is_taken_out(uri: str, clean: str) -> None:
    assert without_secrets(uri) == clean
