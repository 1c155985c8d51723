"""What bytes are, told from how they begin; file names have no say."""

from __future__ import annotations

import struct

from pkgs.store.unpack.tarheader import BLOCK, is_valid

HEAD = 512

_EXECUTABLES = (
    b"\x7fELF",
    b"#!",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
)
# A fat Mach-O and a Java class share their magic; the next word is a count or a version (≥ 45).
_FAT = (0xCAFEBABE, 0xCAFEBABF)
_MOST_ARCHITECTURES = 20
_KINDS = (
    (b"PK\3\4", "zip"),
    (b"PK\5\6", "zip"),
    (b"PK\7\x08PK\3\4", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"!<arch>\ndebian-binary", "deb"),
    (b"\xed\xab\xee\xdb", "rpm"),
    (b"xar!", "pkg"),
)


def is_executable(head: bytes) -> bool:
    """Tell whether a file that begins with ``head`` is a program: ELF, Mach-O or a script."""
    if head.startswith(_EXECUTABLES):
        return True
    if len(head) < 8:
        return False
    magic, count = struct.unpack(">2L", head[:8])
    return magic in _FAT and count < _MOST_ARCHITECTURES


def permissions(head: bytes) -> int:
    """Return the permissions of a file that begins with ``head``, where its maker knew none."""
    return 0o755 if is_executable(head) else 0o644


def kind(head: bytes) -> str:
    """Name what begins with ``head`` (512 bytes): an archive's kind, ``program``, or empty: not known."""
    for magic, name in _KINDS:
        if head.startswith(magic):
            return name
    if is_executable(head):
        return "program"
    if is_tar(head):
        return "tar"
    return ""


def is_jar(head: bytes) -> bool:
    """Tell whether ``head`` begins a Java archive: its first member is the manifest's."""
    return head.startswith(b"PK\3\4") and head[30:].startswith(b"META-INF/")


def is_tar(head: bytes) -> bool:
    """Tell whether ``head`` is a tar header, or the end of an empty tar."""
    header = head[:BLOCK]
    return len(header) == BLOCK and (not any(header) or is_valid(header))
