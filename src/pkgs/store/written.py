"""What was written: all that a tree's listing says of a file, noted while its bytes pass.

Nobody has to look at such a file again, as long as nobody else has touched it. Whoever did says so with
:meth:`Written.forget`; after programs that may have touched anything, the whole account is worthless.
"""

from __future__ import annotations

import os
import struct

from pkgs.store.treedigest import Entry

_RECORD = struct.Struct("=?qq32s")  # executable, size, time, SHA-256
# About 250 bytes of memory each; what is beyond is read again.
_MOST = 250_000
# What every file system keeps (nanoseconds): some have 32 bits for the seconds.
_LATEST = (1 << 31) * 1_000_000_000


class Written:
    """The files that one archive was unpacked to, sealed; by path below the root, as bytes."""

    def __init__(self) -> None:
        self._files: dict[bytes, bytes] = {}
        self._linked: set[bytes] = set()

    def add(self, path: bytes, digest: bytes, *, executable: bool, size: int, mtime: int) -> None:
        """Note a file that is complete: its SHA-256, its size in bytes and its time in nanoseconds."""
        if 0 <= mtime < _LATEST and len(self._files) < _MOST:
            self._files[path] = _RECORD.pack(executable, size, mtime, digest)

    def link(self, path: bytes, target: bytes) -> None:
        """Note that ``path`` is another name of the file ``target``."""
        known = self._files.get(target)
        if known is None or len(self._files) >= _MOST:
            self.forget(target)
        else:
            self._files[path] = known
            self._linked |= {path, target}

    def forget(self, path: bytes) -> None:
        """Forget a file that was changed or removed; if it may have other names, those too."""
        doomed = self._linked if path in self._linked else {path}
        for each in doomed:
            self._files.pop(each, None)

    def entry(self, path: bytes) -> Entry | None:
        """Return what there is to say of the file at ``path``, None if one has to look."""
        known = self._files.get(path)
        if known is None:
            return None
        executable, size, mtime, digest = _RECORD.unpack(known)
        return Entry("f", os.fsdecode(path), digest.hex(), 0o555 if executable else 0o444, size, mtime)
