"""An environment with tools, plans and a stand-in for pkgs itself, called through real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkgs.envops import EnvOp
from pkgs.shim.plan import ToolPlan, write_plans
from pkgs.shim.stamps import observe
from pkgs.shim.wrapper import wrapper_text
from pkgs.state import State

SHELLS = ("dash", "bash", "zsh", "busybox", "mksh", "ksh93")
# Prints its own name and arguments, NUL-terminated, then whatever stands in SHOW.
_TOOL = '#!/bin/sh\nprintf "%s\\0" "$0" "$@"\n[ -z "${SHOW-}" ] || eval "$SHOW"\nexit "${STATUS:-0}"\n'
_PKGS = '#!/bin/sh\nprintf "%s\\0" pkgs "$@"\n[ -z "${SHOW-}" ] || eval "$SHOW"\n'


def as_sh(shell: str, directory: Path) -> Path:
    """Return a file named ``sh`` that is ``shell``; skip the test if that is not installed."""
    found = shutil.which(shell)
    if not found:
        pytest.skip(f"{shell} is not installed")
    directory.mkdir(exist_ok=True)
    link = directory / "sh"
    if not link.exists():
        link.symlink_to(found)
    return link


@dataclass(frozen=True, slots=True)
class Shims:
    """An environment's directory, its state, and the program ``pkgs`` that takes the slow path."""

    bin_dir: Path
    state: State
    pkgs: Path

    @classmethod
    def make(cls, root: Path, bin_dir: Path, shell: Path = Path("/bin/sh")) -> Shims:
        """Make an environment whose wrapper runs in ``shell``, with nothing installed."""
        root.mkdir(exist_ok=True)
        bin_dir.mkdir(parents=True)
        wrapper = bin_dir / "pkgs"
        wrapper.write_bytes(wrapper_text().replace(b"/bin/sh", os.fsencode(shell), 1))
        wrapper.chmod(0o755)
        for name in ("activate-pkgs", "pkgs.hcl", "pkgs.lock"):
            (bin_dir / name).write_text("")
        program = root / "stand-in"
        program.write_text(_PKGS)
        program.chmod(0o755)
        return cls(bin_dir, State(root / "state"), program)

    def pin(self, name: str, reference: str = "", script: str = _TOOL) -> ToolPlan:
        """Pin a tool and unpack it, without a plan."""
        reference = reference or f"{name}-1.0"
        target = self.state.trees / f"sha256-{reference}" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(script)
        target.chmod(0o755)
        pin = f".{reference}.pkg"
        (self.bin_dir / pin).symlink_to("pkgs")
        (self.bin_dir / name).symlink_to(pin)
        return ToolPlan(name, pin, target, ())

    def plan(
        self, tools: Iterable[ToolPlan], bin_dir: Path | None = None, watched: Iterable[Path] = ()
    ) -> None:
        """Write plans as pkgs does, watching the configuration and the lock too."""
        bin_dir = bin_dir or self.bin_dir
        files = (bin_dir, bin_dir / "pkgs.hcl", bin_dir / "pkgs.lock", *watched)
        assert write_plans(self.state.env(bin_dir), bin_dir, tools, observe(files))

    def install(self, name: str, operations: Sequence[EnvOp] = (), script: str = _TOOL) -> ToolPlan:
        """Pin a tool and plan its calls."""
        tool = self.pin(name, script=script)
        planned = ToolPlan(tool.name, tool.pin, tool.target, tuple(operations))
        self.plan([planned])
        return planned

    def environ(self, **more: str) -> dict[str, str]:
        """Return an environment that has nothing but a PATH, the state directory and the stand-in."""
        fixed = {"PATH": os.defpath, "PKGS_STATE_DIR": str(self.state.root), "PKGS_EXE": str(self.pkgs)}
        return {**fixed, **more}

    def call(
        self,
        path: Path | str,
        *arguments: str | bytes,
        cwd: Path | None = None,
        environ: Mapping[str, str] | None = None,
        status: int = 0,
        user: int | None = None,
    ) -> list[str]:
        """Execute ``path`` and return what it printed, split at NULs; it must be silent on stderr."""
        done = subprocess.run(
            [path, *arguments], cwd=cwd, env=self.environ() if environ is None else environ,
            capture_output=True, timeout=120, check=False, user=user, group=user,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (status, b"")
        return done.stdout.decode(errors="surrogateescape").split("\0")[:-1]


def is_fast(printed: list[str], tool: ToolPlan) -> bool:
    """Tell whether the tool itself answered, not pkgs."""
    assert printed[0] in (str(tool.target), "pkgs")
    return printed[0] != "pkgs"
