"""Asking a package client what its own default is, so that no registry is written down here."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pkgs.artifact.memo import Memo

_SECONDS = 60
_URL = re.compile(r"https?://[^\s<>()\[\]'\"]+")


def default_of(
    commands: Iterable[Sequence[str]], pattern: str, environ: Mapping[str, str], memo: Memo
) -> str:
    """Return the first URL after ``pattern`` (a regular expression) in what a command prints, or "".

    The ``commands`` are tried in order; clients that are not installed are passed over. An answer is
    remembered for as long as the client's executable does not change.
    """
    for command in commands:
        found = shutil.which(command[0], path=environ.get("PATH"))
        url = _remembered((found, *command[1:]), pattern, environ, memo) if found else ""
        if url:
            return url
    return ""


def _remembered(command: Sequence[str], pattern: str, environ: Mapping[str, str], memo: Memo) -> str:
    real = Path(command[0]).resolve()
    key = "\0".join((*command, str(real), str(real.stat().st_mtime_ns)))
    known = memo.get(key)
    if known:
        return known
    url = _url(_output(command, environ), pattern)
    if url:
        memo.put(key, url)
    return url


def _output(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return what ``command`` prints, run where no project's settings are; "" if it fails."""
    import subprocess  # deferred: seldom needed

    try:
        done = subprocess.run(
            command,
            cwd=os.sep,
            env={**environ, "COLUMNS": "1000", "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""


def _url(text: str, pattern: str) -> str:
    start = re.search(pattern, text)
    found = _URL.search(text, start.end()) if start else None
    return found[0].rstrip(".,;") if found else ""
