"""Files that are whole or not there: temp siblings, atomic replacement, removal of read-only trees.

Nothing here calls ``fsync`` unless told to. A killed process loses nothing by that, since the kernel keeps
what was written. After a power failure a file of the store may be short: what can be downloaded again is
therefore not synced, but found by its size or by ``pkgs verify``. Only what cannot be had again (an
environment's lock) is written with ``durable``.
"""

from __future__ import annotations

import errno
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pkgs.errors import StoreError

TEMP_PREFIX = ".tmp-"
_LONGEST_NAME = 160
# One more name fits behind it wherever paths end (macOS: 1,024 bytes).
_LONG_PATH = 760
# How often a tree is walked that a process adds to while it is removed.
_TRIES = 5
# What NFS and FUSE call a file that was removed while it was open.
_OPEN_FILES = (".nfs", ".fuse_hidden")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def temp_sibling(path: Path) -> Path:
    """Return a fresh name beside ``path``, which gc recognises as left over if a kill leaves it there."""
    return path.with_name(f"{TEMP_PREFIX}{path.name[:_LONGEST_NAME]}-{os.getpid()}-{os.urandom(4).hex()}")


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals while ``path`` is written into a :class:`StoreError`."""
    try:
        yield
    except OSError as error:
        raise refusal(path, error) from error


def refusal(path: Path, error: OSError) -> StoreError:
    """Say in one sentence why ``path`` could not be written, and what helps."""
    if error.errno in _FULL:
        return StoreError(
            f"no space is left to write {path}",
            "free some space (`pkgs gc` removes what no environment uses); what pkgs keeps goes to another "
            "disk with PKGS_STATE_DIR",
        )
    reason = error.strerror or str(error)
    if error.errno in _FORBIDDEN:
        return StoreError(
            f"{path} cannot be written: {reason} ({keeper(path)})",
            "make the directory writable; what pkgs keeps goes to another one with PKGS_STATE_DIR",
        )
    return StoreError(f"{path} cannot be written: {reason}", "look at the disk, then run the command again")


def keeper(path: Path) -> str:
    """Say whose that is, and of which mode, where the way to ``path`` ends: ``/a is jo's, mode 700``."""
    place, status = Path("/"), os.stat("/")  # noqa: PTH116
    for each in (*reversed(path.absolute().parents), path.absolute()):
        try:
            status = each.stat()
        except OSError:
            break  # the one before is closed, or this one is not there
        place = each
    return f"{place} is {_user(status.st_uid)}'s, mode {stat.S_IMODE(status.st_mode):o}"


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def atomic_write(path: Path, data: bytes, mode: int = 0o644, *, durable: bool = False) -> None:
    """Give ``path`` the content ``data``: readers see the old file or the new, never a part.

    Missing directories are made. ``mode`` is narrowed by the umask. ``durable`` waits until the disk has it.
    Raises :class:`StoreError`.
    """
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_sibling(path)
        with clean_on_failure(temp):
            write_new(temp, data, mode, durable=durable)
            temp.replace(path)
        if durable:
            _sync_directory(path.parent)


def write_new(path: Path, data: bytes, mode: int = 0o644, *, durable: bool = False) -> None:
    """Write a file that is not there yet; if it cannot be written, none is left. Raises :class:`OSError`."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with clean_on_failure(path), os.fdopen(fd, "wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(fd)


def make_directory(path: Path) -> None:
    """Make the new directory ``path``, though another process may be removing those above it when empty."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            path.mkdir()
            return


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def look_anew(directory: Path) -> None:
    """See to it that a directory is listed as it is, if it is there: a change ends what a cache knows of it.

    The client of a file server may remember for half a minute what was in it before other hosts changed it.
    """
    temp = temp_sibling(directory / "look")
    try:
        write_new(temp, b"", 0o600)
    except FileNotFoundError:
        return
    temp.unlink(missing_ok=True)


@contextmanager
def clean_on_failure(path: Path) -> Iterator[None]:
    """Remove ``path``, be it a file or a tree, if the body raises."""
    try:
        yield
    except BaseException:
        try:
            remove_tree(path)
        except OSError:
            pass  # gc removes it; the first error is the one to tell
        raise


def remove_tree(path: Path) -> None:
    """Remove a file, a link or a whole tree, read-only directories included; a missing one is fine.

    Links are removed, never followed. What the client of a file server keeps, since a process has it open,
    stays with the directories it is in. What a process adds meanwhile goes too, unless it goes on and on.
    """
    if not _is_directory(path):
        path.unlink(missing_ok=True)
        return
    for left in reversed(range(_TRIES)):
        try:
            _remove_directories(path)
        except OSError as error:
            if error.errno != errno.ENOTEMPTY or not left:
                raise
        else:
            return


def _remove_directories(path: Path) -> None:
    directories = [str(path)]
    for directory in directories:  # grows while it is walked: parents stand before their children
        found = _remove_files(directory)
        directories.extend(_within_reach(path, each) for each in found)
    kept: set[str] = set()
    for directory in reversed(directories):
        try:
            Path(directory).rmdir()
        except FileNotFoundError:
            pass  # another process removes the same tree
        except OSError as error:
            if error.errno != errno.ENOTEMPTY or not _keeps_open_files(directory, kept):
                raise
            kept.add(directory)


def _within_reach(top: Path, directory: str) -> str:
    """Return where a directory in the tree ``top`` is; one with a long path is moved up first.

    Programs that go from directory to directory make deeper ones than any path can name.
    """
    if len(os.fsencode(directory)) <= _LONG_PATH:
        return directory
    moved = temp_sibling(top)
    Path(directory).chmod(0o700)  # moving it writes to it
    Path(directory).rename(moved)
    return str(moved)


def _keeps_open_files(directory: str, kept: set[str]) -> bool:
    """Say whether all that is left in a directory are files that are open, or directories of such."""
    with os.scandir(directory) as entries:
        return all(entry.path in kept or entry.name.startswith(_OPEN_FILES) for entry in entries)


def _is_directory(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _remove_files(directory: str) -> list[str]:
    """Remove what is directly in ``directory`` but for its subdirectories; return those."""
    subdirectories = []
    try:
        Path(directory).chmod(0o700)
        with os.scandir(directory) as entries:
            for entry in list(entries):
                if entry.is_dir(follow_symlinks=False):
                    subdirectories.append(entry.path)
                else:
                    _remove_file(Path(entry.path))
    except FileNotFoundError:
        pass  # another process removes the same tree
    return subdirectories


def _remove_file(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        if error.errno != errno.EBUSY or not path.name.startswith(_OPEN_FILES):
            raise


def contained(root: Path, path: str) -> Path:
    """Join a relative ``path`` to ``root``; raise :class:`StoreError` if it leaves it, links followed."""
    joined = root / path
    parent = joined.parent.resolve()
    inside = parent == root.resolve() or root.resolve() in parent.parents
    if not inside or joined.name in ("", "..") or joined == root:
        raise StoreError(f"{path!r} is not inside {root}", "name a path below it, without `..`")
    return joined
