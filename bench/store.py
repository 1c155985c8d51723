"""A store under load: many large archives at once, then looked through and collected.

Run from the checkout as ``python -m bench.store``. Nothing is asserted: it measures, and prints. Memory is to
stay flat however large the archives are; looking through is to cost what reading and digesting costs.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench.install import MEGABYTE, clean_environ, install_with_pkgs, measure, pkgs, publish, report
from tests.support.server import serving

_DIGEST_ALL = "find state -type f -size +1000k -print0 | xargs -0 sha256sum"


def main() -> None:
    """Install, verify and collect, each once."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=20, help="how many archives (20)")
    parser.add_argument("--megabytes", type=int, default=100, help="size of each (100)")
    parser.add_argument("--in", dest="place", type=Path, help="where to work: a disk, or memory")
    given = parser.parse_args()
    with serving() as server, tempfile.TemporaryDirectory(dir=given.place) as name:
        folder = Path(name).resolve()
        environ = clean_environ(folder)
        archives = [
            publish(server, f"tool{number:02}", given.megabytes * MEGABYTE) for number in range(given.count)
        ]
        print(f"{given.count} archives of {given.megabytes} MB")
        results = {"pkgs install": install_with_pkgs(folder, archives)}
        results["sha256sum of all files"] = measure(["sh", "-c", _DIGEST_ALL], folder, environ)
        results["pkgs verify --deep"] = measure(pkgs("verify", "--deep"), folder, environ)
        measure(pkgs("uninstall", *(archive.name for archive in archives)), folder, environ)
        results["pkgs gc"] = measure(pkgs("gc"), folder, environ)
        report(results, "sha256sum of all files")


if __name__ == "__main__":
    main()
