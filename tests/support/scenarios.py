"""A scenario: a script for real shells at a terminal, where it starts from, and what it must come to."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.archives import make_tar_gz
from tests.support.checkout import ROOT
from tests.support.shells import PLAIN

PATIENCE = 120.0
SCRIPTS = ("pkgs", "activate-pkgs", "activate-pkgs.fish", "pkgs.lock")
# Scripts may say `assert CONDITION…`, and `with-prompt-hooks COMMAND…` for what a prompt would do after it.
PREAMBLE = """\
set -euo pipefail
assert() { if ! "$@"; then echo "assertion failed: $*"; exit 1; fi; }
with-prompt-hooks() {
  "$@"
  prompt-hooks
}
prompt-hooks() {
  if [ -n "${ZSH_VERSION-}" ]; then
    for hook in ${precmd_functions-}; do "$hook"; done
  elif [ -n "${PROMPT_COMMAND-}" ]; then
    eval "$PROMPT_COMMAND"
  fi
}
"""

File = str | Mapping[str, str]
Fixture = Mapping[str, File]
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()=>][A-Z0-9]?|\r")


@dataclass(frozen=True, slots=True)
class Scenario:
    """``environments`` are put in directories (relative to the script's) before ``script`` runs.

    ``activate`` names one that is activated first. The script must succeed unless ``fails``, print every
    text in ``shows``, and leave ``files``. Those of ``shells`` run it.
    """

    name: str
    script: str
    environments: Mapping[str, Fixture] = field(default_factory=dict)
    activate: str = ""
    fails: bool = False
    shows: Sequence[str] = ()
    files: Sequence[str] = ()
    shells: Sequence[str] = ("bash", "zsh")
    user_config: str | None = ""

    def text(self) -> str:
        """Return the whole script."""
        activate = f". {self.activate}/bin/activate-pkgs\n" if self.activate else ""
        return PREAMBLE + activate + textwrap.dedent(self.script)


@dataclass(frozen=True, slots=True)
class Result:
    """What the terminal showed, without its colours, and how the script ended."""

    shown: str
    status: int


@dataclass(frozen=True, slots=True)
class Stage:
    """Where scenarios are played: ``commands`` holds ``pkgs``, ``scaffold`` a new environment's files."""

    commands: Path
    scaffold: Path

    @classmethod
    def set_up(cls, folder: Path) -> Stage:
        """Put this checkout's pkgs on a PATH of its own, and make an empty environment with it."""
        commands, root = folder / "pkgs-local", folder / "root"
        for made in (commands, root):
            made.mkdir()
        exe = commands / "pkgs"
        main = ROOT / "src" / "pkgs" / "__main__.py"
        exe.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{main}" "$@"\n')
        exe.chmod(0o755)
        environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "PKGS_STATE_DIR": str(folder / "state")}
        subprocess.run([exe, "init", "."], cwd=root, env=environ, check=True, capture_output=True, timeout=60)
        return cls(commands, root / "bin")

    def environ(self, place: Path, **more: str) -> dict[str, str]:
        """Return the variables of a script that runs in ``place``."""
        fixed = {
            "PATH": f"{self.commands}{os.pathsep}{os.environ['PATH']}",
            "PKGS_STATE_DIR": str(place.parent / "state"),
            "PKGS_EXE": str(self.commands / "pkgs"),
            "PS1": "test> ",
            "TERM": "xterm",
        }
        return {**os.environ, **fixed, **more}

    def play(self, scenario: Scenario, shell: str, place: Path) -> Result:
        """Run a scenario in an empty directory ``place``."""
        place.mkdir()
        for directory, fixture in scenario.environments.items():
            self.furnish(place / directory, fixture)
        more = {}
        if scenario.user_config is not None:
            config = place.parent / "user-config.hcl"
            config.write_text(scenario.user_config)
            more["PKGS_USER_CONFIG"] = str(config)
        command = [shell, *PLAIN[shell], "-c", scenario.text()]
        return at_terminal(command, self.environ(place, **more), place)

    def furnish(self, root: Path, fixture: Fixture) -> None:
        """Make an environment: the scaffold, and the fixture's files; a mapping becomes a ``.tgz``."""
        (root / "bin").mkdir(parents=True, exist_ok=True)
        for name in SCRIPTS:
            shutil.copy2(self.scaffold / name, root / "bin" / name)
        for name, content in fixture.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                path.write_text(content)
            else:
                make_tar_gz(path, {member: text.encode() for member, text in content.items()})


def at_terminal(command: Sequence[str], environ: Mapping[str, str], cwd: Path) -> Result:
    """Run a command on a pty until it ends."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, cwd=cwd, start_new_session=True
    )
    os.close(theirs)
    try:
        shown = _shown(ours, process)
        status = process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return Result(_ESCAPE.sub("", shown), status)


def _shown(terminal: int, process: subprocess.Popen[bytes]) -> str:
    shown, deadline = b"", time.monotonic() + PATIENCE
    while True:
        assert time.monotonic() < deadline, f"no end; shown: {shown.decode(errors='replace')}"
        if not select.select([terminal], [], [], 0.1)[0]:
            if process.poll() is None:
                continue
            return shown.decode(errors="replace")
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux: the other end is closed
            piece = b""
        if not piece:
            return shown.decode(errors="replace")
        shown += piece
