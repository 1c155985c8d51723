"""The libraries of pkgs as files: had through pip where an index is, installed from where none is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pkgs.environment.lock import read_lock
from pkgs.environment.root import Environment
from pkgs.errors import PkgsError
from pkgs.platforms import Platform
from pkgs.progress import Reporter
from pkgs.state import State
from pkgs.store.files import remove_tree

_SECONDS = 600
# pip takes these names as they are, but for macOS, where it also takes all older systems.
_TAGS = {
    ("linux", "amd64"): ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"),
    ("linux", "arm64"): ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64"),
    ("darwin", "amd64"): ("macosx_13_0_x86_64",),
    ("darwin", "arm64"): ("macosx_13_0_arm64",),
}


@dataclass(frozen=True, slots=True)
class Libraries:
    """Wheels that were had, sorted by name; and for which platforms they were not, with the reason."""

    wheels: tuple[Path, ...]
    problems: tuple[str, ...]


def running_python() -> str:
    """Return the version of Python that runs pkgs, as 3.11."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def fetch_libraries(
    into: Path,
    environ: Mapping[str, str],
    requirements: Sequence[str],
    platforms: Iterable[Platform],
    pythons: Sequence[str],
    reporter: Reporter,
) -> Libraries:
    """Have pip download the hashed ``requirements`` into the directory ``into``."""
    wheels: dict[str, Path] = {}
    problems: list[str] = []
    for platform in platforms:
        for python in pythons:
            what = f"the libraries of pkgs for {platform} and Python {python}"
            try:
                with reporter.task(what):
                    found = _download(environ, requirements, platform, python, into / f"{platform}-{python}")
            except PkgsError as error:
                problems.append(f"{what}: {error.message}")
                continue
            wheels.update({path.name: path for path in found})
    return Libraries(tuple(wheels[name] for name in sorted(wheels)), tuple(problems))


def _download(
    environ: Mapping[str, str], requirements: Sequence[str], platform: Platform, python: str, into: Path
) -> list[Path]:
    into.mkdir()
    listed = into / "requirements.txt"
    listed.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
    options = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--python-version", python]
    options += [word for tag in _TAGS[platform.os, platform.arch] for word in ("--platform", tag)]
    said = "no pip is there to ask for them"
    for pip in _pips():
        done = _run([*pip, "download", "--quiet", *options, "-d", str(into), "-r", str(listed)], environ)
        if done is None:
            continue
        if done.returncode == 0:
            return sorted(into.glob("*.whl"))
        said = (done.stderr.strip().splitlines() or [said])[-1]
    raise PkgsError(said, "see that pip works here")


def _pips() -> Iterator[list[str]]:
    """Yield ways to start a pip; the Python that pkgs was set up from has one more often than its own."""
    pythons = dict.fromkeys((sys.executable, str(getattr(sys, "_base_executable", sys.executable))))
    yield from ([python, "-m", "pip"] for python in pythons)
    yield from (["pip3"], ["pip"])


def _run(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str] | None:
    """Return what came of a command, None if there is no such pip."""
    try:
        done = subprocess.run(
            command,
            env={**environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if "No module named pip" in done.stderr else done


def set_up(
    environment: Environment, state: State, wheels: Path, environ: Mapping[str, str], reporter: Reporter
) -> None:
    """Set the pkgs that an environment is pinned to up from ``wheels``, which are then done with.

    A failure is told, and no more: the environment may have a pkgs already, or another Python.
    """
    program = read_lock(environment.lock_file).program
    if program is None or (state.programs / program.id / "bin" / "python").exists():
        remove_tree(wheels)
        return
    bootstrap = Path(__file__).parent / "files" / "bootstrap.py"
    command = [
        sys.executable,
        "-I",
        bootstrap,
        environment.bin_dir / "pkgs",
        environment.lock_file,
        state.root,
    ]
    offline = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "UV_OFFLINE": "1",
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(wheels),
    }
    done = _run([str(word) for word in command], {**environ, **offline})
    if done is None or done.returncode:
        said = done.stderr.strip() if done else "it cannot be started"
        reporter.warn(f"pkgs itself is not set up from the bundle: {said}")
        return
    remove_tree(wheels)
