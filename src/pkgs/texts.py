"""Files that others wrote: read whole, or refused in words, since anything may lie in their place."""

from __future__ import annotations

import stat
from pathlib import Path

# Hundreds of packages on four platforms make a lock of a megabyte.
LARGEST = 64 << 20


def read_text(path: Path) -> str:
    """Return what a text file says, its lines ending in newlines; raises as :func:`read_bytes` does."""
    data = read_bytes(path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not UTF-8 text") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path, largest: int = LARGEST) -> bytes:
    """Return the content of a file of at most so many bytes.

    Raises :class:`OSError`, and :class:`ValueError` that says what is wrong: a fifo would be waited for, and
    what a device gives has no end.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no regular file")
    if status.st_size > largest:
        raise ValueError(f"it is larger than {largest >> 20} MiB")
    return path.read_bytes()
