"""Trees that hold their own path: what a package's actions wrote while the tree was still being made."""

# ruff: noqa: PTH101, PTH115, PTH116, PTH123, PTH211
# Strings, because a Path for each of 100,000 files would cost more than the work itself.
from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path


def relocate(building: Path, final: Path, *, contents: bool) -> int:
    """Make everything in ``building`` that names its path name ``final`` instead; return how many files did.

    Both paths are equally long, so that binaries stay intact. Links into the tree become relative, and so
    mean the same wherever it stands; they are not counted. Files are read only if ``contents``.
    """
    old, new = os.fsencode(building), os.fsencode(final)
    if len(old) != len(new):
        raise ValueError(f"{building} and {final} differ in length")
    count = 0
    for entry in _files_and_links(building):
        if entry.is_symlink():
            _relink(entry.path, str(building))
        elif contents and entry.is_file():
            count += _replace(entry.path, old, new)
    return count


def _files_and_links(root: Path) -> Iterator[os.DirEntry[str]]:
    pending = [str(root)]
    for directory in pending:  # grows while it is walked
        with os.scandir(directory) as found:
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    yield entry


def _relink(link: str, root: str) -> None:
    target = os.readlink(link)
    if target == root or target.startswith(f"{root}/"):
        relative = os.path.relpath(target, Path(link).parent)
        Path(link).unlink()
        os.symlink(relative, link)


def _replace(path: str, old: bytes, new: bytes) -> bool:
    """Overwrite ``old`` by ``new`` in place; the file's times and mode stay. Return whether it was there."""
    status = os.stat(path)
    if not status.st_size:
        return False
    places = _find_all(path, old)
    if places:
        os.chmod(path, 0o600)
        with open(path, "r+b") as file:
            for place in places:
                file.seek(place)
                file.write(new)
        os.chmod(path, status.st_mode & 0o777)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return bool(places)


def _find_all(path: str, wanted: bytes) -> list[int]:
    places: list[int] = []
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = content.find(wanted)
        while place >= 0:
            places.append(place)
            place = content.find(wanted, place + len(wanted))
    return places
