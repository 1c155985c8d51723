"""Version patterns: from what upstream calls a release to a version, by a regular expression of Go's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pkgs.errors import ManifestError
from pkgs.package.regex import Expression, compile_regex
from pkgs.package.regexsyntax import SyntaxFault

# Longer texts are no versions; Python's engine may take long over long ones.
_LONGEST = 200
_NUMBERED = re.compile(r"[vV]?[0-9]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """An unanchored expression with one group, which is the version."""

    text: str
    expression: Expression
    compiled: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Compile ``text``; raise :class:`ManifestError` saying what is wrong with it."""
        try:
            expression, compiled = compile_regex(text), re.compile(text.replace(r"\z", r"\Z"), re.ASCII)
        except (SyntaxFault, re.error) as error:
            raise ManifestError(f"version-pattern {text!r} is not a regular expression: {error}") from error
        if compiled.groups != 1:
            raise ManifestError(
                f"version-pattern {text!r} has {compiled.groups} groups", "put the version alone into (…)"
            )
        return cls(text, expression, compiled)

    def version(self, candidate: str) -> str:
        """Return the version in ``candidate``, or "" if the pattern is not in it."""
        if len(candidate) > _LONGEST or not self.expression.found_in(candidate):
            return ""
        found = self.compiled.search(candidate)
        return (found[1] or "").strip() if found else ""


def respelled(candidate: str) -> str:
    """Return ``v1.2`` for ``1.2`` and the other way round; other texts as they are."""
    if candidate[:1] in ("v", "V") and candidate[1:2].isdigit():
        return candidate[1:]
    return f"v{candidate}" if candidate[:1].isdigit() else candidate


def like(version: str, labels: Iterable[str]) -> str:
    """Return ``version`` with or without its ``v``, as all ``labels`` are; as it is if those differ."""
    numbered = [label for label in labels if _NUMBERED.match(label)]
    if not numbered or not _NUMBERED.match(version):
        return version
    with_v = {label[0] in "vV" for label in numbered}
    if len(with_v) > 1 or (version[0] in "vV") in with_v:
        return version
    return respelled(version)
