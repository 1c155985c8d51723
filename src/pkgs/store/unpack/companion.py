"""A second process that writes the small files of one tree, so that making them takes two processors.

Making 100,000 files is the kernel's work, and the interpreter's lock keeps threads from sharing it. Which
files are written, and where, is decided here; the companion (:mod:`pkgs.store.unpack.newfiles`) only opens
directories that are there, and makes files that are not. What it fails at is tried again here, and told.
"""

from __future__ import annotations

import marshal
import os
import select
import sys
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

from pkgs.store.unpack import newfiles
from pkgs.store.unpack.habits import Habits
from pkgs.store.unpack.newfiles import NewFile

# Files that are written sooner than a process starts.
_FEW = 2_000
# How much is handed over at once, and how often before there is an answer, so that it never has to wait:
# bytes of content, and for each file as many more as are written while one is made.
_BATCH = 1 << 17
_EACH = 1 << 10
_AHEAD = 3

_Batch = dict[bytes, NewFile]


class Companion:
    """Writes files below the directory open at ``root``, with ``write`` or in a process of its own.

    What was taken may be written later, and in any order: see :meth:`wait_for`.
    """

    def __init__(self, root: int, write: Callable[[NewFile], None], habits: Habits) -> None:
        self._root = root
        self._write = write
        self._habits = habits
        self._taken = 0
        self._process: _Process | None = None
        self._pending: set[bytes] = set()
        self._batch: _Batch = {}
        self._size = 0
        self._given: deque[_Batch] = deque()

    def take(self, path: bytes, file: NewFile) -> None:
        """Write the file whose real path is ``path``, at once or later; raises what ``write`` does."""
        self._taken += 1
        if self._taken == _FEW + 1:
            self._process = _start(self._root, self._habits)
        if self._process is None:
            self._write(file)
            return
        self._pending.add(path)
        self._batch[path] = file
        self._size += len(file[-1]) + _EACH
        if self._size >= _BATCH:
            self._pass_on()

    def wait_for(self, path: bytes) -> None:
        """Return when no file at ``path`` is still to be written."""
        if path in self._pending:
            self.settle()

    def settle(self) -> None:
        """Return when all files are written."""
        if self._batch:
            self._pass_on()
        while self._given:
            self._collect()

    def close(self) -> None:
        """End the process, if there is one; what it has not written may be missing."""
        process, self._process = self._process, None
        if process:
            process.end()

    def _pass_on(self) -> None:
        """Give the process what there is, or write it here while it has enough to do."""
        batch, self._batch, self._size = self._batch, {}, 0
        while self._given and self._process and self._process.has_answered():
            self._collect()
        if self._process and len(self._given) < _AHEAD:
            self._given.append(batch)
            self._process.give(list(batch.values()))
        else:
            self._done(batch, batch.values())

    def _collect(self) -> None:
        """Wait for the answer to what was given first."""
        failed = self._process.answer() if self._process else None
        if failed is None:
            self._lose()
            return
        batch = self._given.popleft()
        files = list(batch.values())
        self._done(batch, [files[number] for number in failed])

    def _lose(self) -> None:
        """Go on without the process, which has come to its end before it wrote all it was given."""
        self.close()
        while self._given:
            batch = self._given.popleft()
            self._done(batch, batch.values())

    def _done(self, batch: _Batch, left: Iterable[NewFile]) -> None:
        self._pending.difference_update(batch)
        for file in left:
            self._write(file)


class _Process:
    """The process, and what is said to it."""

    def __init__(self, command: list[str], root: int) -> None:
        import subprocess  # deferred: few archives hold that many files

        self._popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[root],
            pipesize=_AHEAD * _BATCH,
            bufsize=0,
            start_new_session=True,  # it is not interrupted from the keyboard: we are
        )
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._to = self._popen.stdin.fileno()
        self._answers = self._popen.stdout
        self._poll = select.poll()
        self._poll.register(self._answers, select.POLLIN)

    def give(self, files: list[NewFile]) -> None:
        """Have files written; waits if the process has not read what it was given before."""
        data = marshal.dumps(files)
        with suppress(BrokenPipeError):  # its answer will be missing
            newfiles.write(self._to, len(data).to_bytes(4, "little") + data)

    def has_answered(self) -> bool:
        """Tell whether :meth:`answer` returns at once."""
        return bool(self._poll.poll(0))

    def answer(self) -> list[int] | None:
        """Return the numbers of those files given first that were not written, None if the process ended."""
        line = self._answers.readline()
        return [int(number) for number in line.split()] if line.endswith(b"\n") else None

    def end(self) -> None:
        """Wait until nothing is written any more."""
        with self._popen:
            self._popen.kill()


def _start(root: int, habits: Habits) -> _Process | None:
    """Start a process, unless it cannot be, or is of no use.

    Where case does not count, it depends on the order which of two members is told to be the other's double.
    """
    if (os.cpu_count() or 1) < 2 or not sys.executable or habits.folds:
        return None
    command = [sys.executable, "-I", "-S", newfiles.__file__, str(root), "masked" if habits.masked else ""]
    with suppress(OSError):
        return _Process(command, root)
    return None
