"""What the tests of unpacking pack: a tree with all that matters, and the tools to pack it with."""

from __future__ import annotations

import os
import random
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = b"#!/bin/sh\necho hello\n"


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed")


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def source_tree(root: Path) -> Path:
    (root / "usr" / "bin").mkdir(parents=True)
    write(root / "usr" / "bin" / "tool", SCRIPT).chmod(0o755)
    write(root / "usr" / "bin" / "data", random.Random(1).randbytes(300_000)).chmod(0o640)
    write(root / "usr" / "empty", b"")
    (root / "usr" / "alias").symlink_to("bin/tool")
    os.link(root / "usr" / "bin" / "tool", root / "usr" / "bin" / "zz-same")
    return root


def peak(work: Callable[[], object]) -> int:
    """Return how many bytes of memory were in use at most while ``work`` was done."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
