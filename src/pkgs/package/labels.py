"""Platform labels: regular expressions in Go's dialect, found anywhere in a platform's names.

Source of the rule: hermit, manifest/config.go:69-82.
"""

from __future__ import annotations

import re

from pkgs.package.regex import compile_regex
from pkgs.package.regexsyntax import SyntaxFault
from pkgs.platforms import Platform

_PLAIN = re.compile(r"[A-Za-z0-9_-]*")


def label_matches(label: str, platform: Platform) -> bool:
    """Whether ``label`` matches in the system, the processor or ``system-processor``.

    A label that is no regular expression matches everything, as in hermit.
    """
    names = (platform.os, platform.arch, str(platform))
    if _PLAIN.fullmatch(label):
        return any(label in name for name in names)
    try:
        expression = compile_regex(label)
    except SyntaxFault:
        return True
    return any(expression.found_in(name) for name in names)
