"""A directory tree as a mapping, to compare one program's work with another's."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

Entry = tuple[str, int, int, str]


def listing(root: Path, *, modes: int = 0o755, directory_times: bool = True) -> dict[str, Entry]:
    """Return path → (kind, permissions & ``modes``, mtime in seconds, content digest or link target)."""
    found: dict[str, Entry] = {}
    for path in root.rglob("*"):
        status = path.lstat()
        name = str(path.relative_to(root))
        if stat.S_ISLNK(status.st_mode):
            found[name] = ("link", 0, int(status.st_mtime), str(path.readlink()))
        elif stat.S_ISDIR(status.st_mode):
            found[name] = ("directory", 0, int(status.st_mtime) if directory_times else 0, "")
        else:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found[name] = ("file", stat.S_IMODE(status.st_mode) & modes, int(status.st_mtime), content)
    return found
