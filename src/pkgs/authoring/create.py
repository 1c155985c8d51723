"""New manifests from a URL: other platforms' downloads found, archives opened, digests taken.

Source of the idea: hermit, manifest/infer.go. What is new: archives are opened, so that tools, ``strip`` and
renaming are right; the four platforms share one source where that can be; digests are filled in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from pkgs.artifact.fetch import Fetcher
from pkgs.artifact.model import Artifact
from pkgs.authoring.checksums import Checksums
from pkgs.authoring.draft import Draft, Part, document_of
from pkgs.authoring.github import Release
from pkgs.authoring.layout import layout_of
from pkgs.authoring.spelling import ARCHIVES, Spelled, others, spelled, tag_pattern, version_in
from pkgs.errors import DigestMismatchError, FetchError, ManifestError, UsageError
from pkgs.manifest.load import load_manifest
from pkgs.manifest.printer import print_document
from pkgs.package.model import Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import ExactSelector
from pkgs.platforms import PLATFORMS, Platform
from pkgs.progress import Reporter
from pkgs.references import Reference
from pkgs.store.blobs import Blobs

_GITHUB = re.compile(r"https?://[^/]+/(?P<repository>[^/]+/[^/]+)/releases/download/(?P<tag>[^/]+)/")
_RELEASE_PAGE = re.compile(
    r"https?://[^/]+/(?P<repository>[^/]+/[^/]+?)(?:/releases(?:/latest|/tag/(?P<tag>[^/?#]+))?)?/?"
)
# What publishers put beside their downloads, and packages of systems.
_BESIDE = (
    ".sha256", ".sha256sum", ".sha512", ".sha512sum", ".md5", ".sig", ".asc", ".minisig", ".pem", ".crt",
    ".cert", ".bundle", ".sbom", ".json", ".jsonl", ".spdx", ".txt", ".yaml", ".yml", ".b3", ".blake3",
    ".zsync", ".att", ".deb", ".rpm", ".apk", ".pkg", ".dmg", ".msi", ".exe", ".appimage", ".snap",
    ".flatpak", ".whl", ".jar", ".gem", ".patch", ".diff", ".md",
)  # fmt: skip
_STEM = re.compile(
    r"[-_.]?v?\d+[._]\d.*|[-_.](?:linux|darwin|macos|osx|mac|x86_64|amd64|x64|aarch64|arm64).*", re.I
)


@dataclass(frozen=True, slots=True)
class Maker:
    """What making a manifest takes.

    ``release`` returns a release by repository and tag ("" for the newest), ``about`` what a repository is;
    both may raise :class:`FetchError`. ``on_github`` tells whether they know of a URL.
    """

    fetcher: Fetcher
    blobs: Blobs
    checksums: Checksums
    reporter: Reporter
    release: Callable[[str, str], Release]
    about: Callable[[str], Mapping[str, object]]
    on_github: Callable[[str], bool]
    today: date

    def make(self, url: str, version: str) -> str:
        """Return the text of a manifest for ``url``; ``version`` "" means to infer it.

        Raises :class:`UsageError` where version or platform cannot be told, and :class:`PkgsError` for what
        cannot be fetched or opened.
        """
        found = self._downloads(url)
        first = next(iter(found.values())).url
        version = version or version_in(first)
        if not version:
            raise UsageError(f"could not infer version from {first}", "give it: --pkg-version 1.2.3")
        if version not in first:
            self.reporter.warn(
                f"{first} does not say {version}: other versions will need sources of their own"
            )
        draft = self._draft(found, version)
        return self._checked(draft, print_document(document_of(draft)))

    def _downloads(self, url: str) -> dict[Platform, Spelled]:
        """Return the downloads of all platforms that there are."""
        page = _RELEASE_PAGE.fullmatch(url) if self.on_github(url) else None
        if page:
            return _of_release(self.release(page["repository"], unquote(page["tag"] or "")), url)
        known, here = spelled(url)
        if here is None:
            raise UsageError(
                f"could not infer OS from {url}",
                "name a download whose name says linux or darwin, or the page of a release on GitHub",
            )
        found = {here: known}
        probe = self.fetcher.probe(url, here)
        if not probe.reachable:
            raise FetchError(probe.reason, "correct the URL")
        for there in PLATFORMS:
            other = found.get(there) or self._probed(known, here, there)
            if other:
                found[there] = other
        return _with_universal({each: found[each] for each in PLATFORMS if each in found})

    def _probed(self, known: Spelled, here: Platform, there: Platform) -> Spelled | None:
        with self.reporter.task(f"looking for {there}"):
            return next((each for each in others(known, here, there) if self._is_there(each, there)), None)

    def _is_there(self, each: Spelled, platform: Platform) -> bool:
        return self.fetcher.probe(each.url, platform).reachable

    def _draft(self, found: Mapping[Platform, Spelled], version: str) -> Draft:
        first = next(iter(found.values())).url
        hosted = _GITHUB.match(first) if self.on_github(first) else None
        repository = hosted["repository"] if hosted else ""
        tool = repository.rpartition("/")[2] or _stem(first)
        digests: dict[str, str] = {}
        parts = {platform: self._part(each, platform, tool, digests) for platform, each in found.items()}
        about = self._about(repository)
        return Draft(
            tool=tool,
            version=version,
            description=str(about.get("description") or f"{tool}, from {urlsplit(first).netloc}"),
            homepage=str(about.get("homepage") or about.get("html_url") or ""),
            release=repository,
            pattern=tag_pattern(unquote(hosted["tag"]), version) if hosted else "",
            parts=parts,
            digests=digests,
        )

    def _part(self, each: Spelled, platform: Platform, tool: str, digests: dict[str, str]) -> Part:
        """Download and open a platform's archive; its digest has to be the one that is stated, if one is."""
        label = f"{tool} {platform}"
        blob = self.blobs.ensure([Artifact(each.url)], platform, self.fetcher, self.reporter, label)
        stated = self.checksums.find(each.url)
        if stated and stated.digest != blob.digest.hex:
            raise DigestMismatchError(
                f"{each.url} has sha256 {blob.digest.hex}, but {stated.by} states {stated.digest}",
                "do not use it before you know why",
            )
        digests[each.url] = blob.digest.hex
        return Part(each, layout_of(blob.path, _file_name(each.url), tool))

    def _about(self, repository: str) -> Mapping[str, object]:
        if not repository:
            return {}
        try:
            return self.about(repository)
        except FetchError as error:
            self.reporter.warn(f"write the description yourself: {error.message}")
            return {}

    def _checked(self, draft: Draft, text: str) -> str:
        """Return ``text`` if it is a manifest that resolves to just these downloads."""
        manifest = load_manifest(text, name=draft.tool, path=f"{draft.tool}.hcl")
        selector = ExactSelector(Reference(draft.tool, version=draft.version))
        for platform, part in draft.parts.items():
            package = resolve(manifest, selector, platform, Places.symbolic(), today=self.today)
            if (package.source, package.sha256) != (part.spelled.url, draft.digests[part.spelled.url]):
                raise ManifestError(
                    f"{part.spelled.url} cannot be written with variables: {package.source} comes out",
                    "write this manifest by hand",
                )
        return text


def _of_release(release: Release, page: str) -> dict[Platform, Spelled]:
    """Choose a release's assets: for each platform the best archive, named like the others if one is."""
    named: dict[Platform, list[Spelled]] = {platform: [] for platform in PLATFORMS}
    for name, url in sorted(release.assets.items()):
        each, platform = spelled(url)
        if platform and not name.lower().endswith(_BESIDE) and "checksum" not in name.lower():
            named[platform].append(each)
    found: dict[Platform, Spelled] = {}
    version = version_in(next(iter(release.assets.values()), ""))
    for platform, choices in named.items():
        liked = {each.shape(version) for each in found.values()}
        best = min(choices, key=lambda each: (each.shape(version) not in liked, *_rank(each)), default=None)
        if best:
            found[platform] = best
    if not found:
        raise UsageError(
            f"the release {release.tag} of {page} has no download that names a platform",
            f"its assets are: {', '.join(sorted(release.assets)) or 'none'}",
        )
    return _with_universal(found)


def _rank(each: Spelled) -> tuple[int, int, str]:
    ending = next((number for number, end in enumerate(ARCHIVES) if each.url.endswith(end)), len(ARCHIVES))
    return ending, len(each.url), each.url


def _with_universal(found: Mapping[Platform, Spelled]) -> dict[Platform, Spelled]:
    """Let macOS on arm64 have what is there for amd64: for both, or run by Rosetta as in hermit."""
    amd64, arm64 = PLATFORMS[2], PLATFORMS[3]
    if arm64 in found or amd64 not in found:
        return dict(found)
    return {**found, arm64: found[amd64]}


def _file_name(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).name or "download"


def _stem(url: str) -> str:
    """Return a tool's name from that of its download."""
    name = _file_name(url)
    ending = next((each for each in ARCHIVES if name.endswith(each)), "")
    return _STEM.sub("", name.removesuffix(ending)) or name
