"""Platform labels: regular expressions in Go's dialect, matched anywhere in a platform's names.

Source of the rule: hermit, manifest/config.go:69-82. Python's own engine can take for ever over a few characters and
reads another dialect, so labels have a small engine of their own: it follows every possibility at once, in
time proportional to the expression times the text.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from pkgs.package.regex import Program, SyntaxFault, compile_regex
from pkgs.platforms import Platform


def label_matches(label: str, platform: Platform) -> bool:
    """Whether ``label`` matches the system, the processor or ``system-processor``.

    A label that is no regular expression matches everything, as in hermit.
    """
    if label.isalnum():
        return _contained(label, platform)
    program = _compiled(label)
    return program is None or any(program.matches(text) for text in _names(platform))


def _contained(label: str, platform: Platform) -> bool:
    return any(label in text for text in _names(platform))


def _names(platform: Platform) -> Iterable[str]:
    return platform.os, platform.arch, str(platform)


@functools.lru_cache(maxsize=256)
def _compiled(label: str) -> Program | None:
    try:
        return compile_regex(label)
    except SyntaxFault:
        return None
