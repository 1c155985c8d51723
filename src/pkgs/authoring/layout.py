"""What is in an archive: how deep its content lies, and which of its files are tools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pkgs.errors import ArchiveError
from pkgs.store.unpack import unpack
from pkgs.store.unpack.sniff import is_executable

_LIBRARIES = (".so", ".dylib", ".a", ".o", ".ko", ".node", ".bash", ".fish", ".zsh", ".elv")
_HEAD = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """The leading directories to drop, and the globs of tools below what is left.

    ``renamed`` is the one tool's file where it is called something else than the tool; "" otherwise.
    """

    strip: int
    binaries: tuple[str, ...]
    renamed: str = ""


def layout_of(archive: Path, file_name: str, tool: str) -> Layout:
    """Open ``archive``, whose URL ends in ``file_name``, and return where ``tool`` is in it.

    Raises :class:`ArchiveError` for what cannot be opened, or holds no program.
    """
    with TemporaryDirectory(prefix="pkgs-create-") as directory:
        top = Path(directory)
        unpack(archive, top, name=file_name)
        strip, root = _descend(top)
        programs = sorted(path.relative_to(root).as_posix() for path in _programs(root))
    if not programs:
        raise ArchiveError(f"{file_name} holds no program", "name a download for this kind of machine")
    return _chosen(strip, programs, tool)


def _descend(root: Path) -> tuple[int, Path]:
    """Return the directory that holds the content, and how many lie above it; ``bin`` is content."""
    strip = 0
    while True:
        entries = list(root.iterdir())
        if (
            len(entries) != 1
            or not entries[0].is_dir()
            or entries[0].is_symlink()
            or entries[0].name == "bin"
        ):
            return strip, root
        strip, root = strip + 1, entries[0]


def _programs(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        if path.is_file() and not path.name.startswith(".") and not _is_library(path):
            with path.open("rb") as file:
                if is_executable(file.read(_HEAD)):
                    yield path


def _is_library(path: Path) -> bool:
    return path.suffix in _LIBRARIES or ".so." in path.name


def _chosen(strip: int, programs: list[str], tool: str) -> Layout:
    """Choose the tool by its name; else all of ``bin``; else what lies highest."""
    in_bin = [each for each in programs if each.startswith("bin/") and each.count("/") == 1]
    named = [each for each in programs if PurePosixPath(each).name == tool]
    if len(in_bin) > 1:
        return Layout(strip, ("bin/*",))
    if named:
        return Layout(strip, (min(named, key=lambda each: each.count("/")),))
    if in_bin:
        return Layout(strip, (in_bin[0],))
    depth = min(each.count("/") for each in programs)
    highest = [each for each in programs if each.count("/") == depth]
    if len(highest) == 1:
        return Layout(strip, (highest[0],), renamed=highest[0])
    return Layout(strip, tuple(highest))
