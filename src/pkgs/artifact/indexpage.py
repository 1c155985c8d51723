"""The page of a project on a Python package index: JSON (PEP 691) or HTML (PEP 503)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from pkgs.artifact.failures import shown
from pkgs.artifact.wheels import WheelFile
from pkgs.errors import FetchError


def files_of(text: str, base: str) -> Iterator[WheelFile]:
    """Yield the files that the page ``text`` at the URL ``base`` lists; raise :class:`FetchError`."""
    if not text.lstrip().startswith("{"):
        return _html_files(text, base)
    try:
        files = json.loads(text).get("files", [])
    except ValueError as error:
        raise FetchError(f"{shown(base)} does not answer as a Python package index does") from error
    return (_json_file(entry, base) for entry in files if isinstance(entry, Mapping))


def _json_file(entry: Mapping[str, object], base: str) -> WheelFile:
    hashes, yanked = entry.get("hashes"), entry.get("yanked")
    known = hashes.items() if isinstance(hashes, Mapping) else ()
    return WheelFile(
        filename=str(entry.get("filename", "")),
        url=urljoin(base, str(entry.get("url", ""))),
        hashes=tuple((str(name), str(value).lower()) for name, value in known),
        yanked=yanked if isinstance(yanked, str) else "no reason given" if yanked else "",
    )


def _html_files(text: str, base: str) -> Iterator[WheelFile]:
    page = _Page(base)
    page.feed(text)
    return iter(page.files)


class _Page(HTMLParser):
    """The links of an index page."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.files: list[WheelFile] = []
        self._base = base

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        href = values.get("href")
        if tag == "base" and href:
            self._base = urljoin(self._base, href)
        if tag == "a" and href:
            self.files.append(
                _linked(urljoin(self._base, href), "data-yanked" in values, values.get("data-yanked"))
            )


def _linked(url: str, withdrawn: bool, reason: str | None) -> WheelFile:
    plain, fragment = urldefrag(url)
    name, equals, value = fragment.partition("=")
    hashes = ((name, value.lower()),) if equals else ()
    filename = unquote(urlsplit(plain).path.rpartition("/")[2])
    return WheelFile(filename, plain, hashes, (reason or "no reason given") if withdrawn else "")
