"""How a new file is written; and a process that writes many small ones for another, when run as a script.

The script is given a directory's descriptor, and reads batches from its standard input: a length of four
bytes, and that many bytes of a marshalled list of :data:`NewFile`. For each batch it answers with a line: the
numbers of those files that it could not write. It ends with its input. It imports nothing of pkgs, so that
it starts in a few milliseconds.
"""

from __future__ import annotations

import io
import marshal
import os
import sys

# Real directory below the root, name in it, permissions, time (nanoseconds), content. Plain, for marshal.
NewFile = tuple[bytes, bytes, int, int, bytes]

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN = 64


def create(directory: int, name: bytes, mode: int, *, masked: bool) -> int:
    """Open a new file for writing; ``masked`` says that it is made with fewer permissions than asked for."""
    fd = os.open(name, _NEW, mode, dir_fd=directory)
    if masked:
        os.fchmod(fd, mode)
    return fd


def write(fd: int, piece: bytes | memoryview) -> None:
    """Write all of ``piece``."""
    written = os.write(fd, piece)
    while written < len(piece):
        written += os.write(fd, memoryview(piece)[written:])


def write_whole(directory: int, file: NewFile, *, masked: bool) -> None:
    """Write a new file into the directory that is open, which must be its own."""
    _, name, mode, mtime, content = file
    fd = create(directory, name, mode, masked=masked)
    try:
        write(fd, content)
        os.utime(fd, ns=(mtime, mtime))
    finally:
        os.close(fd)


class _Opened:
    """Descriptors of directories below ``root``."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._fds: dict[bytes, int] = {}

    def fd(self, path: bytes) -> int:
        """Return the descriptor of a directory that is there, reached without following links."""
        fd = self._fds.get(path)
        if fd is None:
            if len(self._fds) == _OPEN:
                os.close(self._fds.pop(next(iter(self._fds))))
            fd = self._fds[path] = self._open(path)
        return fd

    def _open(self, path: bytes) -> int:
        fd = os.dup(self._root)
        for part in path.split(b"/") if path else []:
            above = fd
            try:
                fd = os.open(part, DIRECTORY, dir_fd=above)
            finally:
                os.close(above)
        return fd


def serve(root: int, requests: io.BufferedIOBase, answers: int, *, masked: bool) -> None:
    """Write batches of files until there are no more."""
    opened = _Opened(root)

    def fails(file: NewFile) -> bool:
        try:
            write_whole(opened.fd(file[0]), file, masked=masked)
        except OSError:
            return True
        return False

    while head := requests.read(4):
        data = requests.read(int.from_bytes(head, "little"))
        batch: list[NewFile] = marshal.loads(data)  # noqa: S302 - from pkgs itself, of the same Python
        failed = [number for number, file in enumerate(batch) if fails(file)]
        os.write(answers, b"%b\n" % b" ".join(b"%d" % number for number in failed))


if __name__ == "__main__":
    serve(int(sys.argv[1]), open(0, "rb"), 1, masked=sys.argv[2] == "masked")  # noqa: SIM115
