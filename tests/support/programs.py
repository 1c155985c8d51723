"""A small program in place of pkgs, with one library, as the wrapper's bootstrap installs them."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from pkgs.environment.program import Program
from pkgs.state import State

_MAIN = """\
import os, sys
import smalllib
print("program", smalllib.NAME, *sys.argv[1:], sep="\\0", end="\\0")
"""


def write_wheel(folder: Path, name: str, files: dict[str, str]) -> Path:
    """Write ``name-1.0-py3-none-any.whl``, which installers accept."""
    wheel, info = folder / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    members = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{member},,\n" for member in (*members, f"{info}/RECORD"))
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        for member, text in {**members, f"{info}/RECORD": record}.items():
            archive.writestr(member, text)
    return wheel


@dataclass(frozen=True, slots=True)
class SmallProgram:
    """Where the library's and the program's wheels are, and the variables that lead installers there."""

    library: Path
    wheel: Path

    @classmethod
    def make(cls, root: Path) -> SmallProgram:
        """Write both wheels below ``root``."""
        library = write_wheel(root / "index", "smalllib", {"smalllib.py": "NAME = 'small'\n"})
        program = write_wheel(root, "pkgs", {"pkgs/__init__.py": "", "pkgs/__main__.py": _MAIN})
        return cls(library, program)

    @property
    def requirements(self) -> tuple[str, ...]:
        """The hashed requirement on the library."""
        return (f"smalllib==1.0 --hash=sha256:{sha256_of(self.library)}",)

    @property
    def environ(self) -> dict[str, str]:
        """What a user whose packages are in one directory has set."""
        index = str(self.library.parent)
        return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": index, "UV_NO_INDEX": "1", "UV_FIND_LINKS": index}

    def by_wheel(self, url: str = "") -> Program:
        """Return the program as an environment elsewhere names it."""
        return Program("1.0", self.requirements, sha256=sha256_of(self.wheel), url=url)

    def by_path(self, bin_dir: Path) -> Program:
        """Return the program as its own checkout names it, its source written beside ``bin_dir``."""
        source = bin_dir.parent / "src" / "pkgs"
        source.mkdir(parents=True)
        (source / "__main__.py").write_text(_MAIN)
        return Program("1.0", self.requirements, path="../src/pkgs")

    def store(self, state: State) -> Path:
        """Put the program's wheel into the store."""
        blob = state.blobs / sha256_of(self.wheel)[:2] / sha256_of(self.wheel)
        blob.parent.mkdir(parents=True)
        blob.write_bytes(self.wheel.read_bytes())
        return blob


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_lock(bin_dir: Path, program: Program) -> Path:
    """Write a lock that holds nothing but ``program``."""
    lock = bin_dir / "pkgs.lock"
    lock.write_text(f"# Written by pkgs\n\n{tomli_w.dumps({'version': 1, 'pkgs': program.encode()})}")
    return lock
