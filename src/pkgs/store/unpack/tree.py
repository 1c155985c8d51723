"""The only writer of unpacked trees: nothing it is told to write lands outside its root.

Every file is opened relative to a descriptor of its directory, and every directory relative to its
parent's, without following symbolic links: the kernel, not a comparison of strings, keeps the writer inside.
Links that the archive itself made are followed by rule (see :mod:`pkgs.store.unpack.links`).
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from pkgs.errors import ArchiveError
from pkgs.store.unpack.limits import Budget
from pkgs.store.unpack.links import Links
from pkgs.store.unpack.names import shown
from pkgs.store.written import Written

_T = TypeVar("_T")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_DIRECTORIES = 64
# Nobody but the owner may write; what runs for one user runs for all; setuid, setgid and sticky are dropped.
_MODES = 0o755
_LATEST = (1 << 63) - 1
_UNLINKABLE = {errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EXDEV}


class Tree:
    """A directory being filled; ``mtime`` is nanoseconds, or None to leave the present.

    ``written`` is told the digest of each file but sparse ones.
    """

    def __init__(self, dest: Path, budget: Budget, written: Written | None = None) -> None:
        self._budget = budget
        self._written = written
        self._fds: dict[bytes, int] = {b"": os.open(dest, _DIRECTORY)}
        self._links = Links(budget.limits.link_steps)
        self._directories: dict[bytes, tuple[int, int | None]] = {}
        self._made = {b""}
        self._root = os.fsencode(dest)
        self._masked, self._folds = self._probe()
        self.empty = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for fd in self._fds.values():
            os.close(fd)
        self._fds.clear()

    def file(
        self, path: bytes, pieces: Iterable[bytes | memoryview], mode: int, mtime: int | None = None
    ) -> None:
        """Write a file; a former file or link of that name is replaced, as tar does."""
        fd = self._create(path, mode)
        try:
            digest = self._fill(fd, pieces)
            if mtime is not None:
                os.utime(fd, ns=_times(mtime))
            if self._written and digest:
                self._written.add(fd, digest)
        finally:
            os.close(fd)

    def _fill(self, fd: int, pieces: Iterable[bytes | memoryview]) -> bytes:
        """Write the pieces, and return their digest if somebody wants it."""
        hasher = hashlib.sha256() if self._written else None
        for piece in pieces:
            self._budget.wrote(len(piece))
            _write(fd, piece)
            if hasher:
                hasher.update(piece)
        return hasher.digest() if hasher else b""

    def sparse(
        self,
        path: bytes,
        segments: Iterable[tuple[int, Iterable[bytes | memoryview]]],
        size: int,
        mode: int,
        mtime: int | None = None,
    ) -> None:
        """Write a file of ``size`` bytes with ``segments`` (offset, pieces) of data between holes."""
        self._budget.wrote(size)
        fd = self._create(path, mode)
        try:
            os.ftruncate(fd, size)
            for offset, pieces in segments:
                os.lseek(fd, offset, os.SEEK_SET)
                for piece in pieces:
                    _write(fd, piece)
            if mtime is not None:
                os.utime(fd, ns=_times(mtime))
        finally:
            os.close(fd)

    def directory(self, path: bytes, mode: int = 0o755, mtime: int | None = None) -> None:
        """Make a directory, which may be there already; mode and time are set at the end."""
        if not path:
            return
        self.empty = False
        parent, base = self._split(path)
        real = _joined(parent, base)
        if self._links.target(real) is not None:
            self._remove(real)
        self._fd(real)
        self._directories[real] = (mode & _MODES | 0o700, mtime)

    def symlink(self, path: bytes, target: bytes, mtime: int | None = None) -> None:
        """Make a symbolic link, which must not lead out of the tree."""
        parent, base = self._split(path)
        real = _joined(parent, base)
        self._links.judge(real, target)
        self._fresh(real, lambda fd: os.symlink(target, base, dir_fd=fd))
        self._links.add(real, target)
        if mtime is not None:
            os.utime(base, ns=_times(mtime), dir_fd=self._fd(parent), follow_symlinks=False)

    def hardlink(self, path: bytes, target: bytes) -> None:
        """Make ``path`` another name of the file ``target``, written before."""
        source, name = self._split(target)
        real = _joined(source, name)
        aimed = self._links.target(real)
        if aimed is not None:
            self.symlink(path, aimed)
            return
        parent, base = self._split(path)
        if (source, name) == (parent, base):
            return
        held = os.dup(self._fd(source))  # opening the other directory may close the one that is kept
        try:
            self._fresh(_joined(parent, base), lambda fd: self._link(target, (held, name), (fd, base)))
        finally:
            os.close(held)

    def finish(self) -> None:
        """Check every link once more, now that all are known; then settle directories' modes and times."""
        self._links.check()
        if self._folds or not self._links.ascii():
            self._check_on_disk()
        for path in sorted(self._directories, reverse=True):  # what is inside comes before what it is in
            mode, mtime = self._directories[path]
            if self._masked or mode != 0o755:
                os.fchmod(self._fd(path), mode)
            if mtime is not None:
                os.utime(self._fd(path), ns=_times(mtime))

    def _create(self, path: bytes, mode: int) -> int:
        """Open a new file for writing at ``path``."""
        parent, base = self._split(path)
        kept = self._kept(mode)
        self.empty = False
        try:
            fd = os.open(base, _NEW_FILE, kept, dir_fd=self._fd(parent))
        except FileExistsError:
            real = _joined(parent, base)
            fd = self._fresh(real, lambda at: os.open(base, _NEW_FILE, kept, dir_fd=at))
        if self._masked:
            os.fchmod(fd, kept)
        return fd

    def _kept(self, mode: int) -> int:
        """Return the permissions that a file gets."""
        if self._written and self._written.sealed:
            return 0o555 if mode & 0o111 else 0o444
        return mode & _MODES | 0o400

    def _fresh(self, real: bytes, make: Callable[[int], _T]) -> _T:
        """Make something new at ``real``, in whose place an earlier member may be."""
        parent = real.rpartition(b"/")[0]
        self.empty = False
        try:
            return make(self._fd(parent))
        except FileExistsError:
            self._remove(real)
        return make(self._fd(parent))

    def _remove(self, real: bytes) -> None:
        """Remove the file or link that an earlier member left at ``real``."""
        parent, _, base = real.rpartition(b"/")
        fd = self._fd(parent)
        self._same_name(fd, base, real)
        status = os.lstat(base, dir_fd=fd)
        if stat.S_ISDIR(status.st_mode):
            raise ArchiveError(f"member {shown(real)} is first a directory and then something else")
        os.unlink(base, dir_fd=fd)
        if self._written and status.st_nlink == 1:
            self._written.forget(status.st_ino)
        self._budget.replaced()
        if self._links.target(real) is not None:
            self._links.remove(real)

    def _same_name(self, fd: int, base: bytes, real: bytes) -> None:
        """Refuse what exists under another spelling: the file system is the judge of case and accents."""
        if base in map(os.fsencode, os.listdir(fd)):
            return
        raise ArchiveError(
            f"member {shown(real)} differs from another only in case or accents, which do not count here",
            "unpack it on a file system that tells upper from lower case",
        )

    def _link(self, target: bytes, source: tuple[int, bytes], to: tuple[int, bytes]) -> None:
        """Make a hard link, or a copy where the file system has none."""
        try:
            os.link(source[1], to[1], src_dir_fd=source[0], dst_dir_fd=to[0], follow_symlinks=False)
        except FileNotFoundError as error:
            raise ArchiveError(
                f"a hard link points at {shown(target)}, which is not in the package"
            ) from error
        except OSError as error:
            if error.errno not in _UNLINKABLE:
                raise
            self._copy(target, source, to)

    def _copy(self, target: bytes, source: tuple[int, bytes], to: tuple[int, bytes]) -> None:
        status = os.lstat(source[1], dir_fd=source[0])
        if not stat.S_ISREG(status.st_mode):
            raise ArchiveError(f"a hard link points at {shown(target)}, which is not a file")
        reading = os.open(source[1], os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=source[0])
        with os.fdopen(reading, "rb") as old:
            writing = os.open(to[1], _NEW_FILE, status.st_mode & 0o777, dir_fd=to[0])
            with os.fdopen(writing, "wb") as new:
                self._budget.wrote(status.st_size)
                shutil.copyfileobj(old, new)
                os.fchmod(new.fileno(), status.st_mode & 0o777)
                os.utime(new.fileno(), ns=(status.st_mtime_ns, status.st_mtime_ns))

    def _split(self, path: bytes) -> tuple[bytes, bytes]:
        """Return the real directory of ``path``, and its last component."""
        if not path:
            raise ArchiveError("a member that is no directory has no name")
        parent, _, base = path.rpartition(b"/")
        return self._links.real(parent), base

    def _fd(self, real: bytes) -> int:
        """Return a descriptor of the directory ``real``, made if need be; good until the next call."""
        fd = self._fds.get(real)
        if fd is None:
            parent, _, base = real.rpartition(b"/")
            above = self._fd(parent)
            if real not in self._made:
                self._mkdir(above, base, real)
            fd = os.open(base, _DIRECTORY, dir_fd=above)
            self._keep(real, fd)
        return fd

    def _mkdir(self, above: int, base: bytes, real: bytes) -> None:
        try:
            os.mkdir(base, 0o755, dir_fd=above)
        except FileExistsError as error:
            self._same_name(above, base, real)
            raise ArchiveError(f"member {shown(real)} is first a file and then a directory") from error
        self._made.add(real)
        self._directories[real] = (0o755, None)

    def _keep(self, real: bytes, fd: int) -> None:
        """Keep a descriptor, and close the oldest but the root's when there are many."""
        self._fds[real] = fd
        if len(self._fds) > _OPEN_DIRECTORIES:
            oldest = next(key for key in self._fds if key)
            os.close(self._fds.pop(oldest))

    def _check_on_disk(self) -> None:
        """Follow every link as the file system does, which may know it by other spellings, too."""
        root = os.path.realpath(self._root)
        for place in self._links.places():
            if not (os.path.realpath(self._root + b"/" + place) + b"/").startswith(root + b"/"):
                raise ArchiveError(f"symbolic link {shown(place)} leads out of the package")

    def _probe(self) -> tuple[bool, bool]:
        """Tell if files get fewer permissions than asked for (umask, ACLs), and if case is ignored."""
        root = self._fds[b""]
        fd = os.open(b".mode", _NEW_FILE, 0o777, dir_fd=root)
        try:
            return os.fstat(fd).st_mode & _MODES != _MODES, _exists(b".MODE", root)
        finally:
            os.close(fd)
            os.unlink(b".mode", dir_fd=root)


def _joined(parent: bytes, base: bytes) -> bytes:
    return parent + b"/" + base if parent else base


def _exists(name: bytes, directory: int) -> bool:
    try:
        os.lstat(name, dir_fd=directory)
    except FileNotFoundError:
        return False
    return True


def _times(mtime: int) -> tuple[int, int]:
    """Return access and modification time, within what 64 bits of nanoseconds can say."""
    kept = max(-_LATEST, min(mtime, _LATEST))
    return kept, kept


def _write(fd: int, piece: bytes | memoryview) -> None:
    written = os.write(fd, piece)
    while written < len(piece):
        written += os.write(fd, memoryview(piece)[written:])
