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
from pkgs.store.unpack import newfiles
from pkgs.store.unpack.companion import Companion
from pkgs.store.unpack.directories import Directories
from pkgs.store.unpack.habits import observe
from pkgs.store.unpack.limits import Budget
from pkgs.store.unpack.links import Links
from pkgs.store.unpack.names import shown
from pkgs.store.unpack.newfiles import NewFile
from pkgs.store.written import Written

_T = TypeVar("_T")
# Nobody but the owner may write; what runs for one user runs for all; setuid, setgid and sticky are dropped.
_MODES = 0o755
_PROGRAM, _DATA = 0o555, 0o444
_LATEST = (1 << 63) - 1
# What a path leaves of the longest that the system takes (bytes): to be removed, a tree gets a longer name.
_SPARE = 256
_UNLINKABLE = {errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EXDEV}


class Tree:
    """A directory being filled; ``mtime`` is nanoseconds, or None to leave the present.

    With ``written``, files are read-only from the start, and it is told of all but sparse ones.
    """

    def __init__(self, dest: Path, budget: Budget, written: Written | None = None) -> None:
        self._budget = budget
        self._habits = observe(dest)
        self._root = os.fsencode(dest)
        self._longest = os.pathconf(dest, "PC_PATH_MAX") - len(self._root) - _SPARE
        self._sealed = written is not None
        self._written = written if self._habits.exact else None
        self._links = Links(budget.limits.link_steps)
        self._directories = Directories(dest, budget, lambda path: self._companion.wait_for(path))
        self._companion = Companion(self._directories.fd(b""), self._write, self._habits)
        self.empty = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._companion.close()
        self._directories.close()

    def file(
        self, path: bytes, content: bytes | Iterable[bytes | memoryview], mode: int, mtime: int | None = None
    ) -> None:
        """Write a file, whose content is at hand or comes in pieces.

        A former file or link of that name is replaced, as tar does.
        """
        parent, base, real = self._free(path)
        kept = self._kept(mode)
        if isinstance(content, bytes) and mtime is not None:
            mtime, size = _bounded(mtime), len(content)
            self._budget.wrote(size)
            self._directories.fd(parent)  # the companion makes none
            self._companion.take(real, (parent, base, kept, mtime, content))
            digest = hashlib.sha256(content).digest() if self._written else b""
        else:
            pieces = (content,) if isinstance(content, bytes) else content
            mtime, size, digest = self._write_pieces(self._create(real, kept), pieces, mtime)
        if self._written:
            self._written.add(real, digest, executable=kept == _PROGRAM, size=size, mtime=mtime)

    def _write(self, file: NewFile) -> None:
        parent, base, *_ = file
        self._new(
            _joined(parent, base), lambda fd: newfiles.write_whole(fd, file, masked=self._habits.masked)
        )

    def _write_pieces(
        self, fd: int, pieces: Iterable[bytes | memoryview], mtime: int | None
    ) -> tuple[int, int, bytes]:
        """Write and close a file; return its time, its size, and its digest if somebody wants it."""
        size = 0
        hasher = hashlib.sha256() if self._written else None
        try:
            for piece in pieces:
                size += len(piece)
                self._budget.wrote(len(piece))
                newfiles.write(fd, piece)
                if hasher:
                    hasher.update(piece)
            return _set_time(fd, mtime), size, hasher.digest() if hasher else b""
        finally:
            os.close(fd)

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
        real = self._free(path)[2]
        fd = self._create(real, self._kept(mode))
        try:
            os.ftruncate(fd, size)
            for offset, pieces in segments:
                os.lseek(fd, offset, os.SEEK_SET)
                for piece in pieces:
                    newfiles.write(fd, piece)
            _set_time(fd, mtime)
        finally:
            os.close(fd)

    def directory(self, path: bytes, mode: int = 0o755, mtime: int | None = None) -> None:
        """Make a directory, which may be there already; mode and time are set at the end."""
        if not path:
            return
        real = self._free(path, directory=True)[2]
        self._directories.describe(real, mode & _MODES | 0o700, None if mtime is None else _bounded(mtime))

    def symlink(self, path: bytes, target: bytes, mtime: int | None = None) -> None:
        """Make a symbolic link, which must not lead out of the tree."""
        parent, base, real = self._free(path)
        self._links.judge(real, target)
        self._new(real, lambda fd: os.symlink(target, base, dir_fd=fd))
        self._budget.named(len(real) + len(target))
        self._links.add(real, target)
        if mtime is not None:
            kept = _bounded(mtime)
            os.utime(base, ns=(kept, kept), dir_fd=self._directories.fd(parent), follow_symlinks=False)

    def hardlink(self, path: bytes, target: bytes) -> None:
        """Make ``path`` another name of the file ``target``, written before."""
        source, name = self._split(target)
        former = _joined(source, name)
        aimed = self._links.target(former)
        if aimed is not None:
            self.symlink(path, aimed)
            return
        if _joined(*self._split(path)) == former:
            return
        _, base, real = self._free(path)
        self._companion.wait_for(former)
        held = os.dup(self._directories.fd(source))  # opening the other may close the one that is kept
        try:
            self._new(real, lambda fd: self._link(target, (held, name), (fd, base)))
        finally:
            os.close(held)
        if self._written:
            self._written.link(real, former)

    def finish(self) -> None:
        """Check every link once more, now that all are known; then settle directories' modes and times."""
        self._companion.settle()
        self._links.check()
        if self._habits.folds:
            self._check_on_disk()
        self._directories.settle(masked=self._habits.masked)

    def _split(self, path: bytes) -> tuple[bytes, bytes]:
        """Return the real directory of ``path``, and its last component."""
        if not path:
            raise ArchiveError("a member that is no directory has no name")
        parent, _, base = path.rpartition(b"/")
        return self._links.real(parent), base

    def _free(self, path: bytes, *, directory: bool = False) -> tuple[bytes, bytes, bytes]:
        """Return the real directory of a new member, its last component, and both together.

        Nothing is to be written there any more, and a former link is removed. There is no directory, unless
        the member is one.
        """
        self.empty = False
        parent, base = self._split(path)
        real = _joined(parent, base)
        if len(real) > self._longest:
            raise ArchiveError(f"member {shown(path)} has a longer path than this system can use")
        if real in self._directories.made and not directory:
            raise ArchiveError(f"member {shown(path)} is first a directory and then something else")
        self._companion.wait_for(real)
        if self._links.target(real) is not None:
            self._remove(real)
        return parent, base, real

    def _create(self, real: bytes, kept: int) -> int:
        """Open a new file for writing."""
        base = real.rpartition(b"/")[2]
        return self._new(real, lambda fd: newfiles.create(fd, base, kept, masked=self._habits.masked))

    def _kept(self, mode: int) -> int:
        """Return the permissions that a file gets."""
        if self._sealed:
            return _PROGRAM if mode & 0o111 else _DATA
        return mode & _MODES | 0o400

    def _new(self, real: bytes, make: Callable[[int], _T]) -> _T:
        """Make something new at ``real``, in its directory's descriptor; an earlier member may be there."""
        parent = real.rpartition(b"/")[0]
        try:
            return make(self._directories.fd(parent))
        except FileExistsError:
            self._remove(real)
        return make(self._directories.fd(parent))

    def _remove(self, real: bytes) -> None:
        """Remove the file or link that an earlier member left at ``real``."""
        parent, _, base = real.rpartition(b"/")
        if self._habits.folds:
            self._directories.refuse_alias(real)
        fd = self._directories.fd(parent)
        os.unlink(base, dir_fd=fd)
        if self._written:
            self._written.forget(real)
        self._budget.replaced()
        if self._links.target(real) is not None:
            self._links.remove(real)

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
            writing = newfiles.create(to[0], to[1], status.st_mode & 0o777, masked=self._habits.masked)
            with os.fdopen(writing, "wb") as new:
                self._budget.wrote(status.st_size)
                shutil.copyfileobj(old, new)
                os.utime(new.fileno(), ns=(status.st_mtime_ns, status.st_mtime_ns))

    def _check_on_disk(self) -> None:
        """Follow every link as the file system does, which may know it by other spellings, too."""
        root = os.path.realpath(self._root)
        for place in self._links.places():
            if not (os.path.realpath(self._root + b"/" + place) + b"/").startswith(root + b"/"):
                raise ArchiveError(f"symbolic link {shown(place)} leads out of the package")


def _joined(parent: bytes, base: bytes) -> bytes:
    return parent + b"/" + base if parent else base


def _set_time(fd: int, mtime: int | None) -> int:
    """Set the time of a file, or leave it if None, and return it."""
    if mtime is None:
        return os.fstat(fd).st_mtime_ns
    kept = _bounded(mtime)
    os.utime(fd, ns=(kept, kept))
    return kept


def _bounded(mtime: int) -> int:
    """Return a time within what 64 bits of nanoseconds can say."""
    return mtime if -_LATEST <= mtime <= _LATEST else (_LATEST if mtime > 0 else -_LATEST)
