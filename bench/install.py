"""Cold install of 20 archives of 5 MB from loopback: pkgs against curl piped into tar, as ratios.

Run from the checkout as ``python -m bench.install``. Nothing is asserted: it measures, and prints. Where
there is a Go compiler, hermit's steps (``steps.go``) are measured too: what they cost without an interpreter.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.support.server import Reply, Server, serving

COUNT = 20
MEGABYTE = 1_000_000
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive on the server: a tool of that name beside ``size`` bytes that do not compress."""

    name: str
    url: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Run:
    """What one process cost, children included: wall and CPU seconds, largest resident set in MB."""

    seconds: float
    cpu: float
    peak: float


def make_archive(name: str, size: int) -> bytes:
    """Return a tar.gz of about ``size`` bytes, the same for the same name."""
    script = f"#!/bin/sh\necho {name}\n".encode()
    data = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=data, mode="wb", compresslevel=1, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as archive,
    ):
        for path, mode, content in (
            (name, 0o755, script),
            ("data", 0o644, random.Random(name).randbytes(size)),
        ):
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.mode, entry.size = mode, len(content)
            archive.addfile(entry, io.BytesIO(content))
    return data.getvalue()


def publish(server: Server, name: str, size: int) -> Archive:
    """Put an archive of ``size`` bytes on the server."""
    data = make_archive(name, size)
    url = server.add(f"/{name}.tar.gz", Reply(data, etag=f'"{name}"'))
    return Archive(name, url, hashlib.sha256(data).hexdigest())


def measure(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> Run:
    """Run one command to its end; raise :class:`RuntimeError` with its output if it fails."""
    launcher = [sys.executable, "-I", "-S", str(ROOT / "bench" / "measure.py")]
    done = subprocess.run([*launcher, *command], cwd=cwd, env=environ, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command} failed: {done.stderr.decode(errors='replace')}")
    cost = json.loads(done.stdout)
    return Run(cost["seconds"], cost["cpu"], cost["peak"] / MEGABYTE)


def clean_environ(folder: Path) -> dict[str, str]:
    """Return an environment in which nothing was ever installed."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PKGS_STATE_DIR": str(folder / "state"),
        "PYTHONPATH": str(ROOT / "src"),
    }


def pkgs(*arguments: str) -> list[str]:
    """Return the command line of pkgs from this checkout: the one place that knows how it is called."""
    return [sys.executable, "-m", "pkgs", *arguments]


def install_with_pkgs(folder: Path, archives: Sequence[Archive]) -> Run:
    """Make an environment in ``folder`` whose manifests name the archives, and install them all."""
    environ = clean_environ(folder)
    measure(pkgs("init", "--sources", "env:///manifests", str(folder)), folder, environ)
    (folder / "manifests").mkdir()
    for archive in archives:
        (folder / "manifests" / f"{archive.name}.hcl").write_text(
            f'description = "An archive"\nbinaries = ["{archive.name}"]\nstrip = 1\n'
            f'source = "{archive.url}"\nsha256 = "{archive.sha256}"\nversion "1.0.0" {{}}\n'
        )
    run = measure(pkgs("install", *(archive.name for archive in archives)), folder, environ)
    for archive in archives:
        if not (folder / "bin" / archive.name).is_symlink():
            raise RuntimeError(f"{archive.name} was not installed")
    return run


def install_with_curl(folder: Path, archives: Sequence[Archive], *, parallel: int) -> Run:
    """Download and unpack the archives with curl and tar, ``parallel`` at a time, verifying nothing."""
    for archive in archives:
        (folder / archive.name).mkdir()
    one = 'curl -fsS "$1" | tar xz --strip-components=1 -C "$0"'
    pairs = "".join(f"{archive.name} {archive.url}\n" for archive in archives)
    (folder / "pairs").write_text(pairs)
    return measure(
        ["sh", "-c", f"xargs -n 2 -P {parallel} sh -c '{one}' <pairs"], folder, clean_environ(folder)
    )


def build_steps(folder: Path) -> Path | None:
    """Compile hermit's steps into ``folder``; return the program, or None where there is no Go compiler."""
    if not shutil.which("go"):
        return None
    program = folder / "steps"
    subprocess.run(["go", "build", "-o", program, ROOT / "bench" / "steps.go"], check=True)
    return program


def install_with_steps(program: Path, folder: Path, archives: Sequence[Archive]) -> Run:
    """Download, verify, keep and unpack the archives, as many at a time as there are processors."""
    words = [word for archive in archives for word in (archive.name, archive.url, archive.sha256)]
    return measure([str(program), str(folder), *words], folder, clean_environ(folder))


def rounds(
    count: int, ways: Mapping[str, Callable[[Path], Run]], place: Path | None = None
) -> dict[str, Run]:
    """Run every way ``count`` times in turn in fresh folders; return median times and largest peaks.

    The folders are made in ``place``, or where temporary files usually are. They are removed at the very end:
    what one way left to be removed would slow down the next (ext4 avoids inodes that were freed lately).
    """
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    with ExitStack() as folders:
        for _ in range(count):
            for name, way in ways.items():
                folder = Path(folders.enter_context(tempfile.TemporaryDirectory(dir=place))).resolve()
                folders.callback(_make_writable, folder)
                runs[name].append(way(folder))
    return {
        name: Run(
            statistics.median(run.seconds for run in done),
            statistics.median(run.cpu for run in done),
            max(run.peak for run in done),
        )
        for name, done in runs.items()
    }


def _make_writable(folder: Path) -> None:
    for directory, _, _ in os.walk(folder):
        Path(directory).chmod(0o700)


def report(results: Mapping[str, Run], base: str) -> None:
    """Print one line a way, with its ratios to ``base``."""
    print(f"{'':<28}{'wall':>10}{'×':>7}{'CPU':>10}{'×':>7}{'peak':>13}   × {base}")
    for name, run in results.items():
        wall, cpu = run.seconds / results[base].seconds, run.cpu / results[base].cpu
        times = f"{run.seconds:8.2f} s{wall:7.2f}{run.cpu:8.2f} s{cpu:7.2f}"
        print(f"{name:<28}{times}{run.peak:10.1f} MB")


def main() -> None:
    """Measure both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is run (default: 3)")
    count = parser.parse_args().rounds
    if not shutil.which("curl"):
        parser.error("curl is what pkgs is compared with; install it first")
    with serving() as server, tempfile.TemporaryDirectory() as place:
        archives = [publish(server, f"tool{number:02}", 5 * MEGABYTE) for number in range(COUNT)]
        print(f"cold install of {COUNT} archives of 5 MB from loopback, median of {count}")
        ways: dict[str, Callable[[Path], Run]] = {
            "curl | tar, one by one": lambda folder: install_with_curl(folder, archives, parallel=1),
            "curl | tar, xargs -P4": lambda folder: install_with_curl(folder, archives, parallel=4),
            "pkgs install": lambda folder: install_with_pkgs(folder, archives),
        }
        if steps := build_steps(Path(place)):
            ways["hermit's steps in Go"] = lambda folder: install_with_steps(steps, folder, archives)
        results = rounds(count, ways)
        report(results, "curl | tar, xargs -P4")
        large = publish(server, "large", 200 * MEGABYTE)
        print("\npkgs install of one archive: the peak is to stay flat")
        results = rounds(1, {
            "5 MB": lambda folder: install_with_pkgs(folder, archives[:1]),
            "200 MB": lambda folder: install_with_pkgs(folder, [large]),
        })  # fmt: skip
        report(results, "5 MB")


if __name__ == "__main__":
    main()
