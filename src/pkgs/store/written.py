"""What was written: the digest of each file, taken while its bytes pass, so that nobody has to read it again.

Files are known by inode, so that hard links are one and renaming changes nothing. A file that was written to
since has another size or time of modification; those who give a file other bytes and its old time (programs
that run while a tree is made, and what undoes their traces) make the whole account worthless.
"""

from __future__ import annotations

import os

# About 250 bytes of memory each; what is beyond is read again.
_MOST = 250_000


class Written:
    """The files one archive was unpacked to. ``sealed`` asks for them to be read-only from the start."""

    def __init__(self, *, sealed: bool = False) -> None:
        self.sealed = sealed
        self._files: dict[int, tuple[int, int, bytes]] = {}

    def add(self, fd: int, digest: bytes) -> None:
        """Note the SHA-256 of an open file that is complete, its time set."""
        status = os.fstat(fd)
        if len(self._files) < _MOST or status.st_ino in self._files:
            self._files[status.st_ino] = (status.st_size, status.st_mtime_ns, digest)

    def forget(self, inode: int) -> None:
        """Forget a file that was removed: another may get its inode."""
        self._files.pop(inode, None)

    def digest(self, status: os.stat_result) -> str | None:
        """Return the digest of a file in hex, if it is as it was written."""
        found = self._files.get(status.st_ino)
        if found is None or found[0] != status.st_size or found[1] != status.st_mtime_ns:
            return None
        return found[2].hex()
