"""What a warm activation costs over an empty shell, and what a prompt's check costs.

Run from the checkout as ``python bench/activation.py``; it takes about 20 seconds. Nothing is asserted: it
prints. The environment has 20 packages, each setting a variable and prepending to PATH.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench.pairs import Command, Rounds, run_rounds  # noqa: E402
from pkgs.envops import EnvOp, Force, Prepend, Set  # noqa: E402
from pkgs.shim.activation import Activation, shim_file, write_activation  # noqa: E402
from pkgs.shim.stamps import observe  # noqa: E402
from pkgs.state import State  # noqa: E402

PACKAGES = 20
PROMPTS = 1000
SHELLS = {
    "bash": ["--norc", "--noprofile"],
    "zsh": ["-f"],
    "dash": [],
    "fish": ["--no-config"],
}


def environment(root: Path, state: State) -> Path:
    """Make an environment whose activation is prepared; return its directory of links."""
    bin_dir = root / "bin"
    bin_dir.mkdir(parents=True)
    for name in ("activate-pkgs", "activate-pkgs.fish"):
        (bin_dir / name).write_text(shim_file(name), encoding="utf-8")
    # Activation must not get here.
    (bin_dir / "pkgs").write_text("#!/bin/sh\nexit 1\n")
    (bin_dir / "pkgs").chmod(0o755)
    operations: list[EnvOp] = [
        Prepend("PATH", str(bin_dir)), Force("PKGS_BIN", str(bin_dir)), Force("PKGS_ENV", str(root)),
    ]  # fmt: skip
    for number in range(PACKAGES):
        operations.append(Set(f"TOOL{number}_HOME", f"${{PKGS_ENV}}/tool{number}"))
        operations.append(Prepend("PATH", f"/usr/lib/tool{number}/bin"))
    watched = observe([bin_dir, bin_dir / "pkgs.hcl", bin_dir / "pkgs.lock", root / ".pkgs.hcl"])
    activation = Activation(root=root, bin_dir=bin_dir, operations=tuple(operations))
    if not write_activation(state.env(bin_dir), activation, watched):
        sys.exit("the activation could not be prepared here")
    return bin_dir


def scripts(shell: str, bin_dir: Path) -> dict[str, str]:
    """Return what each shell is made to do, by what it is called in the table."""
    if shell == "fish":
        source = f"source {bin_dir}/activate-pkgs.fish; or exit 1"
        prompts = f"for i in (seq {PROMPTS}); _pkgs_prompt; end"
        counting = f"for i in (seq {PROMPTS}); true; end"
    else:
        source = f". {bin_dir}/activate-pkgs || exit 1"
        loop = f"i=0; while [ $i -lt {PROMPTS} ]; do i=$((i+1)); {{}}; done"
        prompts, counting = loop.format("_pkgs_prompt"), loop.format(":")
    return {
        f"{shell}, empty": ":" if shell != "fish" else "true",
        f"{shell}, activated": source,
        f"{shell}, and {PROMPTS} idle loops": f"{source}; {counting}",
        f"{shell}, and {PROMPTS} idle prompts": f"{source}; {prompts}",
    }


def commands(root: Path) -> dict[str, Command]:
    """Return everything that is compared, by its name in the table."""
    state = State(root / "state")
    bin_dir = environment(root / "env", state)
    environ = {
        "PATH": os.defpath, "HOME": str(root), "LANG": "C.UTF-8", "PKGS_STATE_DIR": str(state.root),
    }  # fmt: skip
    found: dict[str, Command] = {}
    for shell, options in SHELLS.items():
        if path := shutil.which(shell):
            for name, script in scripts(shell, bin_dir).items():
                found[name] = Command((path, *options, "-c", script), environ)
    return found


def show(rounds: Rounds) -> None:
    """Print the table."""
    print(f"{'':32} {'ms':>8} {'x empty':>8} {'ms over empty':>14}")
    for name in rounds.seconds:
        base = f"{name.partition(',')[0]}, empty"
        print(
            f"{name:32} {rounds.milliseconds(name):8.2f} {rounds.ratio(name, base):8.2f}"
            f" {rounds.difference(name, base):+14.2f}"
        )
    for shell in SHELLS:
        prompts, loops = (f"{shell}, and {PROMPTS} idle {what}" for what in ("prompts", "loops"))
        if prompts in rounds.seconds:
            print(f"{shell}: {rounds.difference(prompts, loops):.1f} us for the check at an idle prompt")
    print(f"medians of {len(next(iter(rounds.seconds.values())))} rounds; {PACKAGES} packages")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to measure (default: 20)")
    limit: float = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as directory:
        show(run_rounds(commands(Path(directory)), min(limit, 25.0), warm=2))


if __name__ == "__main__":
    main()
