"""The steps of a migration: each changes one path, and all of them are made or none."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pkgs.environment.pins import replace_link
from pkgs.errors import EnvError, StoreError
from pkgs.store.files import atomic_write

PLAIN = 0o644


@dataclass(frozen=True, slots=True)
class Step:
    """What one path becomes: a file with ``content`` and ``mode``, a ``link``, or nothing at all."""

    path: Path
    content: bytes | None = None
    mode: int = PLAIN
    link: str = ""

    @classmethod
    def back_to_now(cls, path: Path) -> Step:
        """Return the step that brings ``path`` back to what it is now."""
        if path.is_symlink():
            return cls(path, link=str(path.readlink()))
        if path.exists():
            return cls(path, path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        return cls(path)

    @property
    def removes(self) -> bool:
        """Whether the path is gone afterwards."""
        return self.content is None and not self.link

    @property
    def needed(self) -> bool:
        """Whether the path is not yet what this step makes it; a file's mode alone is no reason."""
        if self.link:
            return not self.path.is_symlink() or str(self.path.readlink()) != self.link
        if self.content is None:
            return self.path.is_symlink() or self.path.exists()
        return self.path.is_symlink() or not self.path.is_file() or self.path.read_bytes() != self.content

    def take(self) -> None:
        """Change the path in one step; raise :class:`OSError` or :class:`StoreError`."""
        if self.link:
            replace_link(self.path, self.link)
        elif self.content is None:
            self.path.unlink(missing_ok=True)
        else:
            atomic_write(self.path, self.content, self.mode)

    def document(self) -> dict[str, str]:
        """Return it as plain values for JSON."""
        if self.link:
            return {"path": str(self.path), "change": "link", "target": self.link}
        return {"path": str(self.path), "change": "remove" if self.removes else "write"}


def take_all(steps: Sequence[Step]) -> None:
    """Take every step; if one fails, or the user interrupts, undo those before it.

    Raises :class:`EnvError` that names the path.
    """
    undo: list[Step] = []
    made: list[Path] = []
    try:
        for step in steps:
            made += _make_directories(step.path.parent)
            undo.append(Step.back_to_now(step.path))
            step.take()
    except BaseException as error:
        _take_back(undo, made)
        if isinstance(error, OSError | StoreError):
            raise _refusal(step.path, error) from error
        raise


@contextmanager
def directory_for(path: Path) -> Iterator[None]:
    """Have the directory ``path`` while the body runs, and no longer unless something is put there.

    Raises :class:`EnvError` if it cannot be made.
    """
    try:
        made = _make_directories(path)
    except OSError as error:
        raise _refusal(path, error) from error
    try:
        yield
    finally:
        for each in reversed(made):
            with suppress(OSError):
                each.rmdir()


def _refusal(path: Path, error: Exception) -> EnvError:
    return EnvError(f"{path} cannot be changed: {error}", "nothing was migrated; is the directory writable?")


def _make_directories(directory: Path) -> list[Path]:
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _take_back(undo: Sequence[Step], made: Sequence[Path]) -> None:
    for step in reversed(undo):
        if step.needed:
            step.take()
    for directory in reversed(made):
        directory.rmdir()
