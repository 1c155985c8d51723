"""The page of a project on a Python package index: JSON (PEP 691) or HTML (PEP 503)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from pkgs.artifact.documents import from_json
from pkgs.artifact.failures import shown
from pkgs.artifact.locations import origin
from pkgs.artifact.wheels import WheelFile
from pkgs.errors import FetchError


def files_of(text: str, base: str) -> Iterator[WheelFile]:
    """Yield the files that the page ``text`` at the URL ``base`` lists; raise :class:`FetchError`."""
    if not text.lstrip().startswith("{"):
        return _html_files(text, base)
    try:
        document = from_json(text)
    except ValueError as error:
        raise _no_index(base) from error
    files = document.get("files", []) if isinstance(document, Mapping) else None
    if not isinstance(files, list):
        raise _no_index(base)
    return (_json_file(entry, base) for entry in files if isinstance(entry, Mapping))


def _no_index(base: str) -> FetchError:
    return FetchError(f"{shown(base)} does not answer as a Python package index does")


def _joined(base: str, reference: str) -> str:
    """Return the URL that a page names; "" if it is none."""
    try:
        url = urljoin(base, reference)
        return url if origin(url)[0] else ""
    except ValueError:
        return ""


def _json_file(entry: Mapping[str, object], base: str) -> WheelFile:
    hashes, yanked = entry.get("hashes"), entry.get("yanked")
    known = hashes.items() if isinstance(hashes, Mapping) else ()
    return WheelFile(
        filename=str(entry.get("filename", "")),
        url=_joined(base, str(entry.get("url", ""))),
        hashes=tuple((str(name), str(value).lower()) for name, value in known),
        yanked=yanked if isinstance(yanked, str) else "no reason given" if yanked else "",
    )


def _html_files(text: str, base: str) -> Iterator[WheelFile]:
    page = _Page(base)
    try:
        page.feed(text)
    except AssertionError as error:  # "<![" and something that is no name
        raise _no_index(base) from error
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
            self._base = _joined(self._base, href) or self._base
        if tag == "a" and href and (url := _joined(self._base, href)):
            self.files.append(_linked(url, "data-yanked" in values, values.get("data-yanked")))


def _linked(url: str, withdrawn: bool, reason: str | None) -> WheelFile:
    plain, fragment = urldefrag(url)
    name, equals, value = fragment.partition("=")
    hashes = ((name, value.lower()),) if equals else ()
    filename = unquote(urlsplit(plain).path.rpartition("/")[2])
    return WheelFile(filename, plain, hashes, (reason or "no reason given") if withdrawn else "")
