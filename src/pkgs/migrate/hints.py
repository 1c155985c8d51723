"""Where a repository calls hermit itself, and what to write there instead."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LARGEST_FILE = 512 * 1024
_MOST_FILES = 20_000
_MOST_HINTS = 100
_SECONDS = 20
_DEPTH = 3
_MENTION = re.compile(r"hermit", re.IGNORECASE)
_OWN = "{bin}"
_COMMANDS = (
    "init", "install", "uninstall", "upgrade", "update", "sync", "list", "info", "search", "status", "env",
    "exec", "activate", "shell-hooks", "clean", "gc", "bundle", "test", "validate", "manifest", "version",
)  # fmt: skip
# The first of these that matches stands for the whole line; a call keeps the path it was made by.
_LINES: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"\blayout hermit\b"), "use pkgs  # once on each machine: pkgs shell-hooks --direnv"),
    (re.compile(r".*?([\w./${}-]*?)hermit env (?:--raw|-r)\b.*"), r"\1pkgs env --github"),
    (re.compile(r".*\buses:\s*\S*activate-hermit\S*.*"), f"- run: {_OWN}/pkgs env --github"),
)
# All of these that match are words to be changed.
_WORDS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"\b(de)?activate-hermit\b"), r"\1activate-pkgs"),
    (re.compile(rf"\bhermit(?= (?:{'|'.join(_COMMANDS)})\b)|(?<=bin/)hermit\b"), "pkgs"),
    (re.compile(r"\bHERMIT_(ENV|BIN|STATE_DIR|USER_CONFIG|PREPEND_PATH|EXE|LOG|QUIET)\b"), r"PKGS_\1"),
    (re.compile(r"\bACTIVE_HERMIT\b"), "ACTIVE_PKGS"),
)
_PROSE = frozenset({".md", ".rst", ".txt", ".adoc"})


@dataclass(frozen=True, slots=True)
class Hint:
    """A line that calls hermit. ``path`` is relative to the repository; lines count from 1."""

    path: str
    line: int
    text: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}\n    → {self.instead}"

    def document(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {"path": self.path, "line": self.line, "text": self.text, "instead": self.instead}


def find_hints(bin_dir: Path, environ: Mapping[str, str]) -> tuple[Hint, ...]:
    """Return the calls of hermit in the repository that an environment is in, at most a hundred of them.

    Files that git does not track are left out, and so is the environment's own directory. Outside of a
    repository the few levels at and below the environment's root are looked at.
    """
    root = bin_dir.parent
    top, names = _tracked(root, environ) or (root, _walked(root, _DEPTH))
    own = os.path.relpath(bin_dir.resolve(), top.resolve())
    hints: list[Hint] = []
    for _, name in zip(range(_MOST_FILES), names, strict=False):
        if not name.startswith(f"{own}/"):
            hints += _in_file(top / name, name, own)
        if len(hints) >= _MOST_HINTS:
            break
    return tuple(hints[:_MOST_HINTS])


def _tracked(root: Path, environ: Mapping[str, str]) -> tuple[Path, list[str]] | None:
    top = _git(["rev-parse", "--show-toplevel"], root, environ).strip()
    if not top:
        return None
    found = _git(["grep", "--files-with-matches", "-z", "-i", "-I", "hermit"], Path(top), environ)
    return Path(top), [name for name in found.split("\0") if name]


def _git(words: Sequence[str], directory: Path, environ: Mapping[str, str]) -> str:
    own = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=directory,
            env=own,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else ""


def _walked(root: Path, depth: int) -> Iterator[str]:
    for path in sorted(root.iterdir()):
        if path.is_symlink():
            continue
        if path.is_file():
            yield path.name
        elif depth and path.is_dir() and path.name not in (".git", "node_modules"):
            yield from (f"{path.name}/{name}" for name in _walked(path, depth - 1))


def _in_file(path: Path, name: str, own: str) -> Iterator[Hint]:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            return
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if _MENTION.search(line) and (instead := replacement(line, prose=path.suffix in _PROSE)):
            yield Hint(name, number, line.strip(), instead.replace(_OWN, own))


def replacement(line: str, *, prose: bool = False) -> str:
    """Return what to write instead of a line that calls hermit, or "" if it merely speaks of it.

    In ``prose`` only commands between backquotes, or after a prompt, count.
    """
    text = line.strip()
    if prose and not re.search(r"`[^`]*hermit|^\$ |^(?:\./)?(?:\.hermit/)?bin/hermit|^hermit [a-z]", text):
        return ""
    for pattern, instead in _LINES:
        if pattern.search(text):
            return pattern.sub(instead, text)
    changed = text
    for pattern, instead in _WORDS:
        changed = pattern.sub(instead, changed)
    return changed if changed != text else ""
