"""How publishers spell versions and platforms in the names of their downloads. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pkgs.platforms import PLATFORMS, Platform

# Longer words first: each is looked for as a whole, in any case.
OS_WORDS: Mapping[str, Sequence[str]] = {
    "linux": ("unknown-linux-gnu", "unknown-linux-musl", "linux-gnu", "linux-musl", "linux"),
    "darwin": ("apple-darwin", "darwin", "macos", "osx", "mac"),
}
ARCH_WORDS: Mapping[str, Sequence[str]] = {
    "amd64": ("x86_64", "x86-64", "amd64", "x64", "64bit"),
    "arm64": ("aarch64", "arm64"),
}
# On macOS one file may be for both processors.
UNIVERSAL = ("universal2", "universal", "all")
ARCHIVES = (".tar.gz", ".tgz", ".zip", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".gz")
# How one publisher spells the two of a kind, the most usual first.
_OS_PAIRS = (
    ("linux", "darwin"),
    ("linux", "macos"),
    ("linux", "osx"),
    ("linux", "mac"),
    ("unknown-linux-gnu", "apple-darwin"),
    ("unknown-linux-musl", "apple-darwin"),
)
_ARCH_PAIRS = (
    ("amd64", "arm64"),
    ("x86_64", "arm64"),
    ("x86_64", "aarch64"),
    ("x64", "arm64"),
    ("x64", "aarch64"),
    ("64bit", "arm64"),
)
_RELEASE = re.compile(r"/releases/download/([^/]+)/")
_TAG = re.compile(r"(?:^|[^0-9.])(\d+(?:[._]\d+)*\S*)$")
_DOTTED = re.compile(r"(?<![0-9.])(\d+(?:\.\d+)+(?:-(?:alpha|beta|rc|pre)[.\d]*)?)")


@dataclass(frozen=True, slots=True)
class Spelled:
    """A download's URL, and the words in it for system and processor, "" where there are none."""

    url: str
    os_word: str
    arch_word: str

    def shape(self, version: str) -> str:
        """Return the URL with ``${version}``, ``${OS}`` and ``${ARCH}`` where what they mean stands."""
        return self.written(version, "${OS}", "${ARCH}")

    def written(self, version: str, system: str, machine: str) -> str:
        """Return the URL with ``${version}`` and what is given for the two words; the host stays."""
        start = _start(self.url)
        named = templated(self.url[start:], version, (self.os_word, system), (self.arch_word, machine))
        return self.url[:start] + named


def templated(text: str, version: str, *words: tuple[str, str]) -> str:
    """Return ``text`` with each word, where it stands alone, replaced by its placeholder."""
    for word, placeholder in words:
        if word:
            text = placeholder.join(re.split(_alone(word), text))
    return "${version}".join(re.split(_number(version), text)) if version else text


def _number(version: str) -> str:
    return rf"(?<![0-9])(?<![0-9]\.){re.escape(version)}(?![0-9])(?!\.[0-9])"


def _alone(word: str) -> str:
    return rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])"


def spelled(url: str) -> tuple[Spelled, Platform | None]:
    """Return the words that ``url`` spells a platform with, and the platform; None where that is not clear.

    Without a processor linux means amd64, and macOS is taken for both (then the platform is amd64's).
    """
    place = url[_start(url) :]
    system, os_word = _find(place, OS_WORDS)
    arch, arch_word = _find(place.replace(os_word, "") if os_word else place, ARCH_WORDS)
    universal = "" if arch or system != "darwin" else _find(place, {"all": UNIVERSAL})[1]
    found = Spelled(url, os_word, arch_word or universal)
    if not system:
        return found, None
    return found, next(each for each in PLATFORMS if (each.os, each.arch) == (system, arch or "amd64"))


def _start(url: str) -> int:
    """Return where the part of ``url`` begins that tells version and platform: behind host and repository."""
    release = _RELEASE.search(url)
    return release.start(1) if release else len(url) - len(url.partition("://")[2].partition("/")[2])


def _find(text: str, words: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    for name, spellings in words.items():
        for word in spellings:
            found = re.search(_alone(word), text, re.IGNORECASE)
            if found:
                return name, found[0]
    return "", ""


def version_in(url: str) -> str:
    """Return the version that a URL is of, "" if it cannot be told."""
    release = _RELEASE.search(url)
    if release:
        found = _TAG.search(release[1])
        return found[1] if found else ""
    found = _DOTTED.search(urlsplit(url).path)
    return found[1] if found else ""


def tag_pattern(tag: str, version: str) -> str:
    """Return the ``version-pattern`` that finds ``version`` in ``tag``; "" where the default does."""
    prefix, _, rest = tag.partition(version)
    if rest or prefix in ("", "v"):
        return ""
    return re.sub(r"([.+*?()\[\]{}^$|\\])", r"\\\1", prefix) + "(.*)"


def others(known: Spelled, here: Platform, there: Platform) -> Iterator[Spelled]:
    """Yield what ``there``'s download may be called, given that of ``here``, the likeliest first."""
    for url in _extended(known.url):
        for os_word in _os_words(known.os_word, here, there):
            for arch_word in _arch_words(known.arch_word, here, there):
                fresh = replace(known, url=url).written("", os_word, arch_word)
                yield Spelled(fresh, os_word, arch_word)


def _os_words(word: str, here: Platform, there: Platform) -> list[str]:
    if here.os == there.os:
        triple = "unknown-linux-" in word.lower()
        return [word, *(each for each in OS_WORDS["linux"][:2] if triple and each != word.lower())]
    return [_cased(each, word) for each in _partners(word, _OS_PAIRS, here.os == "linux")]


def _arch_words(word: str, here: Platform, there: Platform) -> list[str]:
    if not word:  # what names no processor is for amd64, and on macOS perhaps for both
        return [""] if there.os == "darwin" or there.arch == "amd64" else []
    universal = [_cased(each, word) for each in UNIVERSAL] if there.os == "darwin" else []
    if here.arch == there.arch:
        return [word, *universal]
    return [*(_cased(each, word) for each in _partners(word, _ARCH_PAIRS, here.arch == "amd64")), *universal]


def _partners(word: str, pairs: Sequence[tuple[str, str]], first: bool) -> list[str]:
    """Return what goes with ``word``, and after that what goes with others of its kind."""
    mine, other = (0, 1) if first else (1, 0)
    fitting = [pair[other] for pair in pairs if pair[mine] == word.lower()]
    return list(dict.fromkeys([*fitting, *(pair[other] for pair in pairs)]))


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word


def _extended(url: str) -> Iterator[str]:
    """Yield ``url``, and then with the endings of other archives."""
    yield url
    ending = next((each for each in ARCHIVES if url.endswith(each)), "")
    if ending:
        yield from (url.removesuffix(ending) + each for each in ARCHIVES if each not in (ending, ".gz"))
