"""The state directory: where everything that pkgs keeps between runs lives, and how it is laid out."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgs.digests import Digest
from pkgs.errors import StoreError

# Part of the path of what has a format of its own, so that a new format leaves the old alone.
ENV_FORMAT = ".pkgs1"
INDEX_FORMAT = "v1"


@dataclass(frozen=True, slots=True)
class State:
    """The state directory's layout, as paths below ``root``; nothing is created by asking for one."""

    root: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> State:
        """Return ``PKGS_STATE_DIR``, or the user's cache directory of this platform.

        Raises :class:`StoreError` for a user without a home directory.
        """
        chosen = environ.get("PKGS_STATE_DIR")
        if chosen:
            root = Path(chosen).absolute()
            if ".." in root.parts:  # what is below is compared by name
                root = Path(os.path.realpath(root))
            return cls(root)
        return cls(_usual_cache(environ) or _user_cache())

    def blob(self, digest: Digest) -> Path:
        """Where a verified download is kept."""
        return self.blobs / digest.hex[:2] / digest.hex

    def pack(self, digest: Digest) -> Path:
        """Where the pack of a git repository's commit is kept, by what stands for the commit."""
        return self.packs / f"{digest.hex}.pack"

    def tree(self, key: Digest) -> Path:
        """Where the unpacked tree with this recipe key is kept."""
        return self.trees / f"sha256-{key.hex}"

    def env(self, bin_dir: Path) -> Path:
        """Where plans and activation scripts of the environment whose links are in ``bin_dir`` are kept.

        The path is the environment's own, spelled as the caller spelled it, so that a shell finds it
        without starting a process.
        """
        return self.envs / str(bin_dir.absolute()).lstrip("/") / ENV_FORMAT

    def farms(self, bin_dir: Path) -> Path:
        """Where an environment's link farms are: directories of links to runtime dependencies."""
        return self.env(bin_dir) / "deps"

    @property
    def blobs(self) -> Path:
        """Verified downloads, by digest."""
        return self.root / "blobs" / "sha256"

    @property
    def packs(self) -> Path:
        """Git repositories of packages, one commit each, for where they cannot be cloned."""
        return self.root / "git"

    @property
    def trees(self) -> Path:
        """Unpacked, read-only trees."""
        return self.root / "trees"

    @property
    def mutable(self) -> Path:
        """Writable copies of trees, by environment and reference."""
        return self.root / "mutable"

    @property
    def roots(self) -> Path:
        """One record for each environment: what it uses, so that gc keeps it."""
        return self.root / "roots"

    @property
    def partial(self) -> Path:
        """Downloads that were cut off and may be resumed."""
        return self.root / "partial"

    @property
    def envs(self) -> Path:
        """What belongs to one environment each."""
        return self.root / "envs"

    @property
    def sources(self) -> Path:
        """Clones and snapshots of manifest sources."""
        return self.root / "sources"

    @property
    def index(self) -> Path:
        """Parsed manifests, by the digest of their text."""
        return self.root / "index" / INDEX_FORMAT

    @property
    def locks(self) -> Path:
        """Lock files; never removed while in use."""
        return self.root / "locks"

    @property
    def programs(self) -> Path:
        """pkgs itself, one virtual environment a version."""
        return self.root / "self"


def _usual_cache(environ: Mapping[str, str]) -> Path | None:
    """Return what platformdirs answers in the usual case, without the 15 ms that importing it takes."""
    home = environ.get("HOME", "")
    if sys.platform != "linux" or environ.get("XDG_CACHE_HOME") or not home.startswith("/"):
        return None
    return Path(home) / ".cache" / "pkgs"


def _user_cache() -> Path:
    from platformdirs import user_cache_path  # deferred: see above

    try:
        path = user_cache_path("pkgs", appauthor=False)
    except RuntimeError:
        path = Path()
    if not path.is_absolute():  # of platformdirs before 4.14, "~/.cache/pkgs"
        raise StoreError(
            "your home directory is not known", "set HOME, or PKGS_STATE_DIR to a directory for pkgs"
        )
    return path
