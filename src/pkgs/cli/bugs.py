"""The report of a bug: everything its mending needs, in a file that can be attached to an issue."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence

from pkgs import __version__


def reported(words: Sequence[str]) -> str:
    """Write a report, and return where it is; all that matters of it where none can be written."""
    told = traceback.format_exc().rstrip()
    try:
        return f"a report is in {write_report(words)}"
    except OSError as error:
        return f"no report can be written ({error}); this is what it would say:\n{told}"


def write_report(words: Sequence[str]) -> str:
    """Write what is known of the exception being handled; return the file's path."""
    with tempfile.NamedTemporaryFile(
        "w",
        prefix="pkgs-bug-",
        suffix=".txt",
        delete=False,
        encoding="utf-8",
        errors="backslashreplace",  # paths may hold bytes that are no text
    ) as file:
        file.write(f"pkgs {__version__}, Python {sys.version}, {platform.platform()}\n")
        file.write(f"command: pkgs {' '.join(words)}\n\n{traceback.format_exc()}")
    return file.name
