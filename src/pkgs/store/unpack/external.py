"""Kinds that another program reads: 7z by 7-Zip, and on macOS ``.pkg`` by pkgutil and ``.dmg`` by hdiutil.

7-Zip only lists and prints; what it prints is cut up by its own listing, checked by CRC and written by us, so
that it never chooses a path. pkgutil expands a package without running its scripts, unlike the installer that
hermit starts.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pkgs.errors import ArchiveError
from pkgs.store.files import remove_tree
from pkgs.store.unpack.stream import in_chunks
from pkgs.store.unpack.tree import Tree

_SCRATCH = ".pkgs-unpacking"
_SECONDS = 1800
_MOST_SAID = 1 << 16


class Helper:
    """A program found on ``PATH``, started with little more than that."""

    def __init__(self, names: Sequence[str], hint: str, environ: Mapping[str, str]) -> None:
        path = environ.get("PATH", os.defpath)
        found = next(filter(None, (shutil.which(name, path=path) for name in names)), None)
        if found is None:
            raise ArchiveError(f"it needs {' or '.join(names)}, which is not on PATH", hint)
        self._program = found
        self._environ = {"PATH": path, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def run(self, *arguments: str) -> None:
        """Run it to its end."""
        import subprocess  # deferred: most archives need no other program

        try:
            done = subprocess.run(
                [self._program, *arguments],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ArchiveError(f"{Path(self._program).name} takes longer than {_SECONDS} s") from error
        if done.returncode:
            raise ArchiveError(_failure(self._program, done.returncode, done.stderr or done.stdout))

    @contextmanager
    def output(self, *arguments: str) -> Iterator[Iterator[bytes]]:
        """Run it while the body reads what it prints."""
        import subprocess  # deferred: most archives need no other program
        from tempfile import TemporaryFile  # the same

        with (
            TemporaryFile() as errors,
            subprocess.Popen(
                [self._program, *arguments],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            ) as process,
        ):
            assert process.stdout is not None
            try:
                yield in_chunks(process.stdout.read)
                if process.wait():
                    errors.seek(0)
                    raise ArchiveError(_failure(self._program, process.returncode, errors.read(_MOST_SAID)))
            finally:
                process.kill()


def unpack_pkg(archive: Path, dest: Path, tree: Tree, environ: Mapping[str, str]) -> None:
    """Unpack the payloads of a macOS installer package, all into one tree."""
    helper = Helper(["pkgutil"], "installer packages can be unpacked on macOS only", environ)
    with _scratch(dest) as scratch:
        expanded = scratch / "expanded"
        helper.run("--expand-full", str(archive), str(expanded))
        payloads = [
            path for path in (expanded / "Payload", *sorted(expanded.glob("*/Payload"))) if path.is_dir()
        ]
        if not payloads:
            raise ArchiveError("it has no payload")
        for payload in payloads:
            _copy(tree, payload)


def unpack_dmg(
    archive: Path, dest: Path, tree: Tree, apps: Sequence[str], environ: Mapping[str, str]
) -> None:
    """Copy ``apps`` out of a macOS disk image, each under its own last name."""
    if not apps:
        raise ArchiveError(
            "it is a disk image, and the manifest names no apps in it", 'set apps = ["Name.app"]'
        )
    helper = Helper(["hdiutil"], "disk images can be unpacked on macOS only", environ)
    with _scratch(dest) as mounted:
        helper.run("attach", "-nobrowse", "-readonly", "-mountpoint", str(mounted), str(archive))
        try:
            for app in apps:
                _copy(tree, _inside(mounted, app), os.fsencode(Path(app).name))
        finally:
            helper.run("detach", "-force", str(mounted))


def _inside(mounted: Path, app: str) -> Path:
    path = mounted / app.lstrip("/")
    if not path.resolve().is_relative_to(mounted.resolve()) or not path.is_dir():
        raise ArchiveError(f"the disk image holds no {app!r}")
    return path


def _copy(tree: Tree, source: Path, below: bytes = b"") -> None:
    """Copy what ``source`` holds to ``below`` in the tree; sockets, pipes and devices are passed over."""
    for entry in sorted(os.scandir(os.fsencode(source)), key=lambda entry: entry.name):
        status = entry.stat(follow_symlinks=False)
        path = below + b"/" + entry.name if below else entry.name
        if stat.S_ISDIR(status.st_mode):
            tree.directory(path, status.st_mode, status.st_mtime_ns)
            _copy(tree, Path(os.fsdecode(entry.path)), path)
        elif stat.S_ISLNK(status.st_mode):
            target = os.readlink(entry.path)  # noqa: PTH115 - names are bytes here
            tree.symlink(path, target, status.st_mtime_ns)
        elif stat.S_ISREG(status.st_mode):
            with Path(os.fsdecode(entry.path)).open("rb") as file:
                tree.file(path, in_chunks(file.read), status.st_mode, status.st_mtime_ns)


@contextmanager
def _scratch(dest: Path) -> Iterator[Path]:
    """Lend a directory inside ``dest``, which goes away with it if this process dies."""
    scratch = dest / _SCRATCH
    scratch.mkdir(mode=0o700)
    try:
        yield scratch
    finally:
        remove_tree(scratch)


def _failure(program: str, status: int, output: bytes) -> str:
    said = list(filter(None, output.decode("utf-8", "replace").splitlines()))[-3:]
    return f"{Path(program).name} ended with status {status}" + (f": {' '.join(said)}" if said else "")
