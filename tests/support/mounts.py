"""Filesystems of a test's own: mounted below its directory, gone when it ends."""

from __future__ import annotations

import shlex
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

import pytest

TIMEOUT = 30
FUSE = Path("/dev/fuse")
_FUSEFS = Path(__file__).with_name("fusefs.py")
_ORDERS = struct.Struct("qqqq")
_SFTP = [Path("/usr/lib/openssh/sftp-server"), Path("/usr/libexec/openssh/sftp-server")]


@contextmanager
def sshfs(served: Path, at: Path) -> Iterator[Path]:
    """Mount the directory ``served`` at ``at``, over SFTP as sshfs does, without the ssh in between."""
    with _running([*_sshfs(served, at), "-f"], at):
        yield at


@contextmanager
def filesystem(backing: Path, at: Path, *kinds: str) -> Iterator[Orders]:
    """Mount the directory ``backing`` at ``at`` as a filesystem of these kinds; see :mod:`fusefs`.

    Yield what makes it faulty.
    """
    needed(find_library("fuse3"), "libfuse3")
    orders = Orders.blank(at.with_name(f"{at.name}-orders"))
    with _running([sys.executable, str(_FUSEFS), str(backing), str(at), str(orders.file), *kinds], at):
        yield orders


@dataclass(frozen=True, slots=True)
class Orders:
    """What a filesystem of :func:`filesystem` is told, and what it counts, in a file both look at."""

    file: Path

    @classmethod
    def blank(cls, file: Path) -> Orders:
        """Write orders to do nothing."""
        orders = cls(file)
        orders.give()
        return orders

    def give(self, at: int = -1, error: int = 0, times: int = 1) -> None:
        """Count from 0 again, and let ``times`` calls fail with ``error`` from call ``at`` on."""
        with self.file.open("r+b" if self.file.exists() else "wb") as file:
            file.write(_ORDERS.pack(0, at, error, times))

    def calls(self) -> int:
        """Return how many calls there were since the last order."""
        return int(_ORDERS.unpack(self.file.read_bytes())[0])


@contextmanager
def image(kind: str, file: Path, at: Path, size: int) -> Iterator[Path]:
    """Make a filesystem of ``size`` bytes (none of which are written before they are used) and mount it.

    It takes root, and a kernel that knows the kind.
    """
    make = f"mkfs.{kind}"
    needed(shutil.which(make), make)
    with file.open("wb") as opened:
        opened.truncate(size)
    subprocess.run([make, "-q", file], check=True, capture_output=True, timeout=TIMEOUT)
    at.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", kind, "-o", "loop", file, at], capture_output=True, check=False, timeout=TIMEOUT
    )
    needed(mounted.returncode == 0, f"way to mount {kind}")
    try:
        yield at
    finally:
        subprocess.run(["umount", at], check=True, timeout=TIMEOUT)


@contextmanager
def memory(at: Path, limit: str) -> Iterator[Path]:
    """Mount a filesystem in memory, as small as ``limit`` says (tmpfs(5): ``size=64k``, ``nr_inodes=2``).

    It takes root. What is still open in it in the end is an error.
    """
    at.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", limit, "tmpfs", at], capture_output=True, check=False
    )
    needed(mounted.returncode == 0, "way to mount tmpfs")
    try:
        yield at
    finally:
        subprocess.run(["umount", at], check=True, timeout=TIMEOUT)


@contextmanager
def another_host(name: str, served: Path, at: Path) -> Iterator[tuple[str, ...]]:
    """Start what passes for another host, with ``served`` mounted at ``at``; yield what runs commands there.

    It takes root.
    """
    start = f"hostname {name} && {shlex.join(_sshfs(served, at))} && echo up && exec sleep infinity"
    spaces = ("--fork", "--kill-child", "--pid", "--mount-proc", "--mount", "--uts")
    words = ("unshare", *spaces, "sh", "-c", start)
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "up\n"
            first = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().strip()
            yield "nsenter", f"--target={first}", "--pid", "--mount", "--uts", "--"
        finally:
            process.kill()


def _sshfs(served: Path, at: Path) -> list[str]:
    """Return the words that mount a directory over SFTP."""
    server = next(filter(Path.exists, _SFTP), None)
    needed(server, "sftp-server")
    connect = at.with_name(f"{at.name}-ssh")
    connect.write_text(f"#!/bin/sh\nexec {server}\n")
    connect.chmod(0o755)
    return ["sshfs", f"there:{served}", str(at), "-o", f"ssh_command={connect}"]


@contextmanager
def _running(words: Sequence[str], at: Path) -> Iterator[None]:
    """Run the program of a FUSE filesystem while its mount is used."""
    needed(shutil.which(words[0]), words[0])
    needed(FUSE.exists() and shutil.which("fusermount3"), "FUSE")
    at.mkdir()
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as program:
        try:
            _wait_for_mount(program, at)
            yield
        finally:
            subprocess.run(["fusermount3", "-u", "-z", at], check=False, timeout=TIMEOUT)
            _end(program)


def _wait_for_mount(program: subprocess.Popen[bytes], at: Path) -> None:
    end = time.monotonic() + TIMEOUT
    while not at.is_mount():
        assert program.poll() is None, f"{program.args!r} ended with {program.returncode}"
        assert time.monotonic() < end, f"{program.args!r} mounted nothing"
        time.sleep(0.02)


def _end(program: subprocess.Popen[bytes]) -> None:
    """Wait for a filesystem's program, which ends when nothing is open any more."""
    try:
        program.wait(TIMEOUT)
    except subprocess.TimeoutExpired:
        program.kill()


def needed(found: object, name: str) -> None:
    """Skip the test if what it needs was not found."""
    if not found:
        pytest.skip(f"there is no {name} on this machine")
