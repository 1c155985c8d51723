"""Unpacking while the download is still under way: the bytes are read from its file as they arrive.

What comes of it is used only if all of them, in the order they were read, have the digest that was asked for;
otherwise it is thrown away, and the verified download is unpacked as if nothing had been tried.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Condition, Thread
from typing import BinaryIO, Protocol

from pkgs.artifact.model import Artifact
from pkgs.errors import PkgsError
from pkgs.progress import Task
from pkgs.store.files import remove_tree
from pkgs.store.recipe import Recipe
from pkgs.store.written import Written

# Below this (bytes) a thread of its own costs more than it gains.
_WORTH_IT = 8 << 20
_CHUNK = 1 << 18
# Kinds that are read from their end; found out from the bytes, too, but only once all have been read.
_NEVER = (".zip", ".jar", ".whl", ".7z", ".dmg", ".pkg")


class UnpackStream(Protocol):
    """Fills ``dest`` from an archive's bytes as they come; see :func:`pkgs.store.unpack.unpack_stream`."""

    def __call__(
        self, chunks: Iterator[bytes], dest: Path, *, strip: int, name: str, written: Written | None
    ) -> bool:
        """Unpack; return False, with nothing written, if that cannot be done in this order."""


class Ahead:
    """One archive that is unpacked while it is downloaded, into the directory that ``make`` makes."""

    def __init__(self, recipe: Recipe, make: Callable[[], Path], unpack: UnpackStream) -> None:
        self.key = recipe.key()
        self._recipe = recipe
        self._make = make
        self._unpack = unpack
        self._building: Path | None = None
        self._thread: Thread | None = None
        self._changed = Condition()
        self._arrived = 0
        self._ended = False
        self._broken = False
        self._done: Written | None = None

    def watch(self, path: Path, artifact: Artifact, task: Task) -> Task:
        """Return a task that follows the download of ``artifact`` into ``path``, and tells ``task`` of it."""
        wanted = artifact.digest is not None and artifact.digest == self._recipe.blob
        fit = not self._recipe.dont_extract and not self._recipe.name.lower().endswith(_NEVER)
        return _Watched(self, path, task, artifact.size) if wanted and fit else task

    def begin(self, path: Path) -> None:
        """Start to unpack what arrives in ``path``, unless that was tried before."""
        if self._thread or self._broken:
            return
        try:
            file = path.open("rb")
        except OSError:
            return
        self._thread = Thread(target=self._run, args=(file,), name="ahead", daemon=True)
        self._thread.start()

    def arrived(self, size: int) -> None:
        """Say that ``size`` bytes are there in all."""
        with self._changed:
            self._broken = self._broken or size < self._arrived
            self._arrived = size
            self._changed.notify()

    def finish(self) -> tuple[Path, Written] | None:
        """Wait until all is unpacked; return where, and what was written, None if it is of no use.

        The directory is then the caller's.
        """
        self._end(broken=False)
        if self._building is None or self._done is None:
            return None
        building, self._building = self._building, None
        return building, self._done

    def give_up(self) -> None:
        """Stop, wait until nothing is written any more, and throw away what was not asked for."""
        self._end(broken=True)
        if self._building:
            with suppress(OSError):  # gc removes it
                remove_tree(self._building)

    def _end(self, *, broken: bool) -> None:
        with self._changed:
            self._ended, self._broken = True, self._broken or broken
            self._changed.notify()
        if self._thread:
            self._thread.join()

    def _run(self, file: BinaryIO) -> None:
        hasher = hashlib.sha256()
        recipe = self._recipe
        written = Written()
        with file, suppress(PkgsError, OSError, _BrokenError):
            self._building = self._make()
            chunks = self._chunks(file, hasher)
            streamed = self._unpack(
                chunks,
                self._building,
                strip=recipe.strip,
                name=recipe.name,
                written=None if recipe.actions else written,
            )
            if streamed and recipe.blob and hasher.hexdigest() == recipe.blob.hex:
                self._done = written

    def _chunks(self, file: BinaryIO, hasher: hashlib._Hash) -> Iterator[bytes]:
        """Yield the file as it grows, to its end."""
        while chunk := self._next(file):
            hasher.update(chunk)
            yield chunk

    def _next(self, file: BinaryIO) -> bytes:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._broken or self._ended or self._arrived > file.tell())
                ended = self._ended
                if self._broken:
                    raise _BrokenError
            chunk = os.read(file.fileno(), _CHUNK)
            if chunk or ended:
                return chunk
            with self._changed:  # counted, but still on its way through the writer's buffer
                self._changed.wait(0.01)


class _BrokenError(Exception):
    """The download began anew, or is over without success."""


class _Watched:
    """Passes a download's progress on."""

    def __init__(self, ahead: Ahead, path: Path, task: Task, size: int | None) -> None:
        self._ahead = ahead
        self._path = path
        self._task = task
        self._worth = (size or 0) >= _WORTH_IT
        self._done = 0

    def total(self, size: int | None) -> None:
        self._worth = self._worth or (size or 0) >= _WORTH_IT
        self._task.total(size)

    def advance(self, size: int) -> None:
        self._task.advance(size)
        self._follow(self._done + size)

    def restart(self, done: int) -> None:
        self._task.restart(done)
        self._follow(done)

    def _follow(self, done: int) -> None:
        self._done = done
        self._ahead.arrived(done)
        if self._worth and done:
            self._ahead.begin(self._path)
