"""The order of the rooms: a module imports only from rooms to its left, and each library has one home.

``ROOMS`` is the architecture. A new module belongs to one of its rooms; a new library gets one home here.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support.imports import Import, SourceTree, find_cycle

ROOMS = (
    "base", "manifest", "package", "artifact", "store", "source", "authoring", "environment", "install",
    "shim", "migrate", "ui", "app", "cli",
)  # fmt: skip
BASE = frozenset(
    {
        "errors",
        "digests",
        "platforms",
        "progress",
        "envops",
        "references",
        "names",
        "versions",
        "globs",
        "state",
        "texts",
    }
)
# Library → the modules that may import it, as name or name prefix ending in a dot.
HOMES: dict[str, tuple[str, ...]] = {
    "cssselect": ("pkgs.authoring.queries",),
    "filelock": ("pkgs.store.locks",),
    "hcl2": ("pkgs.manifest.hcl",),
    "jq": ("pkgs.authoring.queries",),
    "lark": ("pkgs.manifest.hcl",),
    "lxml": ("pkgs.authoring.queries",),
    "httpcore": ("pkgs.artifact.connections",),
    "httpx": ("pkgs.artifact.transport",),
    "packaging": ("pkgs.artifact.wheels",),
    "platformdirs": ("pkgs.state",),
    "pydantic": ("pkgs.manifest.schema", "pkgs.environment.configschema", "pkgs.artifact."),
    "rich": ("pkgs.ui.",),
    "tomli_w": ("pkgs.environment.lock",),
    "truststore": ("pkgs.artifact.tls",),
    "zstandard": ("pkgs.store.unpack.compression",),
}
# Standard modules that cost some 8 ms or more on top of a bare interpreter, so that deferring them pays.
SLOW_STANDARD = frozenset(
    {"asyncio", "concurrent", "configparser", "email", "gzip", "http", "importlib", "logging",
     "multiprocessing", "netrc", "socket", "sqlite3", "ssl",
     "subprocess", "tarfile", "tempfile", "traceback", "urllib", "xml", "zipfile"}
)  # fmt: skip
LONGEST_MODULE = 320
LONGEST_FUNCTION = 40

TREE = SourceTree.read(Path(__file__).parents[1] / "src" / "pkgs")


def room_of(module: str) -> str:
    """Return the room of ``pkgs.….…``; ``__main__`` and the package itself frame the whole."""
    first = module.split(".")[1] if "." in module else ""
    if first in BASE or not first:
        return "base"
    return "cli" if first == "__main__" else first


def wrong_way(tree: SourceTree) -> list[Import]:
    """Return imports of a room to the right."""
    return [found for found in _own(tree) if _place(found.importer) < _place(found.module)]


def homeless(tree: SourceTree) -> list[Import]:
    """Return imports of a library outside its home."""
    libraries = [found for found in tree.imports() if _library(found)]
    return [found for found in libraries if not _at_home(found)]


def needlessly_deferred(tree: SourceTree) -> list[Import]:
    """Return imports inside functions that save nothing: neither slow themselves nor leading to a library.

    The command line is free to defer whatever a command needs until that command runs.
    """
    heavy = _heavy(tree)
    return [
        found
        for found in tree.imports()
        if found.deferred
        and room_of(found.importer) not in ("app", "cli")
        and not _library(found)
        and found.module not in heavy
        and not _slow(found)
    ]


def cycle(tree: SourceTree) -> list[str]:
    """Return one circle of imports, deferred ones included."""
    edges: dict[str, set[str]] = defaultdict(set)
    for found in _own(tree):
        edges[found.importer].add(found.module)
    return find_cycle(edges)


def _place(module: str) -> int:
    room = room_of(module)
    return ROOMS.index(room) if room in ROOMS else len(ROOMS)


def _own(tree: SourceTree) -> list[Import]:
    return [found for found in tree.imports() if found.module.partition(".")[0] == "pkgs"]


def _library(found: Import) -> bool:
    top = found.module.partition(".")[0]
    return top != "pkgs" and top not in sys.stdlib_module_names


def _slow(found: Import) -> bool:
    return found.module.partition(".")[0] in SLOW_STANDARD


def _at_home(found: Import) -> bool:
    homes = HOMES.get(found.module.partition(".")[0], ())
    return any(
        found.importer == home or (home.endswith(".") and found.importer.startswith(home)) for home in homes
    )


def _heavy(tree: SourceTree) -> set[str]:
    """Return the modules whose import brings in a library or a slow standard module, directly or not."""
    heavy = {found.importer for found in tree.imports() if _library(found) or _slow(found)}
    while more := {found.importer for found in _own(tree) if found.module in heavy} - heavy:
        heavy |= more
    return heavy


def test_every_module_has_a_room() -> None:
    strangers = [name for name in TREE.modules if room_of(name) not in ROOMS]

    assert strangers == []


def test_modules_import_only_from_rooms_to_their_left() -> None:
    assert list(map(str, wrong_way(TREE))) == []


def test_each_library_is_imported_only_at_its_home() -> None:
    assert list(map(str, homeless(TREE))) == []


def test_imports_run_in_no_circle() -> None:
    assert cycle(TREE) == []


def test_imports_inside_functions_save_something() -> None:
    assert list(map(str, needlessly_deferred(TREE))) == []


def test_no_module_grows_long() -> None:
    long = {name: count for name, count in TREE.line_counts.items() if count > LONGEST_MODULE}

    assert long == {}


def test_no_function_grows_long() -> None:
    long = {
        f"{each.module}.{each.name}": each.lines for each in TREE.functions() if each.lines > LONGEST_FUNCTION
    }

    assert long == {}


PLANTED = {
    "pkgs": "",
    "pkgs.errors": "",
    "pkgs.store": "",
    "pkgs.store.blobs": "import httpx\nfrom pkgs.environment import lock\n",
    "pkgs.environment": "",
    "pkgs.environment.lock": (
        "def read():\n    from pkgs import errors\n    import json, tomli_w, pkgs.store.blobs\n"
    ),
    "pkgs.attic": "from .errors import PkgsError\n",
}  # fmt: skip


@pytest.fixture
def planted() -> SourceTree:
    """Return a tree that breaks every rule."""
    return SourceTree.of(PLANTED)


def test_the_walk_sees_an_import_to_the_right(planted: SourceTree) -> None:
    assert [str(found) for found in wrong_way(planted)] == [
        "pkgs.store.blobs:2 imports pkgs.environment.lock"
    ]


def test_the_walk_sees_a_library_away_from_home(planted: SourceTree) -> None:
    assert [str(found) for found in homeless(planted)] == [
        "pkgs.store.blobs:1 imports httpx",
        "pkgs.attic:1 imports <a relative import in pkgs.attic>",
    ]


def test_the_walk_sees_a_circle(planted: SourceTree) -> None:
    assert cycle(planted) == ["pkgs.environment.lock", "pkgs.store.blobs", "pkgs.environment.lock"]


def test_the_walk_sees_a_deferral_that_saves_nothing(planted: SourceTree) -> None:
    assert [str(found) for found in needlessly_deferred(planted)] == [
        "pkgs.environment.lock:2 imports pkgs.errors",
        "pkgs.environment.lock:3 imports json",
    ]


def test_the_walk_sees_a_module_without_a_room(planted: SourceTree) -> None:
    assert [name for name in planted.modules if room_of(name) not in ROOMS] == ["pkgs.attic"]
