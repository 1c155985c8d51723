"""A project with an environment of its own: manifests, archives, and pkgs run on it as a user would."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pkgs.cli import process
from pkgs.digests import digest_file
from tests.support.archives import make_tar_gz
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    import pytest

TIMEOUT = 60


@dataclass(frozen=True, slots=True)
class Run:
    """What a command did."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Project:
    """A directory with ``bin/`` (the environment), ``manifests/`` and ``dist/`` (what can be downloaded)."""

    root: Path
    state: Path
    exe: Path

    @classmethod
    def make(cls, root: Path, state: Path) -> Project:
        """Make a project whose environment runs this checkout's pkgs: copies of what :meth:`init` leaves."""
        project = cls._bare(root, state)
        for place, files in zip((project.bin, state), _initialised(), strict=True):
            for name, (mode, content) in files.items():
                if not (path := place / name).exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
                    path.chmod(mode)
        return project

    @classmethod
    def init(cls, root: Path, state: Path) -> Project:
        """Make such a project by ``pkgs init``."""
        project = cls._bare(root, state)
        project.pkgs("init", "--sources", "env:///manifests", check=True)
        return project

    @classmethod
    def _bare(cls, root: Path, state: Path) -> Project:
        """Make what is not of pkgs' making."""
        for name in ("manifests", "dist"):
            (root / name).mkdir(parents=True)
        exe = state.parent / "pkgs-exe"
        main = ROOT / "src" / "pkgs" / "__main__.py"
        exe.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{main}" "$@"\n')
        exe.chmod(0o755)
        return cls(root, state, exe)

    @property
    def bin(self) -> Path:
        """The environment's directory of links."""
        return self.root / "bin"

    @property
    def lock(self) -> Path:
        """The lock."""
        return self.bin / "pkgs.lock"

    def environ(self, **more: str) -> dict[str, str]:
        """Return the variables a command is run with."""
        return {**os.environ, "PKGS_STATE_DIR": str(self.state), "PKGS_EXE": str(self.exe), **more}

    def run(
        self,
        words: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        environ: Mapping[str, str] | None = None,
        stdin: str | None = None,
        check: bool = False,
    ) -> Run:
        """Run a command in the project."""
        done = subprocess.run(
            [str(word) for word in words],
            cwd=cwd or self.root,
            env=dict(environ if environ is not None else self.environ()),
            input=stdin,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=TIMEOUT,
            check=False,
        )
        if check:
            assert done.returncode == 0, done.stderr
        return Run(done.returncode, done.stdout, done.stderr)

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let commands of this very process work on the project."""
        monkeypatch.setenv("PKGS_STATE_DIR", str(self.state))
        monkeypatch.setattr(process, "end_promptly_when_interrupted", lambda: None)
        monkeypatch.chdir(self.root)

    def pkgs(self, *words: str, check: bool = False, stdin: str | None = None, **environ: str) -> Run:
        """Run pkgs in the project; ``environ`` adds variables."""
        return self.run([self.exe, *words], environ=self.environ(**environ), check=check, stdin=stdin)

    def call(self, tool: str, *words: str, **environ: str) -> Run:
        """Call a tool by its path."""
        return self.run([self.bin / tool, *words], environ=self.environ(**environ))

    def tool(
        self, name: str, *versions: str, script: str = 'echo "NAME VERSION" "$@"', more: str = ""
    ) -> None:
        """Publish a tool: an archive for each version, and a manifest for all platforms.

        ``NAME`` and ``VERSION`` in the tool's ``script`` are replaced; ``more`` is put into the manifest.
        """
        sums = {}
        for version in versions:
            text = "#!/bin/sh\n" + script.replace("NAME", name).replace("VERSION", version) + "\n"
            archive = self.root / "dist" / f"{name}-{version}.tar.gz"
            make_tar_gz(archive, {f"{name}-{version}/bin/{name}": text.encode()})
            sums[archive] = digest_file(archive).hex
        self.manifest(name, versions, sums, f"{more}\n")

    def remote(self, name: str, url: str, sha256: str = "", *, more: str = "") -> Path:
        """Write the manifest of version 1.0.0 of a tool that is at ``url``, as :meth:`tool` packs it."""
        path = self.root / "manifests" / f"{name}.hcl"
        path.write_text(
            f'description = "The tool {name}"\n'
            f'binaries = ["bin/{name}"]\nstrip = 1\nsource = "{url}"\n{more}'
            + (f'sha256 = "{sha256}"\n' if sha256 else "")
            + 'version "1.0.0" {}\n'
        )
        return path

    def snapshot(self) -> dict[str, str]:
        """Return everything in the environment and in the store: links by target, files by content.

        Left out are lock files, what parsing and asking remembered, parts of downloads to be resumed, and the
        claims that keep gc away from what a command is about to put into the store.
        """
        memory = ("locks", "partial", "memo", "index", "roots")
        tops = [self.bin, *(path for path in self.state.glob("*") if path.name not in memory)]
        paths = [path for top in tops for path in (top, *top.rglob("*"))]
        return {str(path): _content(path) for path in paths if path.is_symlink() or not path.is_dir()}

    def manifest(self, name: str, versions: Sequence[str], sums: Mapping[Path, str], more: str = "") -> Path:
        """Write the manifest of a tool as :meth:`tool` publishes it, with ``more`` text at its root."""
        dist = (self.root / "dist").as_uri()
        listed = "".join(f'  "{path.as_uri()}": "{digest}",\n' for path, digest in sums.items())
        path = self.root / "manifests" / f"{name}.hcl"
        path.write_text(
            f'description = "The tool {name}"\n'
            f'binaries = ["bin/{name}"]\nstrip = 1\n'
            f'source = "{dist}/{name}-${{version}}.tar.gz"\n{more}'
            f"version {' '.join(map(chr(34).__add__, (f'{v}{chr(34)}' for v in versions)))} {{}}\n"
            f"sha256sums = {{\n{listed}}}\n"
        )
        return path


@functools.cache
def _initialised() -> tuple[Mapping[str, tuple[int, bytes]], ...]:
    """Return mode and content of the files that ``pkgs init`` leaves in ``bin`` and in the state directory.

    They are the same wherever it runs, but for the names of locks and records.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = Project.init(Path(folder) / "project", Path(folder) / "state")
        for name in ("locks", "roots"):
            shutil.rmtree(made.state / name)
        return tuple(_files(place) for place in (made.bin, made.state))


def _files(place: Path) -> dict[str, tuple[int, bytes]]:
    paths = (path for path in place.rglob("*") if path.is_file())
    return {str(path.relative_to(place)): (path.stat().st_mode, path.read_bytes()) for path in paths}


def _content(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    info = path.stat()
    return f"{info.st_mode:o} {info.st_mtime_ns} {digest_file(path)}"
