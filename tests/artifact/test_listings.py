"""Registries and indexes that list what no honest one does."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from pkgs.artifact.indexpage import files_of
from pkgs.artifact.locations import Location
from pkgs.artifact.memo import FileMemo
from pkgs.artifact.npm import NpmClient
from pkgs.artifact.npmrc import NpmConfig
from pkgs.artifact.pipconf import read_config
from pkgs.artifact.pypi import PypiClient
from pkgs.artifact.transport import Answer, Request
from pkgs.artifact.web import Web
from pkgs.artifact.wheels import WheelFile, best_wheel
from pkgs.digests import digest_bytes
from pkgs.errors import FetchError
from tests.artifact.conftest import LINUX

REGISTRY = "https://r.test/"
USUAL = "https://r.test/x/-/x-1.0.0.tgz"
INDEX = "https://me:secret@i.test/simple"
WHEEL = "x-1.0.0-py3-none-any.whl"
SHA256 = {"sha256": "0" * 64}


class _Page:
    """A transport that answers everything with one document."""

    def __init__(self, document: object) -> None:
        self._text = document if isinstance(document, str) else json.dumps(document)

    @contextmanager
    def send(self, request: Request) -> Iterator[Answer]:
        yield Answer(request.url, 200, {}, iter((self._text.encode(),)))


def _npm(dist: object, tmp_path: Path, *, pinned: bool = False) -> Sequence[Location]:
    environ = {"NPM_CONFIG_REGISTRY": REGISTRY, "npm_config_//r.test/:_authToken": "secret"}
    client = NpmClient(Web(_Page({"dist": dist})), environ, tmp_path, FileMemo(tmp_path / "memo"))
    found = client.locate("npm:x@1.0.0", LINUX, digest_bytes(b"") if pinned else None)
    assert found
    return found


def _pypi(document: object, tmp_path: Path, *, pinned: bool = False) -> Location:
    environ = {"PIP_INDEX_URL": INDEX, "PIP_CONFIG_FILE": os.devnull}
    client = PypiClient(Web(_Page(document)), environ, tmp_path, FileMemo(tmp_path / "memo"))
    found = client.locate("pypi:x==1.0.0", LINUX, digest_bytes(b"") if pinned else None)
    assert found
    return found[0]


def _files(url: str, hashes: Mapping[str, str] | None = None) -> dict[str, object]:
    return {"files": [{"filename": WHEEL, "url": url, "hashes": hashes or {}}]}


@pytest.mark.parametrize(
    "tarball",
    ["http://[", "http://h:x/", "//[::", "ftp://r.test/x", "file:///etc/passwd", "npm:x@1", "//a\u2100"],
)
def test_a_tarball_nowhere_is_looked_for_where_tarballs_are(tarball: str, tmp_path: Path) -> None:
    assert USUAL in [location.url for location in _npm({"tarball": tarball}, tmp_path)]


def test_a_tarball_without_encryption_is_used_only_if_it_is_known(tmp_path: Path) -> None:
    plain = {"tarball": "http://r.test/x.tgz", "shasum": "0" * 40}
    integrity = {"integrity": "sha512-" + "A" * 86 + "=="}

    def urls(dist: Mapping[str, str], *, pinned: bool = False) -> list[str]:
        return [location.url for location in _npm(dist, tmp_path, pinned=pinned)]

    assert urls(plain) == [USUAL]
    assert urls(plain, pinned=True) == urls(plain | integrity) == ["http://r.test/x.tgz", USUAL]


def test_no_token_is_told_without_encryption(tmp_path: Path) -> None:
    plain, usual = _npm({"tarball": "http://r.test/x.tgz"}, tmp_path, pinned=True)

    assert (plain.headers, usual.headers) == ({}, {"Authorization": "Bearer secret"})


@pytest.mark.parametrize("value", ["\u00e4", "A", "****"])
def test_an_integrity_that_is_none_is_a_sentence(value: str, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="which is no digest"):
        _npm({"tarball": "x.tgz", "integrity": f"sha512-{value}"}, tmp_path)


def test_a_wheel_without_encryption_is_used_only_if_it_is_known(tmp_path: Path) -> None:
    url = f"http://i.test/{WHEEL}"

    with pytest.raises(FetchError, match=r"i\.test lists it without a hash"):
        _pypi(_files(url), tmp_path)
    with pytest.raises(FetchError, match=r"i\.test lists it without a hash"):
        _pypi(_files(url, {"md5": "0" * 32}), tmp_path)
    assert _pypi(_files(url), tmp_path, pinned=True).url == url
    assert _pypi(_files(url, SHA256), tmp_path).url == url


def test_no_password_is_told_without_encryption(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine i.test login me password other\n", encoding="utf-8")

    assert _pypi(_files(f"http://i.test/{WHEEL}", SHA256), tmp_path).headers == {}
    assert _pypi(_files(f"https://i.test/{WHEEL}", SHA256), tmp_path).headers != {}


@pytest.mark.parametrize(
    "url", ["http://[", "http://h:x/", "//[::", "http://a\u2100b/", "file:///etc/passwd"]
)
@pytest.mark.parametrize("as_json", [True, False])
def test_a_file_nowhere_is_a_sentence(url: str, as_json: bool, tmp_path: Path) -> None:
    page = _files(url, SHA256) if as_json else f'<base href="{url}"><a href="{url}#sha256=0">x</a>'

    with pytest.raises(FetchError):
        _pypi(page, tmp_path)


@pytest.mark.parametrize("url", ["http://[", "http://h:x/"])
def test_a_file_nowhere_hides_no_other(url: str) -> None:
    html = f'<base href="{url}"><a href="{url}">x</a><a href="{WHEEL}">x</a>'
    as_json = json.dumps({"files": [{"filename": "y", "url": url}, {"filename": WHEEL, "url": WHEEL}]})

    for page in (html, as_json):
        found = [file.url for file in files_of(page, "https://i.test/x/") if file.filename == WHEEL]
        assert found == [f"https://i.test/x/{WHEEL}"]


@pytest.mark.parametrize(
    "page", ['{"files": 5}', '{"files": null}', '{"files": ' + "[" * 200_000, "<![<![", '{"files": "ab"}']
)
def test_what_is_no_index_is_a_sentence(page: str, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="does not answer as a Python package index"):
        _pypi(page, tmp_path)


def test_a_registry_of_endless_depth_is_a_sentence(tmp_path: Path) -> None:
    client = NpmClient(
        Web(_Page("[" * 200_000)), {"NPM_CONFIG_REGISTRY": REGISTRY}, tmp_path, FileMemo(tmp_path / "memo")
    )

    with pytest.raises(FetchError, match="does not answer as an npm registry"):
        client.locate("npm:x@1.0.0", LINUX, None)


def test_a_file_that_is_listed_twice_is_one() -> None:
    wheels = [WheelFile(WHEEL, "https://i.test/1"), WheelFile(WHEEL, "https://i.test/2")]

    assert best_wheel(wheels, LINUX, "glibc") == wheels[0]


def test_settings_that_cannot_be_read_are_sentences_or_nothing(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_bytes(b"machine i.test login \xe4 password \xff\n")
    config = read_config({"PIP_CONFIG_FILE": os.devnull}, tmp_path)

    assert config.location("https://i.test/f", "").headers == {}
    with pytest.raises(FetchError, match="not a URL"):
        config.location("https://[/f", "https://[")
    assert NpmConfig({"//h/:username": "u", "//h/:_password": "\u00e4"}, tmp_path).credentials("http://h/")
