"""Texts that others wrote: read whole, or refused in words. Files of all kinds may lie in their place."""

from __future__ import annotations

import stat
from pathlib import Path

# Hundreds of packages on four platforms take a megabyte.
LARGEST = 64 << 20


def read_text(path: Path) -> str:
    """Return what a file says; its lines end as they do in Python.

    Raises :class:`OSError`, and :class:`ValueError` that says what is wrong: a fifo would be waited for, and
    what a device gives has no end.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("it is no regular file")
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST >> 20} MiB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not UTF-8 text") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
