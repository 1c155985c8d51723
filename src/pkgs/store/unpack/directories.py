"""The directories of one tree: each is opened relative to its parent's descriptor, without following links.

They are named by their real paths below the root, which is the empty path.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pkgs.errors import ArchiveError
from pkgs.store.unpack.limits import Budget
from pkgs.store.unpack.names import shown
from pkgs.store.unpack.newfiles import DIRECTORY

# Members come directory by directory; several archives at once share the 256 descriptors that macOS gives.
_OPEN = 16
_MODE = 0o755
# How many names may be gone through to tell spellings apart: about 20 seconds.
_MOST_LISTED = 20_000_000


class Directories:
    """Makes directories below ``root``, and keeps some of their descriptors open.

    ``made`` are all that were made, with the permissions and the time they get in the end. ``before`` is
    called with the path of each that is about to be made.
    """

    def __init__(self, root: Path, budget: Budget, before: Callable[[bytes], None]) -> None:
        self._budget = budget
        self._before = before
        self._fds: dict[bytes, int] = {b"": os.open(root, DIRECTORY)}
        self.made: dict[bytes, tuple[int, int | None]] = {}
        self._listed = 0

    def close(self) -> None:
        """Close all descriptors."""
        for fd in self._fds.values():
            os.close(fd)
        self._fds.clear()

    def fd(self, path: bytes) -> int:
        """Return a descriptor of a directory, made if need be; good until the next call."""
        fd = self._fds.get(path)
        if fd is None:
            is_new = path not in self.made
            if is_new:
                self._before(path)
            parent, _, base = path.rpartition(b"/")
            above = self.fd(parent)
            if is_new:
                self._make(above, base, path)
            fd = os.open(base, DIRECTORY, dir_fd=above)
            self._keep(path, fd)
        return fd

    def describe(self, path: bytes, mode: int, mtime: int | None) -> None:
        """Say which permissions and time (nanoseconds) a directory is to have in the end."""
        self.fd(path)
        self.made[path] = (mode, mtime)

    def settle(self, *, masked: bool) -> None:
        """Give all their permissions and times; ``masked`` says that they were made with too few."""
        for path in sorted(self.made, reverse=True):  # what is inside comes before what it is in
            mode, mtime = self.made[path]
            if masked or mode != _MODE:
                os.fchmod(self.fd(path), mode)
            if mtime is not None:
                os.utime(self.fd(path), ns=(mtime, mtime))

    def refuse_alias(self, path: bytes) -> None:
        """Refuse what exists under another spelling: the file system is the judge of case and accents."""
        parent, _, base = path.rpartition(b"/")
        names = os.listdir(self.fd(parent))  # noqa: PTH208 - no Path for a descriptor
        self._listed += len(names)
        if self._listed > _MOST_LISTED:
            raise ArchiveError("too many of its members repeat earlier ones in large directories")
        if base in map(os.fsencode, names):
            return
        raise ArchiveError(
            f"member {shown(path)} differs from another only in case or accents, which do not count here",
            "unpack it on a file system that tells upper from lower case",
        )

    def _make(self, above: int, base: bytes, path: bytes) -> None:
        try:
            os.mkdir(base, _MODE, dir_fd=above)
        except FileExistsError as error:
            self.refuse_alias(path)
            raise ArchiveError(f"member {shown(path)} is first a file and then a directory") from error
        self._budget.directory(len(path))
        self.made[path] = (_MODE, None)

    def _keep(self, path: bytes, fd: int) -> None:
        """Keep a descriptor, and close the oldest but the root's when there are many."""
        self._fds[path] = fd
        if len(self._fds) > _OPEN:
            oldest = next(key for key in self._fds if key)
            os.close(self._fds.pop(oldest))
