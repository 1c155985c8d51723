"""A manifest that is being made: what its platforms have in common is said once, the rest in blocks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pkgs.authoring.layout import Layout
from pkgs.authoring.spelling import Spelled, templated
from pkgs.manifest.document import Attribute, Block, Comment, Document, Entry, MapEntry, MapValue, Value
from pkgs.platforms import PLATFORMS, Platform


@dataclass(frozen=True, slots=True)
class Part:
    """What is known of one platform: where its download is, and what is in it."""

    spelled: Spelled
    layout: Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All a new manifest says; ``release`` is a repository on GitHub, ``pattern`` its version-pattern."""

    tool: str
    version: str
    description: str
    homepage: str = ""
    release: str = ""
    pattern: str = ""
    parts: Mapping[Platform, Part]
    digests: Mapping[str, str]


def document_of(draft: Draft) -> Document:
    """Return the manifest as a document, to be printed."""
    entries: list[Entry] = [Attribute("description", draft.description)]
    if draft.homepage:
        entries.append(Attribute("homepage", draft.homepage))
    entries += _platforms(draft)
    entries.append(Comment(f'Say how to see that it works, such as: test = "{draft.tool} --version"'))
    entries.append(Block("version", (draft.version,), tuple(_auto_version(draft))))
    sums = tuple(MapEntry(url, digest) for url, digest in sorted(draft.digests.items()))
    entries.append(Attribute("sha256sums", MapValue(sums)))
    return Document(tuple(entries))


def _auto_version(draft: Draft) -> list[Entry]:
    if not draft.release:
        return []
    body: list[Entry] = [Attribute("github-release", draft.release)]
    if draft.pattern:
        body.append(Attribute("version-pattern", draft.pattern))
    return [Block("auto-version", (), tuple(body))]


def _platforms(draft: Draft) -> list[Entry]:
    """Say everything once if that can be; else once a system; else once a platform."""
    whole = _together(draft, draft.parts) if len(draft.parts) == len(PLATFORMS) else None
    if whole is not None:
        return [*whole[0], *whole[1]]
    entries: list[Entry] = []
    for system in ("linux", "darwin"):
        parts = {platform: part for platform, part in draft.parts.items() if platform.os == system}
        both = _together(draft, parts) if len(parts) > 1 else None
        if both is not None:
            entries += (Block(system, (), tuple(both[0])), *both[1])
        else:
            entries += (_alone(draft, platform, part) for platform, part in parts.items())
    return entries


def _alone(draft: Draft, platform: Platform, part: Part) -> Block:
    body = _body(draft, part, _own(part.spelled.os_word, platform), _own(part.spelled.arch_word, platform))
    return Block("platform", (platform.os, platform.arch), tuple(body))


def _own(word: str, platform: Platform) -> str:
    """Return how one platform's word is written: as a variable where that says the same."""
    known = {platform.os: "${os}", platform.arch: "${arch}", platform.xarch: "${xarch}"}
    return known.get(word, word)


def _together(draft: Draft, parts: Mapping[Platform, Part]) -> tuple[list[Entry], list[Block]] | None:
    """Return what all ``parts`` say, and blocks with ``vars`` for odd spellings; None if they differ.

    The blocks belong to the top of the manifest: those within others are not read.
    """
    systems = _by({each: part.spelled.os_word for each, part in parts.items()}, "os")
    machines = _by({each: part.spelled.arch_word for each, part in parts.items()}, "arch")
    if systems is None or machines is None:
        return None
    system, system_vars = _variable("system", systems, {name: name for name in systems}, "${os}")
    xarch = {platform.arch: platform.xarch for platform in parts}
    machine, machine_vars = _machine(machines, xarch)
    bodies = {tuple(_body(draft, part, system, machine)) for part in parts.values()}
    if len(bodies) > 1:
        return None
    body = bodies.pop()
    blocks = [Block(name, (), (_vars(system, word),)) for name, word in system_vars.items()]
    only = tuple(systems) if len(systems) == 1 else ()
    blocks += (
        Block("platform", (*only, name), (_vars(machine, word),)) for name, word in machine_vars.items()
    )
    return list(body), blocks


def _by(words: Mapping[Platform, str], attribute: str) -> dict[str, str] | None:
    """Return the word of each system, or processor; None where one has several."""
    found: dict[str, str] = {}
    for platform, word in words.items():
        if found.setdefault(getattr(platform, attribute), word) != word:
            return None
    return found


def _machine(words: Mapping[str, str], xarch: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    known, names = _variable("machine", words, {name: name for name in words}, "${arch}")
    return _variable("machine", words, xarch, "${xarch}") if names else (known, names)


def _variable(
    name: str, words: Mapping[str, str], usual: Mapping[str, str], builtin: str
) -> tuple[str, Mapping[str, str]]:
    """Return what is written for ``words``, and what a variable of the manifest's own has to hold."""
    if all(usual[key] == word for key, word in words.items()):
        return builtin, {}
    if len(set(words.values())) == 1:
        return next(iter(words.values())), {}
    return f"${{{name}}}", words


def _vars(variable: str, word: str) -> Attribute:
    return Attribute("vars", MapValue((MapEntry(variable[2:-1], word),)))


def _body(draft: Draft, part: Part, system: str, machine: str) -> list[Entry]:
    """Return what is said of one or more downloads whose words are written ``system`` and ``machine``."""
    spelled = part.spelled

    def written(text: str) -> str:
        return templated(text, draft.version, (spelled.os_word, system), (spelled.arch_word, machine))

    layout = replace(part.layout, binaries=tuple(map(written, part.layout.binaries)))
    renamed = written(layout.renamed) if layout.renamed else ""
    if renamed == draft.tool or renamed == layout.renamed:
        renamed = ""
    values: dict[str, Value] = {
        "binaries": (draft.tool,) if renamed else layout.binaries,
        "source": spelled.written(draft.version, system, machine),
    }
    if layout.strip:
        values["strip"] = layout.strip
    entries: list[Entry] = [Attribute(name, value) for name, value in values.items()]
    return [*entries, _rename(renamed, draft.tool)] if renamed else entries


def _rename(file: str, tool: str) -> Block:
    where = PurePosixPath("${root}")
    body = (Attribute("from", str(where / file)), Attribute("to", str(where / tool)))
    return Block("on", ("unpack",), (Block("rename", (), body),))
