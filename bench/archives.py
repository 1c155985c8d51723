"""Large archives: pkgs unpacking into its store beside tar and unzip, as ratios.

Run from the checkout as ``python -m bench.archives``. Nothing is asserted: it measures, and prints. Each way
is a process of its own. What pkgs does more than tar is to digest every file, list it and make it read-only.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench.install import MEGABYTE, ROOT, Run, measure, report, rounds

SMALL = 2_000
LARGE = 50 * MEGABYTE
# Unpacks as an install does: what is in argv[1] into the store at argv[2].
PKGS = """
import sys
from pathlib import Path
from pkgs.progress import SilentReporter
from pkgs.digests import digest_bytes
from pkgs.state import State
from pkgs.store.recipe import Recipe
from pkgs.store.store import Store
from pkgs.store.unpack import unpack
archive, root = map(Path, sys.argv[1:])
recipe = Recipe(blob=digest_bytes(bytes(archive)), name=archive.name)
Store.at(State(root), unpack).trees.ensure(recipe, archive, label="bench", reporter=SilentReporter())
"""


def contents(count: int, size: int) -> Iterator[tuple[str, bytes]]:
    """Yield ``count`` files of about ``size`` bytes, half of which compresses, 25 in a directory."""
    chance = random.Random(count)
    for number in range(count):
        length = chance.randrange(size // 2, size * 3 // 2)
        path = f"top/{number // 1000:03}/{number // 25 % 40:02}/file{number}"
        yield path, chance.randbytes(length // 2) + b"some text " * (length // 20)


def make_tar(path: Path, count: int, size: int) -> Path:
    """Write a tar.gz."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in contents(count, size):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(content), 0o644, 1_700_000_000
            archive.addfile(entry, io.BytesIO(content))
    return path


def make_zip(path: Path, count: int, size: int) -> Path:
    """Write a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in contents(count, size):
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return path


def ways(archive: Path) -> Mapping[str, Callable[[Path], Run]]:
    """Return how the archive is unpacked into a folder: by the system's program, and by pkgs."""
    program = ["unzip", "-q"] if archive.suffix == ".zip" else ["tar", "-xzf"]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}
    return {
        program[0]: lambda folder: measure([*program, str(archive)], folder, environ),
        "pkgs": lambda folder: measure(
            [sys.executable, "-c", PKGS, str(archive), str(folder / "state")], folder, environ
        ),
    }


def main() -> None:
    """Make the archives and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000, help="small files in one archive (100,000)")
    parser.add_argument("--megabytes", type=int, default=1000, help="size of the other, unpacked (1000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is run (3)")
    parser.add_argument("--in", dest="place", type=Path, help="where to work: a disk, or memory")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.place) as name:
        for suffix, make in ((".tar.gz", make_tar), (".zip", make_zip)):
            if suffix == ".zip" and not shutil.which("unzip"):
                continue
            many = make(Path(name, f"many{suffix}"), given.files, SMALL)
            large = make(Path(name, f"large{suffix}"), max(1, given.megabytes * MEGABYTE // LARGE), LARGE)
            for what, archive in ((f"{given.files} small files", many), (f"{given.megabytes} MB", large)):
                print(f"\n{what} in {suffix}, {archive.stat().st_size // MEGABYTE} MB, of {given.rounds}")
                found = ways(archive)
                report(rounds(given.rounds, found, given.place), next(iter(found)))
                archive.unlink()


if __name__ == "__main__":
    main()
