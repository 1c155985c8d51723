"""Which source a URI names."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from pkgs.errors import ResolveError, SourceError
from pkgs.source.catalog import Catalog
from pkgs.source.check import check_source
from pkgs.source.local import LocalSource
from pkgs.source.remote import RemoteSource
from pkgs.source.sources import BUILTIN, open_source, open_sources
from pkgs.source.uris import without_secrets
from tests.source.conftest import Opened
from tests.support.mounts import filesystem
from tests.support.reporters import Heard
from tests.support.repositories import small_manifest

TODAY = dt.date(2026, 11, 27)


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


def _odd(path: Path, kind: str) -> None:
    """Put something at ``path`` that is no manifest."""
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "directory":
        path.mkdir()
    else:
        path.write_bytes(b"")
        os.truncate(path, 1 << 40)


@pytest.mark.parametrize("kind", ["fifo", "device", "loop", "directory", "huge"])
@pytest.mark.parametrize("sealed", [False, True])
def test_what_is_no_manifest_file_is_refused_by_name_and_not_waited_for(
    tmp_path: Path, kind: str, sealed: bool
) -> None:
    _odd(_directory(tmp_path / "inner", a=small_manifest("a")) / "odd.hcl", kind)
    catalog = Catalog((LocalSource("x", tmp_path / "inner", sealed=sealed),))

    with pytest.raises(SourceError, match=r"odd\.hcl"):
        catalog.get("odd")
    with pytest.raises(SourceError, match=r"odd\.hcl"):
        catalog.sources[0].file("odd.hcl")
    assert catalog.listed()["odd"].summary.error
    assert not catalog.listed()["a"].summary.error
    assert {each.name: bool(each.faults) for each in check_source(catalog.sources[0], today=TODAY)} == {
        "a": False,
        "odd": True,
    }


@pytest.mark.parametrize("uri", ["file:///x%00y", "env:///x%00y"])
def test_no_directory_has_a_nul_in_its_name(access: Opened, uri: str) -> None:
    with pytest.raises(SourceError, match="NUL"):
        open_source(uri, access())


def test_no_package_has_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(ResolveError, match="no package"):
        Catalog((LocalSource("x", _directory(tmp_path / "inner")),)).get("a" * 300)


def test_no_file_has_a_nul_in_its_name(tmp_path: Path) -> None:
    source = LocalSource("x", _directory(tmp_path / "inner"))

    with pytest.raises(SourceError, match="cannot read"):
        source.file("a\0b")
    assert source.read("a\0b") is None


def test_where_case_does_not_matter_a_package_has_one_name_all_the_same(tmp_path: Path) -> None:
    """What is pinned by another one could not be found where it does matter."""
    _directory(tmp_path / "backing", jot=small_manifest("jot"), Ink=small_manifest("Ink"))
    with filesystem(tmp_path / "backing", tmp_path / "disk", "folding"):
        catalog = Catalog((LocalSource("x", tmp_path / "disk"),))

        for name in ("jot", "Ink"):
            assert catalog.get(name).manifest.name == name
        for name in ("Jot", "JOT", "ink"):
            with pytest.raises(ResolveError, match=f"no package '{name}'"):
                catalog.get(name)


def test_where_case_matters_names_may_differ_in_nothing_else(tmp_path: Path) -> None:
    source = LocalSource("x", _directory(tmp_path / "inner", ink="1", INK="2"))

    assert [file.text for name in ("ink", "INK") if (file := source.read(name))] == ["1", "2"]


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
