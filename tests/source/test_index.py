"""The index: nothing is parsed twice, and nothing that changed is missed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from pkgs.errors import ManifestError
from pkgs.manifest.load import load_manifest
from pkgs.source import parsed
from pkgs.source.cache import Cache
from pkgs.source.index import Index
from pkgs.source.local import LocalSource
from tests.support.repositories import small_manifest

LONG_AGO = 1_600_000_000


@pytest.fixture
def source(tmp_path: Path) -> LocalSource:
    directory = tmp_path / "manifests"
    directory.mkdir()
    for name in ("a", "b", "c"):
        _write(directory / f"{name}.hcl", small_manifest(name, "1.0"))
    return LocalSource("env:///manifests", directory)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(Cache(tmp_path / "index"))


def _write(path: Path, text: str, when: float = LONG_AGO) -> None:
    path.write_text(text)
    os.utime(path, (when, when))


@contextmanager
def _parsing() -> Iterator[list[str]]:
    """Yield the names of the manifests that are parsed meanwhile."""
    names: list[str] = []

    def load(text: str, *, name: str, path: str) -> object:
        names.append(name)
        return load_manifest(text, name=name, path=path)

    with patch.object(parsed, "load_manifest", load):
        yield names


@contextmanager
def _reading() -> Iterator[list[str]]:
    """Yield the names of the manifests whose files are read meanwhile."""
    names: list[str] = []
    real = LocalSource.read

    def read(source: LocalSource, name: str) -> object:
        names.append(name)
        return real(source, name)

    with patch.object(LocalSource, "read", read):
        yield names


def _settled() -> object:
    """Pretend that what was written just now was written some time ago."""
    return patch.object(time, "time_ns", lambda: time.clock_gettime_ns(time.CLOCK_REALTIME) + 10**10)


def test_what_was_seen_is_neither_read_nor_parsed_again(source: LocalSource, index: Index) -> None:
    with _settled():  # type: ignore[attr-defined]
        first = index.summaries(source)
    with _parsing() as parsings, _reading() as readings:
        assert index.summaries(source) == first

    assert list(first) == ["a", "b", "c"]
    assert parsings == readings == []


def test_only_what_changed_is_parsed(source: LocalSource, index: Index) -> None:
    index.summaries(source)
    _write(source.directory / "b.hcl", small_manifest("b", "2.0"))

    with _parsing() as parsings:
        found = index.summaries(source)

    assert found["b"].versions == ("2.0",)
    assert parsings == ["b"]


def test_a_change_of_the_same_size_and_time_is_seen(source: LocalSource, index: Index) -> None:
    with _settled():  # type: ignore[attr-defined]
        index.summaries(source)
        _write(source.directory / "b.hcl", small_manifest("b", "3.0"))

        assert index.summaries(source)["b"].versions == ("3.0",)


def test_a_change_within_the_clock_s_grain_is_seen(source: LocalSource, index: Index) -> None:
    """The file looks the same in every respect: only that it was so young keeps it from being believed."""
    stamp = (time.time_ns(), 1, 2, 3)
    with patch("pkgs.source.index.stamp", lambda path: stamp):
        index.summaries(source)
        _write(source.directory / "b.hcl", small_manifest("b", "4.0"))

        assert index.summaries(source)["b"].versions == ("4.0",)


def test_a_touched_file_is_read_but_not_parsed(source: LocalSource, index: Index) -> None:
    index.summaries(source)
    os.utime(source.directory / "b.hcl", (LONG_AGO + 5, LONG_AGO + 5))

    with _parsing() as parsings:
        index.summaries(source)

    assert parsings == []


def test_what_comes_and_goes_is_listed_so(source: LocalSource, index: Index) -> None:
    index.summaries(source)
    (source.directory / "a.hcl").unlink()
    _write(source.directory / "d.hcl", small_manifest("d"))

    assert list(index.summaries(source)) == ["b", "c", "d"]


def test_a_broken_manifest_is_listed_with_its_error_until_it_is_mended(
    source: LocalSource, index: Index
) -> None:
    _write(source.directory / "b.hcl", "nonsense =")
    for _ in range(2):
        assert "b.hcl" in index.summaries(source)["b"].error
    _write(source.directory / "b.hcl", small_manifest("b"))

    assert index.summaries(source)["b"].error == ""


def test_a_file_that_is_no_text_is_listed_with_its_error(source: LocalSource, index: Index) -> None:
    (source.directory / "b.hcl").write_bytes(b"\xff\xfe")

    assert "UTF-8" in index.summaries(source)["b"].error or "b.hcl" in index.summaries(source)["b"].error


def test_equal_texts_are_parsed_once_and_keep_their_own_names(index: Index) -> None:
    text = small_manifest("x")
    with _parsing() as parsings:
        first = index.load(text, name="one", path="one.hcl")
        second = index.load(text, name="two", path="two.hcl")

    assert (first.name, second.name, second.path) == ("one", "two", "two.hcl")
    assert parsings == ["one"]


def test_errors_name_the_file_at_hand(index: Index) -> None:
    for path in ("one.hcl", "two.hcl"):
        with pytest.raises(ManifestError, match=path):
            index.load("nonsense =", name="x", path=path)


@pytest.mark.parametrize("damage", [b"", b"x", b"0" * 64 + b"{}"])
def test_a_damaged_index_is_made_again(
    source: LocalSource, index: Index, tmp_path: Path, damage: bytes
) -> None:
    before = index.summaries(source)
    for path in (tmp_path / "index").rglob("*"):
        if path.is_file():
            path.write_bytes(damage or path.read_bytes()[:-1])

    assert index.summaries(source) == before
    assert index.load(small_manifest("a", "1.0"), name="a", path="a").name == "a"


def test_one_bit_is_enough_to_be_found_out(source: LocalSource, index: Index, tmp_path: Path) -> None:
    before = index.summaries(source)
    listing = next((tmp_path / "index/listing").iterdir())
    listing.write_bytes(listing.read_bytes().replace(b"The tool b", b"The tool d"))

    assert index.summaries(source) == before


def test_a_state_directory_that_cannot_be_written_costs_time_only(
    source: LocalSource, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    index = Index(Cache(tmp_path / "file/index"))

    assert index.summaries(source)["a"].versions == ("1.0",)
    assert index.load(small_manifest("a"), name="a", path="a").name == "a"


def test_writers_at_once_do_each_other_no_harm(source: LocalSource, tmp_path: Path) -> None:
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(Index(Cache(tmp_path / "index")).summaries(source)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert all(each == found[0] for each in found)
    assert list((tmp_path / "index").rglob(".tmp-*")) == []


def test_a_summary_holds_what_a_search_needs(index: Index, source: LocalSource) -> None:
    _write(
        source.directory / "a.hcl",
        'description = "All"\nhomepage = "https://h.test"\nprovides = ["v"]\n'
        'binaries = ["bin/one", "bin/*", "${name}", "two"]\nlinux { binaries = ["x/three"] }\n'
        'source = "https://example.invalid/x"\nversion "1.10" "1.9" {}\nchannel "head" { update = "1h" }\n',
    )

    summary = index.summaries(source)["a"]

    assert summary.binaries == ("one", "two", "three")
    assert summary.provides == ("v",)
    assert summary.versions == ("1.9", "1.10")
    assert summary.channels[:2] == ("head", "latest")
    assert summary.platforms == ("linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64")


PLATFORMS = {
    "a source at the root": (
        'source = "x"\nversion "1" {}',
        "linux-amd64 linux-arm64 darwin-amd64 darwin-arm64",
    ),
    "a source for a system": ('linux { source = "x" }\nversion "1" {}', "linux-amd64 linux-arm64"),
    "a source for platforms": (
        'platform "(linux|darwin)-arm64" { source = "x" }\nversion "1" {}',
        "linux-arm64 darwin-arm64",
    ),
    "one version for each system": (
        'version "1" {\n darwin { source = "x" }\n}\nversion "2" {\n linux { source = "x" }\n}',
        "linux-amd64 linux-arm64 darwin-amd64 darwin-arm64",
    ),
    "a channel without versions": (
        'channel "head" {\n update = "1h"\n darwin { source = "x" }\n}',
        "darwin-amd64 darwin-arm64",
    ),
    "a channel that follows a version": (
        'version "1" {}\nchannel "one" {\n update = "1h"\n version = "1"\n linux { source = "x" }\n}',
        "linux-amd64 linux-arm64",
    ),
    "no source": ('version "1" {}', ""),
}


@pytest.mark.parametrize(("body", "platforms"), PLATFORMS.values(), ids=PLATFORMS)
def test_a_summary_tells_the_platforms_that_any_version_is_for(
    index: Index, source: LocalSource, body: str, platforms: str
) -> None:
    _write(source.directory / "a.hcl", f'description = "A"\nbinaries = ["a"]\n{body}\n')

    summary = index.summaries(source)["a"]

    assert (summary.error, " ".join(summary.platforms)) == ("", platforms)


def test_a_platform_without_a_tool_is_none_that_a_package_is_for(index: Index, source: LocalSource) -> None:
    _write(
        source.directory / "a.hcl",
        'description = "A"\nsource = "x"\nlinux { binaries = ["a"] }\ndarwin { apps = ["A.app"] }\n'
        'version "1" {}\n',
    )
    _write(
        source.directory / "b.hcl",
        'description = "B"\nsource = "x"\nlinux { binaries = ["b"] }\nversion "1" {}\n',
    )

    found = index.summaries(source)

    assert len(found["a"].platforms) == 4
    assert found["b"].platforms == ("linux-amd64", "linux-arm64")


def test_what_other_versions_kept_goes_but_for_a_few(source: LocalSource, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"index/old{number}").mkdir(parents=True)
        os.utime(tmp_path / f"index/old{number}", (number, number))

    Index(Cache(tmp_path / "index/new")).summaries(source)

    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == ["new", "old3", "old4", "old5"]
