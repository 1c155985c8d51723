"""What a call of an installed tool costs, beside executing it directly and through a two-line sh script.

Run from the checkout as ``python bench/call.py``; it takes half a minute. Nothing is asserted: it prints.
The tool is ``true``, in environments of 1, 10, 100 and 500 packages. mise takes part if it is installed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench.pairs import Command, Rounds, run_rounds  # noqa: E402
from pkgs.envops import EnvOp, Force, Prepend, Set  # noqa: E402
from pkgs.shim.plan import ToolPlan, write_plans  # noqa: E402
from pkgs.shim.stamps import observe  # noqa: E402
from pkgs.shim.wrapper import wrapper_text  # noqa: E402
from pkgs.state import State  # noqa: E402

DIRECT = "direct"
SCRIPT = "sh script"
SIZES = (1, 10, 100, 500)


def script(place: Path, tool: Path) -> Path:
    """Write the two-line script that is the measure."""
    place.write_text(f'#!/bin/sh\nexec {tool} "$@"\n')
    place.chmod(0o755)
    return place


def environment(root: Path, state: State, tool: Path, size: int, *, variables: int) -> Path:
    """Make an environment of ``size`` packages, ``variables`` of which set one; return its first tool."""
    bin_dir = root / "bin"
    bin_dir.mkdir(parents=True)
    (bin_dir / "pkgs").write_bytes(wrapper_text())
    (bin_dir / "pkgs").chmod(0o755)
    for name in ("pkgs.hcl", "pkgs.lock"):
        (bin_dir / name).write_text("")
    base: tuple[EnvOp, ...] = (
        Prepend("PATH", str(bin_dir)), Force("PKGS_BIN", str(bin_dir)), Force("PKGS_ENV", str(root)),
    )  # fmt: skip
    base += tuple(Set(f"TOOL{number}_HOME", f"/usr/lib/tool{number}") for number in range(variables))
    plans = [ToolPlan(f"tool{number}", f".tool{number}-1.0.pkg", tool, base) for number in range(size)]
    for plan in plans:
        (bin_dir / plan.pin).symlink_to("pkgs")
        (bin_dir / plan.name).symlink_to(plan.pin)
    files = (bin_dir, bin_dir / "pkgs.hcl", bin_dir / "pkgs.lock")
    write_plans(state.env(bin_dir), bin_dir, plans, observe(files))
    return bin_dir / "tool0"


def mise_shim(root: Path, tool: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, Command]]:
    """Yield a call through a shim of mise, if mise is there; ``tool`` stands in for an installed node."""
    mise = shutil.which("mise")
    if not mise:
        return
    installed, shim = root / "installs/node/22.0.0/bin/node", root / "shims/node"
    for path in (installed, shim):
        path.parent.mkdir(parents=True)
    shutil.copy2(tool, installed)
    shim.symlink_to(Path(mise).resolve())
    config = root / "mise.toml"
    config.write_text('[tools]\nnode = "22.0.0"\n')
    names = {"HOME": root, "MISE_DATA_DIR": root, "MISE_CACHE_DIR": root / "cache", "MISE_CONFIG_DIR": root}
    given = {name: str(path) for name, path in (names | {"MISE_GLOBAL_CONFIG_FILE": config}).items()}
    command = Command((str(shim),), {**environ, **given, "MISE_OFFLINE": "1"})
    if subprocess.run(command.argv, env=command.environ, capture_output=True, check=False).returncode == 0:
        yield "mise shim, 1 tool", command


def commands(root: Path) -> dict[str, Command]:
    """Return everything that is compared, by its name in the table."""
    found = shutil.which("true", path="/bin:/usr/bin")
    if not found:
        sys.exit("there is no program `true`")
    # A copy: the real path would lead to a multi-call program on some systems.
    tool = Path(shutil.copy2(Path(found).resolve(), root / "true"))
    state = State(root / "state")
    environ = {"PATH": os.defpath, "PKGS_STATE_DIR": str(state.root), "PKGS_EXE": "/bin/false"}
    cases = {
        DIRECT: Command((str(tool),), environ),
        SCRIPT: Command((str(script(root / "script", tool)),), environ),
    }
    for size in SIZES:
        called = environment(root / f"env{size}", state, tool, size, variables=0)
        cases[f"pkgs, {size} packages"] = Command((str(called),), environ)
    called = environment(root / "variables", state, tool, SIZES[-1], variables=SIZES[-1] // 10)
    cases[f"pkgs, {SIZES[-1]} packages, {SIZES[-1] // 10} variables"] = Command((str(called),), environ)
    return {**cases, **dict(mise_shim(root / "mise", tool, environ))}


def show(rounds: Rounds) -> None:
    """Print the table."""
    print(
        f"{'call of an installed tool':36} {'ms':>7} {'x direct':>9} {'x script':>9} {'ms over script':>15}"
    )
    for name in rounds.seconds:
        print(
            f"{name:36} {rounds.milliseconds(name):7.3f} {rounds.ratio(name, DIRECT):9.2f}"
            f" {rounds.ratio(name, SCRIPT):9.2f} {rounds.difference(name, SCRIPT):+15.3f}"
        )
    print(f"medians of {len(rounds.seconds[DIRECT])} rounds")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to measure (default: 20)")
    limit: float = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as directory:
        show(run_rounds(commands(Path(directory)), min(limit, 50.0)))


if __name__ == "__main__":
    main()
