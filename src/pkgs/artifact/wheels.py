"""Which wheel of a version is for a platform. The home of packaging."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pkgs.platforms import Platform

_LEGACY = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
_LINUX = re.compile(r"(manylinux|musllinux)_(\d+)_(\d+)_(\w+)")
_OLDER = re.compile(r"(manylinux1|manylinux2010|manylinux2014|linux)_(\w+)")
_MACOS = re.compile(r"macosx_(\d+)_(\d+)_(\w+)")
_ARCHES = {
    ("linux", "amd64"): ("x86_64",),
    ("linux", "arm64"): ("aarch64",),
    ("darwin", "amd64"): ("x86_64", "universal2", "intel"),
    ("darwin", "arm64"): ("arm64", "universal2"),
}

Rank = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class WheelFile:
    """A file that an index lists; ``hashes`` by :mod:`hashlib`'s names, ``yanked`` the reason or ""."""

    filename: str
    url: str
    hashes: tuple[tuple[str, str], ...] = ()
    yanked: str = ""


def project_name(name: str) -> str:
    """Return a project's name as indexes spell it (PEP 503)."""
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def wheels_of(files: Iterable[WheelFile], name: str, version: str) -> list[WheelFile]:
    """Return the wheels of this version, whatever their platform."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename
    from packaging.version import InvalidVersion, Version

    found = []
    for file in files:
        try:
            project, wheel_version, _, _ = parse_wheel_filename(file.filename)
            if project == project_name(name) and wheel_version == Version(version):
                found.append(file)
        except (InvalidWheelFilename, InvalidVersion):
            continue  # source archives and what else an index may hold
    return found


def best_wheel(wheels: Iterable[WheelFile], platform: Platform, libc: str) -> WheelFile | None:
    """Return the wheel that asks least of a machine of this platform; withdrawn ones come last."""
    ranked = [
        (bool(wheel.yanked), rank, wheel.filename, wheel)
        for wheel in wheels
        if (rank := _rank(wheel, platform, libc))
    ]
    return min(ranked, key=lambda entry: entry[:3])[3] if ranked else None


def host_libc() -> str:
    """Return ``glibc`` or ``musl``, whichever this machine has."""
    try:
        return "glibc" if os.confstr("CS_GNU_LIBC_VERSION") else "musl"
    except (ValueError, OSError):
        return "musl"


def _rank(wheel: WheelFile, platform: Platform, libc: str) -> Rank | None:
    """Return how much the wheel asks of a machine, less is better; None if it is not for this one."""
    from packaging.utils import parse_wheel_filename

    _, _, build, tags = parse_wheel_filename(wheel.filename)
    ranks = [
        rank
        for tag in tags
        if tag.abi == "none"
        and tag.interpreter.startswith("py3")
        and (rank := _tag_rank(tag.platform, platform, libc))
    ]
    if not ranks:
        return None
    kind, major, minor = min(ranks)
    return kind, major, minor, -(build[0] if build else 0)


def _tag_rank(tag: str, platform: Platform, libc: str) -> tuple[int, int, int] | None:
    if tag == "any":
        return 9, 0, 0
    return _mac_rank(tag, platform) if platform.os == "darwin" else _linux_rank(tag, platform, libc)


def _mac_rank(tag: str, platform: Platform) -> tuple[int, int, int] | None:
    arches = _ARCHES[platform.os, platform.arch]
    found = _MACOS.fullmatch(tag)
    if not found or found[3] not in arches:
        return None
    return arches.index(found[3]), int(found[1]), int(found[2])


def _linux_rank(tag: str, platform: Platform, libc: str) -> tuple[int, int, int] | None:
    arches = _ARCHES[platform.os, platform.arch]
    found, older = _LINUX.fullmatch(tag), _OLDER.fullmatch(tag)
    if found and found[4] in arches and (found[1] == "musllinux") == (libc == "musl"):
        return 0, int(found[2]), int(found[3])
    if older and older[2] in arches and libc == "glibc":
        return (0, *_LEGACY[older[1]]) if older[1] in _LEGACY else (1, 0, 0)
    return None
