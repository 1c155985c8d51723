"""New versions for manifests: where ``auto-version`` says they are found, and which of them is taken.

Source of the rules: hermit, manifest/autoversion/. What differs: ``v1`` and ``1`` are one version, a pattern
that fits neither of a repository's tags is tried on the other spelling, and one block that fails stops no
other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pkgs.authoring.files import ManifestPath
from pkgs.authoring.patterns import Pattern, like, respelled
from pkgs.authoring.queries import html_values, json_values
from pkgs.authoring.rewrite import with_version
from pkgs.errors import FetchError, ManifestError, PkgsError
from pkgs.manifest.model import AutoVersion, VersionBlock
from pkgs.versions import Version, highest

_SHOWN = 5


class Releases(Protocol):
    """Who knows the releases of repositories on GitHub."""

    def latest_tag(self, repository: str) -> str:
        """Return the tag of the newest release."""

    def tags(self, repository: str) -> list[str]:
        """Return the tags of many releases, newest first."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """What can be asked: releases, the text at a URL, the tags of a git repository."""

    releases: Releases
    text: Callable[[str], str]
    tags: Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What upstream calls its versions, and where it does.

    ``ordered``: the first that fits is taken, instead of the highest. ``lenient``: those that do not fit are
    passed over, instead of being an error.
    """

    where: str
    texts: Sequence[str]
    ordered: bool
    lenient: bool


@dataclass(frozen=True, slots=True)
class Update:
    """What became of one block: the version that upstream has, and whether it was added to the labels."""

    labels: tuple[str, ...]
    found: str = ""
    added: bool = False
    problem: PkgsError | None = None


def find_version(auto: AutoVersion, upstream: Upstream) -> str:
    """Return the version that an ``auto-version`` block leads to; raise :class:`PkgsError`."""
    candidates, pattern = _candidates(auto, upstream), Pattern.parse(auto.version_pattern)
    if not candidates.texts:
        raise FetchError(f"no versions matched on {candidates.where}", "check the query of auto-version")
    found = _fitting(candidates, pattern)
    newest = found[0] if candidates.ordered else highest(map(Version.parse, found))
    return str(newest)


def _candidates(auto: AutoVersion, upstream: Upstream) -> Candidates:
    """Ask the first kind of source that is given, in hermit's order (autoversion.go:48-60)."""
    lenient = auto.ignore_invalid_versions
    if auto.github_release:
        where = f"the releases of {auto.github_release}"
        ask = upstream.releases
        texts = ask.tags(auto.github_release) if lenient else [ask.latest_tag(auto.github_release)]
        return Candidates(where, texts, ordered=True, lenient=lenient)
    if auto.html_url:
        texts = html_values(upstream.text(auto.html_url), xpath=auto.html_xpath, css=auto.html_css)
        return Candidates(auto.html_url, texts, ordered=False, lenient=False)
    if auto.json_url:
        texts = json_values(upstream.text(auto.json_url), auto.json_jq)
        return Candidates(auto.json_url, texts, ordered=False, lenient=lenient)
    if auto.git_tags:
        return Candidates(auto.git_tags, upstream.tags(auto.git_tags), ordered=False, lenient=lenient)
    raise ManifestError("auto-version names no source", "give it github-release, git-tags, html or json")


def _fitting(candidates: Candidates, pattern: Pattern) -> list[str]:
    """Return the versions of the candidates; where none fits as it is spelled, of the other spelling."""
    texts = [text.strip() for text in candidates.texts]
    for spelled in (texts, [respelled(text) for text in texts]):
        versions = [pattern.version(text) for text in spelled]
        fitting = [version for version in versions if version]
        strange = [text for text, version in zip(texts, versions, strict=True) if not version]
        if fitting and (candidates.lenient or not strange):
            return fitting
        if fitting:
            break
    raise FetchError(
        f"{_listed(strange)} on {candidates.where} does not match version-pattern {pattern.text!r}",
        "correct the pattern, or set ignore-invalid-versions = true",
    )


def _listed(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(map(repr, texts[:_SHOWN])) + more


def update(path: ManifestPath, upstream: Upstream) -> list[Update]:
    """Add new versions to a manifest's file; tell what became of each block that has an ``auto-version``.

    Raises :class:`ManifestError` for a file that is no manifest. If nothing is new the file is not touched.
    """
    text, manifest = path.text(), path.load()
    updates = []
    for number, block in enumerate(manifest.versions):
        if block.auto_version is None:
            continue
        outcome = _updated(block, block.auto_version, upstream)
        updates.append(outcome)
        if outcome.added:
            text = with_version(text, number, outcome.found, path=str(path.path))
    if any(each.added for each in updates):
        path.write(text)
    return updates


def _updated(block: VersionBlock, auto: AutoVersion, upstream: Upstream) -> Update:
    try:
        found = like(find_version(auto, upstream), block.versions)
    except PkgsError as error:
        return Update(block.versions, problem=error)
    return Update(block.versions, found, added=not _known(found, block.versions))


def _known(version: str, labels: Iterable[str]) -> bool:
    return any(version in (label, respelled(label)) for label in labels)
