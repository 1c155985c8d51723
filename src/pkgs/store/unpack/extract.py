"""From an archive to a tree: what it is, which reader reads it, and what is said when it fails."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pkgs.errors import ArchiveError, StoreError
from pkgs.store.unpack import compression, single, sniff
from pkgs.store.unpack.limits import Budget, Limits
from pkgs.store.unpack.names import place, shown
from pkgs.store.unpack.stream import CHUNK, Stream, ahead
from pkgs.store.unpack.tar import TarReader
from pkgs.store.unpack.tree import Tree
from pkgs.store.unpack.zip import ZipReader

# Below this a second thread costs more than it gains.
_WORTH_A_THREAD = 1 << 20
_STREAMED = {"tar", "deb", "rpm", "program"}


@dataclass(frozen=True, slots=True)
class _Job:
    """What one call was asked to do."""

    tree: Tree
    budget: Budget
    strip: int
    name: str


def unpack(
    archive: Path,
    dest: Path,
    *,
    strip: int = 0,
    name: str,
    dont_extract: bool = False,
    limits: Limits | None = None,
) -> None:
    """Unpack ``archive`` into ``dest``, a fresh empty directory.

    ``strip`` leading parts of every member's name are dropped; ``name`` is what a single file is called
    (the last part of the source's URL) and how messages call the archive; with ``dont_extract`` the archive
    itself is stored under it. Raises :class:`ArchiveError` for what cannot or must not be unpacked and
    :class:`StoreError` when ``dest`` cannot be written; ``dest`` then holds an unfinished tree for the
    caller to throw away.
    """
    budget = Budget(limits or Limits())
    with _told(name), archive.open("rb") as file, Tree(dest, budget) as tree:
        job = _Job(tree, budget, strip, name)
        if dont_extract:
            _keep(job, file)
        else:
            _unpack_file(job, file)
        tree.finish()


def unpack_stream(
    chunks: Iterable[bytes], dest: Path, *, strip: int = 0, name: str, limits: Limits | None = None
) -> bool:
    """Unpack while ``chunks`` of the archive arrive, where its kind allows; return whether it did.

    False means that the kind needs the whole file: nothing was written, and ``chunks`` were read to the end.
    Otherwise as :func:`unpack`. All of ``chunks`` is consumed in either case, so that a digest of it is
    complete.
    """
    budget = Budget(limits or Limits())
    source = Stream(chunks)
    head = source.peek(sniff.HEAD)
    packed = compression.codec(head)
    streamed = packed is not None or sniff.kind(head) in _STREAMED
    if streamed:
        with _told(name), Tree(dest, budget) as tree:
            _unpack_bytes(_Job(tree, budget, strip, name), source, packed)
            tree.finish()
    source.drain()
    return streamed


def make_executable(root: Path, paths: Iterable[str]) -> None:
    """Make the files ``paths`` below ``root`` executable for whoever may read them; pass over what is absent.

    For archives made without Unix modes. A path that leads through a symbolic link is passed over, too: what
    it points at is in the tree under a name of its own.
    """
    for path in paths:
        with suppress(FileNotFoundError, NotADirectoryError):
            _add_execute(root, place(os.fsencode(path), 0) or b"")


def _add_execute(root: Path, path: bytes) -> None:
    directory, _, base = path.rpartition(b"/")
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in filter(None, directory.split(b"/")):
            deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
            os.close(fd)
            fd = deeper
        status = os.lstat(base, dir_fd=fd)
        if stat.S_ISREG(status.st_mode):
            mode = stat.S_IMODE(status.st_mode)
            os.chmod(base, mode | mode >> 2 & 0o111, dir_fd=fd)
    finally:
        os.close(fd)


def _unpack_file(job: _Job, file: BinaryIO) -> None:
    head = file.read(sniff.HEAD)
    file.seek(0)
    packed = compression.codec(head)
    kind = sniff.kind(head)
    if packed is None and sniff.is_jar(head):
        _keep(job, file)
        return
    if packed is None and kind == "zip":
        reader = ZipReader(file.fileno(), job.tree, job.budget, strip=job.strip)
        reader.unpack()
        _require_something(job, reader.tops)
        return
    size = os.fstat(file.fileno()).st_size
    _unpack_bytes(job, Stream(_chunks(file.read)), packed, threaded=size > _WORTH_A_THREAD)


def _unpack_bytes(job: _Job, source: Stream, packed: str | None, *, threaded: bool = False) -> None:
    """Unpack an archive that is read from its beginning to its end."""
    if packed is None:
        chunks = _counted(source.rest(), job.budget)
    else:
        chunks = compression.decompress(_reader(source), packed, job.budget)
    with closing(ahead(chunks) if threaded else chunks) as ready:
        _unpack_inner(job, Stream(ready), sealed=packed is not None)


def _unpack_inner(job: _Job, stream: Stream, *, sealed: bool) -> None:
    kind = sniff.kind(stream.peek(sniff.HEAD))
    if kind == "tar":
        reader = TarReader(stream, job.tree, job.budget, strip=job.strip, sealed=sealed)
        reader.unpack()
        _require_something(job, reader.tops)
    elif kind == "program":
        single.store(job.tree, single.unpacked_name(job.name), stream.rest())
    else:
        raise ArchiveError("it is not an archive, a program or a script")


def _keep(job: _Job, file: BinaryIO) -> None:
    """Store the archive itself."""
    single.store(job.tree, job.name, _counted(_chunks(file.read), job.budget))


def _require_something(job: _Job, tops: set[bytes]) -> None:
    """Refuse an archive of which nothing is left, and say what was in it."""
    if not job.tree.empty:
        return
    if not tops:
        raise ArchiveError("it is empty")
    listed = ", ".join(sorted(map(shown, tops)))
    raise ArchiveError(
        f"strip = {job.strip} leaves nothing of it; at the top it holds {listed}",
        f"lower strip in the manifest; {job.strip - 1} may do",
    )


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say of every failure which archive it befell."""
    try:
        yield
    except ArchiveError as error:
        hint = error.hint or "the archive is damaged or not to be trusted; compare it with its publisher's"
        raise ArchiveError(f"cannot unpack {name}: {error.message}", hint) from error
    except UnicodeError as error:
        raise ArchiveError(f"cannot unpack {name}: a name in it cannot be written here ({error})") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"cannot unpack {name}: {reason}", _system_hint(error)) from error


def _system_hint(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "free some space, or set PKGS_STATE_DIR to a place on a larger disk"
    if error.errno in {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}:
        return "a member's name is more than this file system can hold"
    return "see that the state directory can be written"


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while chunk := read(CHUNK):
        yield chunk


def _counted(chunks: Iterable[bytes], budget: Budget) -> Generator[bytes, None, None]:
    for chunk in chunks:
        budget.took(len(chunk))
        yield chunk


def _reader(source: Stream) -> Callable[[int], bytes]:
    chunks = source.rest()
    return lambda _size: next(chunks, b"")
