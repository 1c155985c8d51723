"""What publishers write into files of checksums, and where these are."""

from __future__ import annotations

import pytest

from pkgs.artifact.failures import bad_status, unreachable
from pkgs.authoring.checksums import Checksums, stated
from pkgs.errors import FetchError

A, B = "a" * 64, "b" * 64
URL = "https://example.org/v1/tool%20x.tgz"


@pytest.mark.parametrize(
    "text",
    [
        f"{A}  tool x.tgz\n",
        f"{A} *tool x.tgz\n",
        f"{A.upper()}\t./dist/TOOL x.tgz\r\n",
        f"# made by hand\n{B}  other\n\n{A}  tool x.tgz\n",
        f"SHA256 (tool x.tgz) = {A}\n",
        f"{B}  tool x.tgz.sig\n{A}  tool x.tgz\n",
    ],
)
@pytest.mark.parametrize("shared", [True, False])
def test_a_file_that_names_the_download_states_its_digest(text: str, shared: bool) -> None:
    assert stated(text, URL, shared=shared) == A


@pytest.mark.parametrize("text", [A, f"{A}\n", f"{A}  renamed.tgz\n"])
def test_one_line_without_the_name_counts_only_in_a_file_of_its_own(text: str) -> None:
    assert stated(text, URL, shared=False) == A
    assert stated(text, URL, shared=True) == ""


@pytest.mark.parametrize("text", ["", "<html>", f"{A[:63]}  tool x.tgz", f"{A}\n{B}\n", f"{A}  a\n{B}  b\n"])
def test_anything_else_states_nothing(text: str) -> None:
    assert stated(text, URL, shared=False) == ""


class Asked:
    """Answers for URLs that end as told, and 404 for others."""

    def __init__(self, **answers: str | FetchError) -> None:
        self.urls: list[str] = []
        self.answers = answers

    def __call__(self, url: str) -> str:
        self.urls.append(url)
        answer = self.answers.get(url.rpartition("/")[2].replace(".", "_"), bad_status(url, 404, 0))
        if isinstance(answer, FetchError):
            raise answer
        return answer


def test_a_shared_file_is_fetched_once_for_all_downloads_beside_it() -> None:
    asked = Asked(checksums_txt=f"{A}  a.tgz\n{B}  b.tgz\n")
    checksums = Checksums(asked)

    found = [checksums.find(f"https://example.org/v1/{name}.tgz") for name in "ab"]

    assert [each.digest for each in found if each] == [A, B]
    assert asked.urls.count("https://example.org/v1/checksums.txt") == 1
    assert checksums.find("https://example.org/v1/c.tgz") is None


def test_the_file_that_a_manifest_names_is_the_only_one_asked() -> None:
    asked = Asked(sums=f"{A}  b.tgz\n{B}  a.tgz\n", checksums_txt=f"{A}  a.tgz\n")

    found = Checksums(asked).find("https://example.org/a.tgz", "https://example.com/sums")

    assert found and (found.digest, found.by) == (B, "https://example.com/sums")
    assert asked.urls == ["https://example.com/sums"]


def test_a_named_file_that_lists_something_else_is_told_of() -> None:
    asked = Asked(sums=f"{A}  b.tgz\n{B}  c.tgz\n")

    with pytest.raises(FetchError, match=r"sums does not list a\.tgz"):
        Checksums(asked).find("https://example.org/a.tgz", "https://example.com/sums")


def test_a_silent_host_is_asked_once() -> None:
    silent = unreachable("https://example.org/", "nobody answers")
    asked = Asked(a_tgz_sha256=silent)
    checksums = Checksums(asked)

    for name, why in (("a", "nobody answers"), ("b", r"^example\.org could not be reached$")):
        with pytest.raises(FetchError, match=why):
            checksums.find(f"https://example.org/{name}.tgz")

    assert asked.urls == ["https://example.org/a.tgz.sha256"]
    assert not checksums.reaches("https://example.org/b.tgz")
