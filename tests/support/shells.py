"""Real shells, and an environment whose ``bin/pkgs`` works out its activation from a file of operations."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pkgs.environment.transform import encode, literal
from pkgs.envops import EnvOp, Force, Prepend
from pkgs.shim.activation import shim_file

POSIX_SHELLS = ("bash", "zsh", "dash")
SHELLS = (*POSIX_SHELLS, "fish")
# Those that few have; they do all that dash does.
RARE_SHELLS = ("mksh", "ksh93", "yash", "busybox")
# Start-up files are another test's business.
PLAIN = {
    "bash": ["--norc", "--noprofile"],
    "zsh": ["-f"],
    "fish": ["--no-config"],
    "busybox": ["sh"],
    **{shell: [] for shell in ("dash", "mksh", "ksh93", "yash")},
}
CHECKOUT = Path(__file__).parents[2]


def missing(shell: str) -> bool:
    return shutil.which(shell) is None


@dataclass(frozen=True)
class Outcome:
    """What a shell printed and how it ended."""

    out: str
    err: str
    status: int


@dataclass
class Site:
    """A place for environments: a home, a state directory, and the variables of the shells run there."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def environ(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        fixed = {"HOME": str(home), "PATH": os.defpath, "LANG": "C.UTF-8", "PKGS_STATE_DIR": str(self.state)}
        return {**fixed, "TERM": "dumb", **self.variables, **(extra or {})}

    def environment(
        self, name: str, operations: Iterable[EnvOp] = (), *, bin_dir: str = "bin"
    ) -> StubEnvironment:
        """Make an environment ``name`` with ``operations`` beside those that every environment has."""
        made = StubEnvironment(self.folder / name, bin_dir)
        made.bin.mkdir(parents=True)
        for file in ("activate-pkgs", "activate-pkgs.fish"):
            (made.bin / file).write_text(shim_file(file), encoding="utf-8")
        (made.bin / "pkgs").write_text(
            _WRAPPER.format(python=shlex.quote(sys.executable), checkout=shlex.quote(str(CHECKOUT)))
        )
        (made.bin / "pkgs").chmod(0o755)
        made.set(*operations)
        return made

    def run(
        self, shell: str, script: str, *, cwd: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> Outcome:
        done = subprocess.run(
            [shell, *PLAIN[shell], "-c", script],
            cwd=cwd or self.folder,
            env=self.environ(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Outcome(
            done.stdout.decode(errors="surrogateescape"),
            done.stderr.decode(errors="replace"),
            done.returncode,
        )


@dataclass(frozen=True)
class StubEnvironment:
    """An environment; ``bin/pkgs`` is tests/support/stub_pkgs.py and notes each of its calls."""

    root: Path
    bin_name: str = "bin"

    @property
    def bin(self) -> Path:
        return self.root / self.bin_name

    @property
    def calls(self) -> int:
        """How many times ``bin/pkgs`` was called."""
        log = self.root / "calls"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def set(
        self,
        *operations: EnvOp,
        prompt: str = "env",
        messages: tuple[str, ...] = (),
        file: str = "pkgs.hcl",
    ) -> None:
        """Change what activation does, as an edit of the configuration would."""
        root, bin_dir = literal(str(self.bin.parent)), literal(str(self.bin))
        base = (Prepend("PATH", bin_dir), Force("PKGS_BIN", bin_dir), Force("PKGS_ENV", root))
        content = {"operations": encode((*base, *operations)), "prompt": prompt, "messages": messages}
        (self.bin / file).write_text(json.dumps(content), encoding="utf-8")


_WRAPPER = """\
#!/bin/sh
d=${{0%/*}}
echo called >>"$d/../calls"
cd {checkout} || exit
PKGS_STUB_BIN=$d PYTHONPATH={checkout}/src:{checkout} exec {python} -m tests.support.stub_pkgs "$@"
"""
