"""Processes that use a file in one way only, so that no more of ``/proc`` tells of it than has to."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

# Uses a file while the context lasts; yields the number of the process.
Use = Callable[[Path], AbstractContextManager[int]]
_SLEEP = ("sleep", "60")
# Python's own mmap would keep the file open; a library's is mapped and closed like this.
_MAPS = """
import ctypes, os
path = input()
fd, size = os.open(path, os.O_RDONLY), os.stat(path).st_size
mmap = ctypes.CDLL(None, use_errno=True).mmap
mmap.restype = ctypes.c_void_p
mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
assert mmap(None, size, 1, 2, fd, 0) != ctypes.c_void_p(-1).value  # PROT_READ, MAP_PRIVATE
os.close(fd)
print("mapped", flush=True)
input()
"""


@contextmanager
def running(file: Path) -> Iterator[int]:
    """Run ``file``, a copy of ``sleep``, under a name that does not tell where it is."""
    with _process(_SLEEP, program=file) as process:
        yield process.pid


@contextmanager
def mapping(file: Path) -> Iterator[int]:
    """Have a file in memory without having it open."""
    with _process((sys.executable, "-I", "-c", _MAPS)) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{file}\n".encode())
        process.stdin.flush()
        assert process.stdout.readline() == b"mapped\n"
        yield process.pid


@contextmanager
def reading(file: Path) -> Iterator[int]:
    """Have a file open."""
    with file.open("rb") as opened, _process(_SLEEP, stdin=opened) as process:
        opened.close()
        yield process.pid


@contextmanager
def beside(file: Path) -> Iterator[int]:
    """Be at work in the directory that a file is in."""
    with _process(_SLEEP, cwd=file.parent) as process:
        yield process.pid


@contextmanager
def naming(file: Path) -> Iterator[int]:
    """Have a file among one's words, as the interpreter of a script that it has read and closed."""
    with _process((sys.executable, "-I", "-c", "input()", str(file))) as process:
        yield process.pid


@contextmanager
def _process(
    words: tuple[str, ...],
    *,
    program: Path | None = None,
    cwd: Path = Path("/"),
    stdin: int | IO[bytes] = subprocess.PIPE,
) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(words, executable=program, cwd=cwd, stdin=stdin, stdout=subprocess.PIPE) as process:
        try:
            while process.poll() is None and not Path(f"/proc/{process.pid}/cmdline").read_bytes():
                time.sleep(0.001)  # started, but not in memory yet
            yield process
        finally:
            process.kill()
