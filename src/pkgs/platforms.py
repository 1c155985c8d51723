"""Platforms: the operating system and processor a package is for, in Go's names as hermit uses them."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pkgs.errors import UsageError

_ARCH = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
# Source: hermit, platform/platform.go:69-78.
_XARCH = {"amd64": "x86_64", "386": "i386", "arm64": "aarch64"}


@dataclass(frozen=True, slots=True, order=True)
class Platform:
    """An operating system (``linux``, ``darwin``) and an architecture (``amd64``, ``arm64``)."""

    os: str
    arch: str

    def __str__(self) -> str:
        return f"{self.os}-{self.arch}"

    @property
    def xarch(self) -> str:
        """The architecture as ``uname -m`` spells it."""
        return _XARCH.get(self.arch, self.arch)

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Read ``os-arch``; raise :class:`UsageError` naming the known platforms."""
        for platform in PLATFORMS:
            if str(platform) == text:
                return platform
        raise UsageError(f"unknown platform {text!r}", f"known platforms: {', '.join(map(str, PLATFORMS))}")

    @classmethod
    def current(cls) -> Platform:
        """Return the platform this process runs on; raise :class:`UsageError` on any other."""
        uname = os.uname()
        arch = _ARCH.get(uname.machine, uname.machine)
        return cls.parse(f"{uname.sysname.lower()}-{arch}")


PLATFORMS = (
    Platform("linux", "amd64"),
    Platform("linux", "arm64"),
    Platform("darwin", "amd64"),
    Platform("darwin", "arm64"),
)
# Source: hermit, platform/platform.go:59: linux-arm64 is optional there.
CORE_PLATFORMS = (PLATFORMS[0], PLATFORMS[2], PLATFORMS[3])
