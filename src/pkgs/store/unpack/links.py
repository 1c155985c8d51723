"""The symbolic links of one tree: where they lead, followed as the kernel would, but never out.

Links are kept by the real path of their place. An archive may write through a link to a directory inside the
tree (hermit's legit_test.go does); :meth:`Links.real` says where that is.
"""

from __future__ import annotations

from collections.abc import Iterable

from pkgs.errors import ArchiveError
from pkgs.store.unpack.names import shown

# The kernel's own bound on links followed for one path (MAXSYMLINKS).
_HOPS = 40
_LONGEST_TARGET = 4095


class Links:
    """Links by place; ``steps`` bounds the components looked at in all, since links can multiply them."""

    def __init__(self, steps: int) -> None:
        self._targets: dict[bytes, bytes] = {}
        self._directories: dict[bytes, bytes] = {b"": b""}
        self._steps = steps

    def target(self, place: bytes) -> bytes | None:
        """Return what the link at ``place`` points at, or None if there is none."""
        return self._targets.get(place)

    def places(self) -> Iterable[bytes]:
        """Return where all links are."""
        return self._targets.keys()

    def judge(self, place: bytes, target: bytes) -> None:
        """Raise :class:`ArchiveError` if a link at ``place`` would lead out of the tree."""
        if not target or b"\0" in target or len(target) > _LONGEST_TARGET:
            raise _unusable(place)
        if target.startswith(b"/"):
            raise ArchiveError(f"symbolic link {shown(place)} points at the absolute path {shown(target)}")
        self._follow(place, target)

    def add(self, place: bytes, target: bytes) -> None:
        """Record a link that was made."""
        self._targets[place] = target
        self._forget()

    def remove(self, place: bytes) -> None:
        """Forget the link at ``place``."""
        del self._targets[place]
        self._forget()

    def real(self, directory: bytes) -> bytes:
        """Return the path without links of ``directory``, to which a member is to be written."""
        known = self._directories.get(directory)
        if known is None:
            known = self._walk(directory, b"", directory)
            if known is None:
                raise ArchiveError(f"member directory {shown(directory)} is a loop of symbolic links")
            self._directories[directory] = known
        return known

    def check(self) -> None:
        """Follow every link anew: a later link may have turned an earlier one outwards."""
        for place, target in self._targets.items():
            self._follow(place, target)

    def _follow(self, place: bytes, target: bytes) -> None:
        self._walk(place, place.rpartition(b"/")[0], target)

    def _walk(self, place: bytes, start: bytes, path: bytes) -> bytes | None:
        """Follow ``path`` from the real directory ``start``; None for a loop.

        What does not exist is taken for a directory, so that ``..`` behind it is judged, too.
        """
        if not self._targets:
            return self._plain(place, start, path)
        at = start.split(b"/") if start else []
        todo = path.split(b"/")[::-1]
        hops = 0
        while todo:
            self._count()
            part = todo.pop()
            _step(at, part, place, path)
            aimed = self._targets.get(b"/".join(at)) if part not in {b"", b".", b".."} else None
            if aimed is not None:
                hops += 1
                if hops > _HOPS:
                    return None
                at.pop()
                todo.extend(aimed.split(b"/")[::-1])
        return b"/".join(at)

    def _plain(self, place: bytes, start: bytes, path: bytes) -> bytes:
        at = start.split(b"/") if start else []
        for part in path.split(b"/"):
            _step(at, part, place, path)
        return b"/".join(at)

    def _count(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise ArchiveError("its symbolic links lead through each other without end")

    def _forget(self) -> None:
        self._directories = {b"": b""}


def read_target(name: bytes, size: int, pieces: Iterable[bytes | memoryview]) -> bytes:
    """Return the target of the link ``name``, where it is kept as content is; refuse a long one unread."""
    if size > _LONGEST_TARGET:
        raise _unusable(name)
    return b"".join(pieces)


def _unusable(name: bytes) -> ArchiveError:
    return ArchiveError(f"symbolic link {shown(name)} has no usable target")


def _step(at: list[bytes], part: bytes, place: bytes, path: bytes) -> None:
    """Take one component of a path."""
    if part == b"..":
        if not at:
            raise ArchiveError(f"symbolic link {shown(place)} leads out of the package ({shown(path)})")
        at.pop()
    elif part not in {b"", b"."}:
        at.append(part)
