"""Carry out a trigger's actions, in order, inside the directories they may touch.

Source of the rules: hermit, manifest/actions.go. Where hermit trusts a manifest with any path, a path here
must lie in an allowed directory, links followed. What ``run`` starts can do what its user can.
"""

from __future__ import annotations

import os
import shlex
import signal
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pkgs.errors import StoreError
from pkgs.manifest.model import Action, Chmod, Copy, Delete, Message, Mkdir, Rename, Run, Symlink
from pkgs.store.files import clean_on_failure, remove_tree, temp_sibling, write_new

# All that a program started by an action sees of the environment, besides what the manifest sets.
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
_SECONDS = 600.0
_SHOWN_LINES = 20
_SHOWN_BYTES = 4_000


def run_actions(
    actions: Sequence[Action],
    *,
    root: Path,
    copy_source: Callable[[str], bytes],
    allowed: Sequence[Path] = (),
    environ: Mapping[str, str] | None = None,
    timeout: float = _SECONDS,
) -> list[str]:
    """Carry out ``actions``, whose paths are absolute, and return the messages for the user.

    ``root`` is where programs run; paths must lie in it or in one of ``allowed``. ``copy_source`` reads a
    file that lies beside the manifest. Programs run without a shell, with the :data:`KEPT_VARIABLES` of
    ``environ`` (the process's own unless given), and at most ``timeout`` seconds each. The first action that
    fails ends it with a :class:`StoreError`; what earlier ones did stays, for the caller to throw away.
    """
    kept = os.environ if environ is None else environ
    variables = {name: kept[name] for name in KEPT_VARIABLES if name in kept}
    actor = _Actor(root, (root, *allowed), copy_source, {"PATH": os.defpath, **variables}, timeout)
    for action in actions:
        actor.act(action)
    return [action.text for action in actions if isinstance(action, Message)]


@dataclass(frozen=True, slots=True)
class _Actor:
    root: Path
    allowed: tuple[Path, ...]
    copy_source: Callable[[str], bytes]
    environ: Mapping[str, str]
    timeout: float

    def act(self, action: Action) -> None:
        """Carry out one action; say which it was if it fails."""
        try:
            self._act(action)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise StoreError(
                f"the manifest's action {described(action)} failed: {reason}",
                "see whether the package is laid out as its manifest expects",
            ) from error

    def _act(self, action: Action) -> None:
        match action:
            case Rename():
                self._entry(action.from_).rename(self._entry(action.to))
            case Delete():
                self._delete(action)
            case Chmod():
                self._file(action.file).chmod(action.mode & 0o777)
            case Copy():
                self._copy(action)
            case Run():
                self._run(action)
            case Mkdir() | Symlink():
                self._make(action)

    def _delete(self, action: Delete) -> None:
        """Remove files and empty directories; when recursive, whole trees and what is not there."""
        for path in map(self._entry, action.files):
            is_directory = path.is_dir() and not path.is_symlink()
            if action.recursive and is_directory:
                remove_tree(path)
            elif is_directory:
                path.rmdir()
            else:
                path.unlink(missing_ok=action.recursive)

    def _copy(self, action: Copy) -> None:
        to = self._file(action.to)
        if Path(action.from_).is_absolute():
            source = self._file(action.from_)
            content, mode = source.read_bytes(), stat.S_IMODE(source.stat().st_mode)
        else:
            content = self.copy_source(action.from_)
            mode = 0o755 if content.startswith(b"#!") else 0o644
        fresh = temp_sibling(to)  # at its own name it is whole, or what was there, whenever we are killed
        with clean_on_failure(fresh):
            write_new(fresh, content)
            fresh.chmod((action.mode or mode) & 0o777)
            fresh.replace(to)

    def _make(self, action: Mkdir | Symlink) -> None:
        """Make a directory, which may exist, or a link to something inside, which may not."""
        if isinstance(action, Mkdir):
            self._file(action.dir).mkdir(mode=action.mode or 0o750, parents=True, exist_ok=True)
            return
        link = self._entry(action.to)
        self._file(str(link.parent / action.from_))
        link.symlink_to(action.from_)

    def _run(self, action: Run) -> None:
        """Run a program; the end of what it prints is shown, and only if it fails."""
        from tempfile import TemporaryFile  # deferred: few packages run anything

        # Files, since whatever the program leaves running would hold a pipe open.
        with TemporaryFile() as given, TemporaryFile() as printed:
            given.write(action.stdin.encode())
            given.seek(0)
            status = self._status(action, given, printed)
            if status:
                raise StoreError(_failure(action, status, _tail(printed)), "see what the program says above")

    def _status(self, action: Run, given: IO[bytes], printed: IO[bytes]) -> int:
        """Return the status that a program ended with; end what it left running."""
        import subprocess  # deferred: few packages run anything

        command = [*shlex.split(action.cmd), *action.args]
        if not command:
            raise ValueError("no program is named")
        with subprocess.Popen(
            command,
            cwd=self._file(action.dir) if action.dir else self.root,
            env={**self.environ, **dict(text.partition("=")[::2] for text in action.env)},
            stdin=given,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            try:
                return process.wait(self.timeout)
            except subprocess.TimeoutExpired as error:
                raise StoreError(
                    f"the manifest's action {described(action)} ran longer than {self.timeout:g} s",
                    "run it by hand to see what it waits for",
                ) from error
            finally:
                _end(process.pid)

    def _entry(self, text: str) -> Path:
        """Return the path of something inside an allowed directory, not following a link in its place."""
        path = Path(text)
        parent = self._inside(path.parent, text)
        if path.name in {"", ".", ".."}:
            raise self._refusal(text)
        return parent / path.name

    def _file(self, text: str) -> Path:
        """Return the real path of something inside an allowed directory, or of such a directory."""
        return self._inside(Path(text), text)

    def _inside(self, path: Path, text: str) -> Path:
        real = Path(os.path.realpath(path))
        if any(real.is_relative_to(os.path.realpath(directory)) for directory in self.allowed):
            return real
        raise self._refusal(text)

    def _refusal(self, text: str) -> StoreError:
        return StoreError(
            f"the manifest's action names {text}, which is outside of the package",
            "actions may touch only what is in the package's own directory",
        )


def described(action: Action) -> str:
    """Return an action as one would say it, for messages."""
    match action:
        case Rename() | Copy() | Symlink():
            return f"{type(action).__name__.lower()} {action.from_} {action.to}"
        case Delete():
            return f"delete {' '.join(action.files)}"
        case Chmod():
            return f"chmod {action.mode:o} {action.file}"
        case Mkdir():
            return f"mkdir {action.dir}"
        case Run():
            return " ".join(["run", action.cmd, *action.args])
        case Message():
            return "message"


def _failure(action: Run, status: int, output: bytes) -> str:
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    lines = output.decode("utf-8", "replace").rstrip().splitlines()[-_SHOWN_LINES:]
    return "\n  ".join([f"the manifest's action {described(action)} {how}", *lines])


def _tail(file: IO[bytes]) -> bytes:
    file.seek(max(file.seek(0, os.SEEK_END) - _SHOWN_BYTES, 0))
    return file.read()


def _end(leader: int) -> None:
    """End whatever a program left running: its session is its own."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
