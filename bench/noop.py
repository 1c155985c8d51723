"""``pkgs install`` with nothing to do, 20 packages installed, against a bare Python; and a call that misses.

Run from the checkout as ``python -m bench.noop``. Nothing is asserted: it measures, and prints.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench.pairs import Command, Rounds, run_rounds  # noqa: E402
from tests.support.project import Project  # noqa: E402

COUNT = 20
MAIN = str(ROOT / "src" / "pkgs" / "__main__.py")
PYTHON = (sys.executable, "-I")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="how long to measure (default: 20)")
    limit = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        project = installed_project(Path(folder).resolve())
        report(run_rounds(commands(project), limit, warm=2))


def installed_project(folder: Path) -> Project:
    """Return a project with its packages installed."""
    project = Project.make(folder / "project", folder / "state")
    names = [f"tool{number:02}" for number in range(COUNT)]
    for name in names:
        project.tool(name, "1.0.0", script="exit 0")
    project.pkgs("install", *names, check=True)
    return project


def commands(project: Project) -> dict[str, Command]:
    """Return what is compared."""
    environ = {**project.environ(), "PKGS_BIN": str(project.bin)}
    missing = project.root / "miss"
    # A file that comes or goes changes the directory's time: no plan stands then.
    missing.write_text(
        f'#!/bin/sh\n[ -e "{project.bin}/x" ] && rm "{project.bin}/x" || : >"{project.bin}/x"\n'
        f'exec "{project.bin}/tool00"\n'
    )
    missing.chmod(0o755)
    return {
        "a bare Python": Command((*PYTHON, "-c", ""), environ),
        "pkgs install, nothing to do": Command((*PYTHON, MAIN, "install"), environ),
        "the same, looked at in full": Command((*PYTHON, MAIN, "install", "--jobs=4"), environ),
        "a call whose plan is outdated": Command((str(missing),), environ),
    }


def report(rounds: Rounds) -> None:
    """Print one line a command, with its ratio to the first."""
    base = next(iter(rounds.seconds))
    for name in rounds.seconds:
        ratio = rounds.ratio(name, base)
        print(f"{name:<32}{rounds.milliseconds(name):8.1f} ms   {ratio:5.2f} × {base}")


if __name__ == "__main__":
    os.environ.pop("CI", None)
    main()
