"""Where a member goes, from its name alone.

Names are bytes, as the file system's are: no locale has a say in them.
"""

from __future__ import annotations

from pkgs.errors import ArchiveError

# Deeper paths than any system call takes; also keeps recursion over components shallow.
_DEEPEST = 255
_SPECIAL = {b"", b".", b".."}


def shown(name: bytes) -> str:
    """Return ``name`` as text for a message."""
    text = name.decode("utf-8", "backslashreplace")
    return repr(text if len(text) <= 200 else f"{text[:200]}…")


def place(name: bytes, strip: int) -> bytes | None:
    """Return the path below the destination of member ``name``; None when ``strip`` takes all of it.

    As in hermit (archive.go, makeDestPath) the name is split at every ``/``, so that a leading ``./`` counts
    as one part. An empty path is the destination itself. A name that leads out is an :class:`ArchiveError`.
    """
    parts = name.split(b"/")
    plain = _SPECIAL.isdisjoint(parts)
    if not plain and name.startswith(b"/"):
        raise ArchiveError(f"member {shown(name)} has an absolute name")
    if not plain and b".." in parts:
        raise ArchiveError(f"member {shown(name)} has '..' in its name")
    if not name or b"\0" in name:
        raise ArchiveError(f"member {shown(name)} has no usable name")
    if len(parts) > _DEEPEST:
        raise ArchiveError(f"member {shown(name)} is nested deeper than {_DEEPEST} directories")
    if len(parts) <= strip:
        return None
    if plain:
        return b"/".join(parts[strip:]) if strip else name
    return b"/".join(part for part in parts[strip:] if part not in _SPECIAL)


def top(name: bytes) -> bytes:
    """Return the first component of ``name``, ``./`` aside."""
    return next((part for part in name.split(b"/") if part not in {b"", b"."}), b".")
