"""Shell scripts that call nothing but what is pinned (hermit, app/validate_cmd.go)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pkgs.environment.root import ACTIVATE, WRAPPER
from pkgs.environment.shellwords import Called, read_script

RELATIVE = "relative"
VAR_RELATIVE = "var-relative"
WAYS = ("none", RELATIVE, VAR_RELATIVE)
# What shells have built in, and the utilities of POSIX.1-2024 that a system without packages has.
_STANDARD = """
    . : [ alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown
    echo enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout
    mapfile popd printf pushd pwd read readarray readonly return set shift shopt source suspend test times
    trap true type typeset ulimit umask unalias unset wait
    ar at awk basename batch bc cal cat chgrp chmod chown cksum cmp comm cp crontab csplit cut date dd df diff
    dirname du ed env expand expr file find fold getconf getent grep head iconv id install join ln
    locale logger logname ls mkdir mkfifo mktemp mv newgrp nice nl nohup od paste patch pathchk pr ps readlink
    realpath renice rm rmdir sed seq sh sleep sort split stat strings stty tail tar tee time timeout touch tr
    tsort tty uname unexpand uniq unlink uudecode uuencode wc which who write xargs yes
    """
_KNOWN = frozenset(_STANDARD.split())


@dataclass(frozen=True, slots=True)
class Rules:
    """What scripts may call besides builtins and standard utilities.

    ``commands`` are names; ``ways`` are :data:`RELATIVE` (a path that is not absolute) and
    :data:`VAR_RELATIVE` (a word that starts with an expansion).
    """

    commands: frozenset[str]
    ways: frozenset[str] = field(default_factory=frozenset)

    def allow(self, called: Called, functions: set[str]) -> bool:
        """Tell whether a call is fine."""
        if called.word.startswith("$"):
            return VAR_RELATIVE in self.ways
        if "/" in called.word:
            return RELATIVE in self.ways and not called.word.startswith("/")
        return called.literal and called.word in _KNOWN | {WRAPPER, ACTIVATE} | self.commands | functions


@dataclass(frozen=True, slots=True)
class Issue:
    """A call of what is not known to be there."""

    path: Path
    called: Called

    def __str__(self) -> str:
        place = f"{self.path}:{self.called.line}:{self.called.column}"
        return f"{place}: unsupported external command: {self.called.word}"


def issues(path: Path, rules: Rules) -> Iterator[Issue]:
    """Yield the calls in the script ``path`` that ``rules`` do not allow; raises OSError."""
    script = read_script(path.read_text(encoding="utf-8", errors="surrogateescape"))
    functions = script.functions | set(_sourced(path, script.calls, {path.resolve()}))
    yield from (Issue(path, called) for called in script.calls if not rules.allow(called, functions))


def _sourced(path: Path, calls: Iterable[Called], seen: set[Path]) -> Iterator[str]:
    """Yield the functions of files that a script sources by a plain path, from beside it or from here."""
    for called in calls:
        if called.word not in (".", "source") or not called.arguments:
            continue
        for file in (path.parent / called.arguments[0], Path(called.arguments[0])):
            if file.resolve() in seen:
                continue
            with suppress(OSError):
                script = read_script(file.read_text(encoding="utf-8", errors="surrogateescape"))
                seen.add(file.resolve())
                yield from script.functions
                yield from _sourced(file, script.calls, seen)
