"""Search, info and completion over 30, 100, 629 and 5,000 manifests: how they grow, as ratios and times.

Run from the checkout as ``python -m bench.index``. Nothing is asserted: it measures, and prints. The
manifests are the public corpus' where that is beside the checkout, copied under other names to make up the
number; otherwise small ones.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.pairs import Command, run_rounds
from tests.support.corpus import corpus_manifests
from tests.support.repositories import small_manifest

SIZES = (30, 100, 629, 5000)
ROOT = Path(__file__).parents[1]
# A mark of the present time would keep stamps from being trusted; these files are as old as any.
LONG_AGO = 1_600_000_000
_HEADINGS = ("manifests", "first search", "warm search", "search ^k.*s", "one changed", "info", "completion")


def write_manifests(directory: Path, count: int) -> None:
    """Write ``count`` manifests, every one under a name of its own."""
    directory.mkdir(parents=True)
    texts = [(path.stem, path.read_bytes()) for path in corpus_manifests()]
    texts = texts or [(f"kube{n}", small_manifest(f"kube{n}", "1.0", "2.0").encode()) for n in range(100)]
    for number in range(count):
        name, text = texts[number % len(texts)]
        copy = number // len(texts)
        path = directory / (f"{name}-x{copy}.hcl" if copy else f"{name}.hcl")
        # The digest decides what is parsed, so that copies have to differ.
        path.write_bytes(text + f"\n// copy {copy}\n".encode() if copy else text)
        os.utime(path, (LONG_AGO, LONG_AGO))


def environ_of(folder: Path) -> Mapping[str, str]:
    """Return an environment whose state directory is below ``folder``."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "PKGS_STATE_DIR": str(folder / "state")}


def pkgs(folder: Path, *words: str) -> Command:
    """Return a command of pkgs in the environment of ``folder``."""
    main = str(ROOT / "src" / "pkgs" / "__main__.py")
    environ = {**environ_of(folder), "PKGS_ENV": str(folder)}
    return Command((sys.executable, "-I", main, *words), environ)


def measure(folder: Path, count: int, seconds: float) -> dict[str, float]:
    """Return the milliseconds of each command over ``count`` manifests, and of a bare interpreter."""
    write_manifests(folder / "manifests", count)
    main = str(ROOT / "src" / "pkgs" / "__main__.py")
    init = (sys.executable, "-I", main, "init", "--no-git", "--sources", "env:///manifests", str(folder))
    Command(init, environ_of(folder)).seconds()
    name = sorted(path.stem for path in (folder / "manifests").iterdir())[count // 2]
    first = pkgs(folder, "search", "kube").seconds()
    commands = {
        "python": Command((sys.executable, "-I", "-c", "pass"), environ_of(folder)),
        "warm search": pkgs(folder, "search", "kube"),
        "search ^k.*s": pkgs(folder, "search", "^k.*s"),
        "info": pkgs(folder, "info", name),
        "completion": pkgs(folder, "__complete", "install", "ku"),
    }
    rounds = run_rounds(commands, seconds * (1 + count / 1000), warm=1, most=50)
    found = {each: rounds.milliseconds(each) for each in commands}
    return {**found, "first search": 1000 * first, "one changed": 1000 * _changed(folder, name)}


def _changed(folder: Path, name: str) -> float:
    path = folder / "manifests" / f"{name}.hcl"
    path.write_bytes(path.read_bytes() + b"\n// changed\n")
    return pkgs(folder, "search", "kube").seconds()


def main() -> None:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=5, help="how long a small size is measured (default: 5)"
    )
    parser.add_argument("--most", type=int, default=max(SIZES), help="leave out larger sizes")
    args = parser.parse_args()
    print("milliseconds, whole process; in brackets: times a bare interpreter")
    print("".join(f"{heading:>20}" for heading in _HEADINGS))
    for count in (size for size in SIZES if size <= args.most):
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder).resolve(), count, args.seconds)
        cells = (f"{found[each]:.0f} ({found[each] / found['python']:.1f})" for each in _HEADINGS[1:])
        print(f"{count:>20}" + "".join(f"{cell:>20}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
