"""A store to test with: a fetcher that hands out bytes and counts, a reporter that remembers."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import textwrap
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pkgs.artifact.fetch import Probe, Received
from pkgs.artifact.model import Artifact
from pkgs.digests import Digest, digest_bytes
from pkgs.errors import DigestMismatchError, FetchError
from pkgs.platforms import Platform
from pkgs.progress import SilentTask, Task
from pkgs.state import State
from pkgs.store.blobs import Blobs
from pkgs.store.locks import Locks
from pkgs.store.recipe import Recipe
from pkgs.store.roots import Roots
from pkgs.store.trees import Trees
from pkgs.store.written import Written

LINUX = Platform("linux", "amd64")


class Shelf:
    """A :class:`Fetcher` over bytes by URL; an exception in the place of bytes is raised."""

    def __init__(self, content: Mapping[str, bytes | Exception]) -> None:
        self.content = content
        self.asked: list[str] = []

    def fetch(self, artifact: Artifact, platform: Platform, into: Path, task: Task) -> Received:
        self.asked.append(artifact.url)
        found = self.content.get(artifact.url, FetchError(f"{artifact.url}: 404"))
        if isinstance(found, Exception):
            raise found
        into.write_bytes(found)
        digest = digest_bytes(found)
        if artifact.digest not in (None, digest):
            raise DigestMismatchError(f"{artifact.url}: {digest} is not {artifact.digest}")
        return Received(digest, len(found), artifact.url, "")

    def text(self, url: str, limit: int = 1 << 20) -> str:
        raise NotImplementedError

    def probe(self, url: str, platform: Platform | None = None) -> Probe:
        raise NotImplementedError


class Hearing:
    """A :class:`Reporter` that keeps what it is told."""

    def __init__(self) -> None:
        self.infos: list[str] = []
        self.warnings: list[str] = []
        self.heard = threading.Event()

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Task]:
        yield SilentTask()

    def trace(self, message: str) -> None:
        pass

    def debug(self, message: str) -> None:
        pass

    def info(self, message: str) -> None:
        self.infos.append(message)
        self.heard.set()

    def warn(self, message: str) -> None:
        self.warnings.append(message)


def unpack_tar(
    archive: Path,
    dest: Path,
    *,
    strip: int,
    name: str,
    dont_extract: bool,
    apps: Sequence[str] = (),
    written: Written | None = None,
) -> None:
    """Unpack an honest tar archive, or copy the file where ``dont_extract`` says so."""
    if dont_extract:
        shutil.copyfile(archive, dest / name)
        return
    with tarfile.open(archive) as tar:
        tar.extractall(dest, filter="tar")


def tar_of_files(files: Mapping[str, bytes], *, executable: Collection[str] = ()) -> bytes:
    """Return a tar archive of ``files``."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o755 if name in executable else 0o644
            member.mtime = 1_000_000_000
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


class TestStore:
    """The store's parts over one state directory."""

    __test__ = False

    def __init__(self, root: Path) -> None:
        self.state = State(root)
        self.locks = Locks(self.state.locks, patience=0.1)
        self.blobs = Blobs(self.state, self.locks)
        self.trees = Trees(self.state, self.locks, unpack_tar)
        self.roots = Roots(self.state, self.locks)
        self.reporter = Hearing()

    def put_blob(self, data: bytes) -> Digest:
        """Store ``data`` as a blob."""
        artifact = Artifact("https://host.invalid/file", digest_bytes(data), len(data))
        shelf = Shelf({artifact.url: data})
        return self.blobs.ensure([artifact], LINUX, shelf, self.reporter, "a blob").digest

    def put_tree(self, archive: bytes, label: str = "tool-1") -> Digest:
        """Store ``archive`` as a blob and its tree; return the tree's key."""
        recipe = Recipe(blob=self.put_blob(archive))
        source = self.state.blob(recipe.blob) if recipe.blob else None
        return self.trees.ensure(recipe, source, label=label, reporter=self.reporter).key


SOURCES = os.pathsep.join(str(Path(__file__).parents[2] / part) for part in ("src", "."))
_NOBODY = 65534
_AS_NOBODY = """
import os, sys
from pathlib import Path
import filelock  # everything is imported before: the interpreter may be another user's secret
import pkgs.store.actions, tests.support.stores
filelock.SoftFileLock, filelock.FileLock, filelock.Timeout
if os.getuid() == 0:
    os.setgroups([])
    os.setgid({nobody})
    os.setuid({nobody})
try:
{body}
except Exception as error:
    print(type(error).__name__, error)
"""


def as_nobody(body: str, *arguments: Path, strings: Iterable[str] = ()) -> str:
    """Run Python code without root's rights, which would override modes; return what it prints."""
    for argument in arguments:
        for directory in (argument, *argument.parents):
            if directory.stat().st_uid == os.getuid() and not directory.stat().st_mode & 0o001:
                directory.chmod(directory.stat().st_mode | 0o055)
    script = _AS_NOBODY.format(nobody=_NOBODY, body=textwrap.indent(textwrap.dedent(body), "    "))
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments), *strings],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.defpath, "PYTHONPATH": SOURCES, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return done.stdout + done.stderr


def whole_trees(state: State) -> list[Digest]:
    """Return the keys of all trees at their final paths."""
    names = (path.name for path in state.trees.glob("sha256-*") if path.is_dir())
    return [Digest(name.removeprefix("sha256-")) for name in names]
