"""One download: from one location into one file, resumed where it was cut, hashed on the way."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pkgs.artifact.failures import AttemptError, broken_off, refused, shown
from pkgs.artifact.local import pieces
from pkgs.artifact.locations import Location
from pkgs.artifact.partial import Partial, Progress
from pkgs.artifact.transport import Answer
from pkgs.artifact.web import Ask, Web
from pkgs.digests import Digest
from pkgs.errors import DigestMismatchError, FetchError
from pkgs.progress import Task

_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,20})-([0-9]{1,20})/([0-9]{1,20}|\*)", re.IGNORECASE)
# A strong ETag (RFC 9110 §8.8.3) that can be sent back: some servers' hold what no header may.
_STRONG = re.compile(r'"[!#-~]*"')
# How a server may refuse to send a part, though it would send the whole.
_NO_PARTS = (400, 403, 405, 406, 412, 416, 501)
_GZIP_NAMES = (".gz", ".tgz", ".crate", ".gem")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of the bytes beforehand, and how many there may be at most."""

    digest: Digest | None
    size: int | None
    limit: int


@dataclass(frozen=True, slots=True)
class Got:
    """What arrived."""

    digest: Digest
    size: int
    etag: str


class Hashers:
    """SHA-256 and whatever else is published of a file, computed in one go."""

    def __init__(self, checks: Mapping[str, str]) -> None:
        self._expected = {name: value.lower() for name, value in checks.items()}
        self._sha256 = hashlib.sha256()
        others = self._expected.keys() - {"sha256"}
        self._others = {name: hashlib.new(name, usedforsecurity=name != "sha1") for name in others}

    def update(self, data: bytes) -> None:
        """Read along."""
        self._sha256.update(data)
        for hasher in self._others.values():
            hasher.update(data)

    @property
    def digest(self) -> Digest:
        """The digest of what was read so far."""
        return Digest(self._sha256.hexdigest())

    def wrong(self) -> tuple[str, str, str] | None:
        """Return the first published digest that differs, as algorithm, expected and actual; else None."""
        actual = {"sha256": self.digest.hex} | {name: h.hexdigest() for name, h in self._others.items()}
        differing = (name for name in self._expected if self._expected[name] != actual[name])
        return next(((name, self._expected[name], actual[name]) for name in differing), None)


class Download:
    """Brings the bytes of ``location`` into ``into``; what is there from an earlier run is gone on with.

    Raises :class:`FetchError` and leaves what arrived, unless it is known to be wrong.
    """

    def __init__(self, web: Web, location: Location, wanted: Wanted, into: Path, task: Task) -> None:
        self._web = web
        self._location = location
        self._wanted = wanted
        self._partial = Partial(into)
        self._task = task
        self._hashers = Hashers(location.checks)

    def run(self) -> Got:
        """Download; a resumed file that turns out wrong is downloaded once more from its start."""
        progress = self._resumable()
        if progress:
            try:
                return self._resumed(progress)
            except DigestMismatchError:
                pass  # the old part was damaged, or of another file
        self._partial.discard()
        return self._from_start()

    def _resumable(self) -> Progress | None:
        """Return where an earlier run stopped, if what it left can be trusted to be the same file's.

        Either the digest is known, so that a wrong start is found out, or the server vouches for it by a
        strong ETag (RFC 9110 §13.1.5) at the same URL.
        """
        progress = self._partial.progress()
        if progress is None:
            return None
        return progress if self._wanted.digest or self._vouched(progress) else None

    def _vouched(self, progress: Progress) -> bool:
        """Whether the server can tell if the part is of the file that it has now."""
        return progress.url == shown(self._location.url) and bool(_STRONG.fullmatch(progress.etag))

    def _resumed(self, progress: Progress) -> Got:
        offset = self._reread()
        if self._wanted.digest and self._hashers.digest == self._wanted.digest:
            return self._whole(progress.etag, "")  # it was cut after the last byte
        headers = {"Range": f"bytes={offset}-"}
        if self._vouched(progress):
            headers["If-Range"] = progress.etag
        with self._open(headers, understood=_NO_PARTS) as answer:
            if answer.status == 206:
                total = self._check_range(answer, offset, progress)
                return self._continue(answer, offset, total)
            if answer.status not in _NO_PARTS:
                return self._restart(answer)
        return self._from_start()

    def _from_start(self) -> Got:
        with self._open({}) as answer:
            return self._restart(answer)

    def _open(
        self, headers: Mapping[str, str], understood: Iterable[int] = ()
    ) -> AbstractContextManager[Answer]:
        ask = Ask(headers=headers, pinned=self._wanted.digest is not None, understood=tuple(understood))
        return self._web.open(self._location, ask)

    def _reread(self) -> int:
        self._hashers = Hashers(self._location.checks)
        for piece in pieces(self._partial.path):
            self._hashers.update(piece)
        self._task.restart(self._partial.size)
        return self._partial.size

    def _check_range(self, answer: Answer, offset: int, progress: Progress) -> int | None:
        """Return the whole file's size; refuse an answer that is not the rest that was asked for."""
        text = answer.headers.get("content-range", "")
        found = _CONTENT_RANGE.fullmatch(text)
        total = int(found[3]) if found and found[3] != "*" else progress.total
        moved = progress.total not in (None, total)
        if not found or int(found[1]) != offset or moved or self._replaced(answer, progress):
            self._partial.discard()
            got = text[:80] or "without saying which part"
            why = f"asked for the rest from byte {offset}, the server answers with another: {got}"
            raise broken_off(self._location.url, why)
        return total

    def _replaced(self, answer: Answer, progress: Progress) -> bool:
        """Whether the file has another ETag now, although the server did not say so by sending it whole."""
        etag = answer.headers.get("etag", "")
        same_url = progress.url == shown(self._location.url)
        return same_url and bool(etag and progress.etag) and etag != progress.etag

    def _continue(self, answer: Answer, offset: int, total: int | None) -> Got:
        self._expect(total, answer)
        with self._partial.go_on() as file:
            self._receive(answer, file, offset)
        return self._complete(answer, total)

    def _restart(self, answer: Answer) -> Got:
        if answer.status != 200:
            raise refused(self._location.url, f"the server answers {answer.status}, which was not asked for")
        total = _length(answer)
        self._expect(total, answer)
        self._hashers = Hashers(self._location.checks)
        self._task.restart(0)
        # What was encoded on the way may be sent plain from the middle, under the same name.
        etag = "" if _encoding(answer) else answer.headers.get("etag", "")
        with self._partial.begin(Progress(shown(self._location.url), etag, total)) as file:
            self._receive(answer, file, 0)
        return self._complete(answer, total)

    def _expect(self, total: int | None, answer: Answer) -> None:
        """Tell the task the size; refuse one that is not the recorded one, or beyond the limit."""
        self._task.total(total if total is not None else self._wanted.size)
        size = self._wanted.size
        if total is not None and size is not None and total != size and not _encoding(answer):
            raise self._wrong_size(f"is {total} bytes", size)
        if total is not None and total > self._wanted.limit:
            raise refused(
                self._location.url, f"it is {total} bytes, more than the limit of {self._wanted.limit}"
            )

    def _receive(self, answer: Answer, file: BinaryIO, done: int) -> None:
        limit = self._wanted.limit
        if self._wanted.size is not None and not _encoding(answer):
            limit = self._wanted.size
        for chunk in answer.chunks:
            done += len(chunk)
            if done > limit:
                self._too_long(limit)
            self._hashers.update(chunk)
            file.write(chunk)
            self._task.advance(len(chunk))

    def _too_long(self, limit: int) -> None:
        self._partial.discard()
        if limit == self._wanted.size:
            raise self._wrong_size(f"is longer than {limit} bytes", limit)
        raise refused(self._location.url, f"it is longer than the limit of {limit} bytes")

    def _complete(self, answer: Answer, total: int | None) -> Got:
        """Check the file, unless there is more of it, or more arrived than a part's answer tells."""
        size = self._partial.size
        if total is None and not _encoding(answer):
            total = self._wanted.size
        if total is not None and size != total:
            if size > total:
                self._partial.discard()
            raise broken_off(self._location.url, f"{size} of {total} bytes arrived")
        return self._whole(answer.headers.get("etag", ""), _encoding(answer))

    def _whole(self, etag: str, encoding: str) -> Got:
        """Check the file that is now complete."""
        if encoding:
            self._decode(encoding)
        size, digest = self._partial.size, self._hashers.digest
        wanted = self._wanted
        if wanted.size is not None and size != wanted.size:
            self._partial.discard()
            raise self._wrong_size(f"is {size} bytes", wanted.size)
        wrong = self._hashers.wrong()
        if wrong or (wanted.digest and digest != wanted.digest):
            self._partial.discard()
            raise self._mismatch(*(wrong or ("sha256", str(wanted.digest), str(digest))))
        self._partial.finish()
        return Got(digest, size, etag)

    def _decode(self, encoding: str) -> None:
        """Undo a content encoding that nobody asked for, unless the bytes are right as they are.

        Digests are of files as published. Some servers declare a published ``.gz`` to be an
        encoding; others compress whatever leaves them. The digest tells which; without one, the name does.
        """
        if self._wanted.digest == self._hashers.digest:
            return
        path = self._location.url.partition("?")[0].lower()
        if self._wanted.digest is None and path.endswith(_GZIP_NAMES):
            return
        if encoding not in ("gzip", "x-gzip"):
            self._partial.discard()
            raise refused(
                self._location.url, f"it comes encoded as {encoding} although that was not asked for"
            )
        self._hashers = Hashers(self._location.checks)
        for piece in self._decoded():
            self._hashers.update(piece)

    def _decoded(self) -> Iterator[bytes]:
        from pkgs.artifact.encoding import gunzip  # deferred: seldom needed

        limit = self._wanted.size if self._wanted.size is not None else self._wanted.limit
        try:
            gunzip(self._partial.path, limit)
        except FetchError as error:
            self._partial.discard()
            raise refused(self._location.url, error.message) from error
        return pieces(self._partial.path)

    def _wrong_size(self, what: str, size: int) -> AttemptError:
        hint = "the publisher has replaced the file, or the recorded size is wrong"
        return AttemptError(f"{shown(self._location.url)} {what}, but {size} are recorded", hint)

    def _mismatch(self, name: str, expected: str, actual: str) -> DigestMismatchError:
        return DigestMismatchError(
            f"{shown(self._location.url)} has {name} {actual.removeprefix('sha256:')}, "
            f"which should have been {expected.removeprefix('sha256:')}",
            "the file was replaced, or the recorded digest is wrong: compare it with the publisher's",
        )


def _encoding(answer: Answer) -> str:
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    return "" if encoding == "identity" else encoding


def _length(answer: Answer) -> int | None:
    text = answer.headers.get("content-length", "")
    counted = text.isascii() and text.isdigit() and "transfer-encoding" not in answer.headers
    return int(text) if counted else None
