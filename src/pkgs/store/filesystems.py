"""What a filesystem can do for locks: decided from the kernel's table of mounts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")
_OCTAL = re.compile(r"\\([0-7]{3})")
# Network filesystems whose flock excludes nobody on another host, by the options that make it so: nfs(5)
# "local_lock" and "nolock", mount.cifs(8) "nobrl"; sshfs and 9p keep flock to the client.
_LOCAL_OPTIONS = {
    "nfs": {"nolock", "local_lock=all", "local_lock=flock"},
    "nfs4": {"local_lock=all", "local_lock=flock"},
    "cifs": {"nobrl"},
    "smb3": {"nobrl"},
}
_LOCAL_TYPES = {"fuse.sshfs", "9p", "afs"}


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted filesystem: where, of what type, with which options."""

    point: Path
    type: str
    options: frozenset[str]


def parse_mounts(text: str) -> list[Mount]:
    """Read a table in the format of ``/proc/mounts`` (fstab(5), blanks as octal escapes)."""
    fields = [line.split(" ") for line in text.splitlines()]
    return [Mount(Path(_plain(f[1])), f[2], frozenset(f[3].split(","))) for f in fields if len(f) > 3]


def _plain(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)


def mount_of(path: Path, mounts: list[Mount]) -> Mount | None:
    """Return the mount that absolute ``path`` is on: the deepest, and of equal ones the last."""
    over = [mount for mount in mounts if mount.point == path or mount.point in path.parents]
    return max(reversed(over), key=lambda mount: len(mount.point.parts), default=None)


def locks_are_local(mount: Mount | None) -> bool:
    """Say whether ``flock`` on this mount succeeds without excluding processes on other hosts."""
    if mount is None:
        return False
    return mount.type in _LOCAL_TYPES or bool(mount.options & _LOCAL_OPTIONS.get(mount.type, set()))


def read_mounts(table: Path = MOUNTS) -> list[Mount]:
    """Return the mounts of this process; empty where the kernel has no such table (macOS)."""
    try:
        return parse_mounts(table.read_text("utf-8", "surrogateescape"))
    except OSError:
        return []
