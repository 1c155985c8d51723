"""From an archive to a tree: what it is, which reader reads it, and what is said when it fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from pkgs.errors import ArchiveError, StoreError
from pkgs.store.unpack import compression, external, single, sniff
from pkgs.store.unpack.ar import data_member
from pkgs.store.unpack.cpio import CpioReader
from pkgs.store.unpack.limits import Budget, Limits
from pkgs.store.unpack.members import Members
from pkgs.store.unpack.names import shown
from pkgs.store.unpack.rpm import RpmFiles, skip_headers
from pkgs.store.unpack.sevenzip import SevenZipReader
from pkgs.store.unpack.stream import Stream, ahead, in_chunks
from pkgs.store.unpack.tar import TarReader
from pkgs.store.unpack.tree import Tree
from pkgs.store.unpack.zip import ZipReader
from pkgs.store.written import Written

# Below this a second thread costs more than it gains.
_WORTH_A_THREAD = 1 << 20
_Chunks = Generator[bytes, None, None]
_STREAMED = {"tar", "deb", "rpm", "program"}


@dataclass(frozen=True, slots=True)
class _Job:
    """What one call was asked to do."""

    tree: Tree
    budget: Budget
    members: Members
    name: str
    apps: Sequence[str]
    environ: Mapping[str, str]


class _Reader(Protocol):
    """What reads one kind of archive."""

    def unpack(self) -> None: ...


def unpack(
    archive: Path,
    dest: Path,
    *,
    strip: int = 0,
    name: str,
    dont_extract: bool = False,
    limits: Limits | None = None,
    apps: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    written: Written | None = None,
) -> None:
    """Unpack ``archive`` into ``dest``, a fresh empty directory.

    ``strip`` leading parts of every member's name are dropped; ``name`` is what a single file is called
    (the last part of the source's URL) and how messages call the archive; with ``dont_extract`` the archive
    itself is stored under it. ``apps`` are taken from a macOS disk image; ``environ`` (the process's own
    unless given) says where 7z, pkgutil and hdiutil are found. With ``written``, files are read-only,
    and it is told of them.

    Raises :class:`ArchiveError` for what cannot or must not be unpacked and :class:`StoreError` when ``dest``
    cannot be written; ``dest`` then holds an unfinished tree for the caller to throw away.
    """
    budget = Budget(limits or Limits())
    with _told(name), Tree(dest, budget, written) as tree:
        job = _Job(
            tree, budget, Members(strip, budget), name, apps, os.environ if environ is None else environ
        )
        if dont_extract:
            with archive.open("rb") as file:
                _keep(job, file)
        else:
            _unpack_file(job, archive, dest)
        tree.finish()


def unpack_stream(
    chunks: Iterable[bytes],
    dest: Path,
    *,
    strip: int = 0,
    name: str,
    limits: Limits | None = None,
    written: Written | None = None,
) -> bool:
    """Unpack while ``chunks`` of the archive arrive, where its kind allows; return whether it did.

    False means that the kind needs the whole file: nothing was written, and ``chunks`` were read to the end.
    Otherwise as :func:`unpack`. All of ``chunks`` is consumed in either case, so that a digest of it is
    complete.
    """
    budget = Budget(limits or Limits())
    source = Stream(chunks)
    head = source.peek(sniff.HEAD)
    streamed = compression.codec(head) is not None or sniff.kind(head) in _STREAMED
    if streamed:
        with _told(name), Tree(dest, budget, written) as tree:
            _unpack_bytes(_Job(tree, budget, Members(strip, budget), name, (), {}), source)
            tree.finish()
    source.drain()
    return streamed


def _unpack_file(job: _Job, archive: Path, dest: Path) -> None:
    """Unpack by what the file is; these kinds are read in any order, the others from beginning to end."""
    with archive.open("rb") as file:
        head = file.read(sniff.HEAD)
        kind = "" if compression.codec(head) else sniff.kind(head)
        file.seek(0)
        if sniff.is_jar(head):
            _keep(job, file)
        elif kind == "zip":
            _read_all(job, ZipReader(file.fileno(), job.tree, job.budget, job.members))
        elif kind == "7z":
            _read_all(job, _seven_zip(job, archive))
        elif kind == "pkg":
            _refuse_strip(job)
            external.unpack_pkg(archive, dest, job.tree, job.environ)
        elif (kind not in _STREAMED or not any(head)) and _is_disk_image(file):
            _refuse_strip(job)
            external.unpack_dmg(archive, dest, job.tree, job.apps, job.environ)
        else:
            size = os.fstat(file.fileno()).st_size
            _unpack_bytes(job, Stream(in_chunks(file.read)), threaded=size > _WORTH_A_THREAD)


def _seven_zip(job: _Job, archive: Path) -> SevenZipReader:
    return SevenZipReader(archive, job.tree, job.budget, job.members, environ=job.environ)


def _refuse_strip(job: _Job) -> None:
    if job.members.strip:
        raise ArchiveError(
            f"strip = {job.members.strip} has no meaning for it", "remove strip from the manifest"
        )


def _is_disk_image(file: BinaryIO) -> bool:
    """Tell whether the file ends as an Apple disk image does, which may begin with zeros, as an empty tar."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - 512, 0))
    magic = file.read(4)
    file.seek(0)
    return magic == b"koly"


def _unpack_bytes(job: _Job, source: Stream, *, threaded: bool = False) -> None:
    """Unpack an archive that is read from its beginning to its end."""
    kind = sniff.kind(source.peek(sniff.HEAD))
    files: RpmFiles | None = None
    if kind == "deb":
        source = Stream(data_member(source))
    elif kind == "rpm":
        files = skip_headers(source, job.budget)
    packed = compression.codec(source.peek(sniff.HEAD))
    with closing(_opened(job, source, packed, threaded=threaded)) as chunks:
        stream = Stream(chunks)
        if files is None:
            _unpack_inner(job, stream, guarded=packed is not None)
        else:
            _read_all(job, CpioReader(stream, job.tree, job.members, files=files))


def _opened(job: _Job, source: Stream, packed: str | None, *, threaded: bool) -> _Chunks:
    if packed is None:
        return job.budget.taking(source.rest())
    chunks = compression.decompress(_reader(source), packed, job.budget)
    return ahead(chunks) if threaded else chunks


def _unpack_inner(job: _Job, stream: Stream, *, guarded: bool) -> None:
    kind = sniff.kind(stream.peek(sniff.HEAD))
    if kind == "tar":
        _read_all(job, TarReader(stream, job.tree, job.members, guarded=guarded))
    elif kind == "program":
        single.store(job.tree, single.unpacked_name(job.name), stream.rest())
    else:
        raise ArchiveError(
            "it is not an archive, a program or a script",
            "dont-extract = true in the manifest keeps a file as it is",
        )


def _read_all(job: _Job, reader: _Reader) -> None:
    """Unpack all members; refuse an archive of which nothing is left, and say what was in it."""
    reader.unpack()
    if not job.tree.empty:
        return
    strip, tops = job.members.strip, job.members.tops - {b"."}
    if not tops:
        raise ArchiveError("it is empty")
    raise ArchiveError(
        f"strip = {strip} leaves nothing of it; at the top it holds {', '.join(sorted(map(shown, tops)))}",
        f"lower strip in the manifest; {strip - 1} may do",
    )


def _keep(job: _Job, file: BinaryIO) -> None:
    """Store the archive itself."""
    single.store(job.tree, job.name, job.budget.taking(in_chunks(file.read)))


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
        return "free some space (see: pkgs gc), or set PKGS_STATE_DIR to a place on a larger disk"
    if error.errno in {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}:
        return "a member's name is more than this file system can hold"
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        return "allow more open files (see: ulimit -n)"
    return "see that the state directory can be written"


def _reader(source: Stream) -> Callable[[int], bytes]:
    chunks = source.rest()
    return lambda _size: next(chunks, b"")
