"""What is written down of a tree: a small record, and a listing of every file, both beside the tree.

    trees/sha256-KEY/        the tree
    trees/sha256-KEY.json    the record; a tree without one is not trusted
    trees/sha256-KEY.list    one JSON array for each entry, in the order of the tree digest
    trees/.xxxxx-KEY         a tree being made, in a place of its own: x are random
    trees/.moved-KEY         a whole tree that gc has taken out of sight and may put back

The three directories' names are equally long: a path written into a file while the tree was made can be
replaced by its final path without moving a byte.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pkgs.digests import Digest
from pkgs.errors import PkgsError, StoreError
from pkgs.state import State
from pkgs.store.files import atomic_write
from pkgs.store.treedigest import Entry

TREE = "sha256-"
MOVED = ".moved-"
RECORD = ".json"
LISTING = ".list"
FORMAT = 1
_TYPES = [str, str, str, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A tree's own account: its digest, what it was made from, and for whom first.

    ``files`` counts files, ``size`` is theirs in bytes. ``relocated`` counts the files that hold the tree's
    own path; where it is not 0 the digest belongs to this place only.
    """

    key: Digest
    tree: Digest
    blob: Digest | None
    label: str
    files: int
    size: int
    relocated: int
    recipe: Mapping[str, object]

    def write(self, state: State) -> None:
        """Put the record beside its tree."""
        document = asdict(self) | {"format": FORMAT, "key": self.key.hex, "tree": self.tree.hex}
        document["blob"] = self.blob.hex if self.blob else None
        text = json.dumps(document, indent=1, sort_keys=True)
        atomic_write(record_path(state, self.key), f"{text}\n".encode())


def read_record(state: State, key: Digest) -> Record | None:
    """Return the record of a tree; None if there is none, or none that can be read."""
    try:
        found = json.loads(record_path(state, key).read_bytes())
        return _record(found) if found["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError, PkgsError):
        return None


def _record(found: Mapping[str, object]) -> Record:
    values = {name: value for name, value in found.items() if name != "format"}
    for name in ("key", "tree", "blob"):
        values[name] = Digest(str(found[name])) if found[name] else None
    return Record(**values)  # type: ignore[arg-type]  # a wrong name raises TypeError, which is caught


def recorded(state: State) -> set[Digest]:
    """Return the keys of the trees that have a record."""
    keys = set()
    for path in state.trees.glob(f"{TREE}*{RECORD}"):
        with suppress(PkgsError):  # somebody else's file
            keys.add(Digest(path.name.removeprefix(TREE).removesuffix(RECORD)))
    return keys


def record_path(state: State, key: Digest) -> Path:
    """Return where the record of a tree is."""
    return state.trees / f"{TREE}{key.hex}{RECORD}"


def listing_path(state: State, key: Digest) -> Path:
    """Return where the listing of a tree is."""
    return state.trees / f"{TREE}{key.hex}{LISTING}"


def new_build(state: State, key: Digest) -> Path:
    """Make an empty directory, which nobody else uses, for a tree that is not whole yet; return it."""
    state.trees.mkdir(parents=True, exist_ok=True)
    while True:
        building = state.trees / f".{os.urandom(3).hex()[1:]}-{key.hex}"
        with suppress(FileExistsError):
            building.mkdir()
            return building


def moved_path(state: State, key: Digest) -> Path:
    """Return where gc puts a whole tree while it makes sure that nobody needs it."""
    return state.trees / f"{MOVED}{key.hex}"


def tree_lock(key: Digest) -> str:
    """Return the name of a tree's lock."""
    return f"tree-{key.hex}"


@contextmanager
def writing_listing(path: Path) -> Iterator[Callable[[Entry], None]]:
    """Yield a function that adds an entry to the new file ``path``."""
    quoted = json.encoder.encode_basestring_ascii  # a whole JSON encoder takes four times as long
    with path.open("x", encoding="ascii") as file:

        def write(entry: Entry) -> None:
            kind, name, content, mode, size, mtime = entry
            file.write(f'["{kind}",{quoted(name)},{quoted(content)},{mode},{size},{mtime}]\n')

        yield write


def read_listing(path: Path, parts: Collection[str] = ("",)) -> Iterator[Entry]:
    """Yield the entries of a listing; raises :class:`StoreError` for one that cannot be read.

    Those in which none of ``parts`` stands may be left out: to parse them all takes long.
    """
    quoted = [json.dumps(part)[1:-1] for part in parts]
    try:
        with path.open(encoding="ascii") as file:
            for line in file:
                if any(part in line for part in quoted):
                    yield _entry(json.loads(line))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged"
        raise StoreError(f"{path}: cannot be read: {reason}", "run: pkgs verify --repair") from error


def _entry(found: object) -> Entry:
    if not isinstance(found, list) or [*map(type, found)] != _TYPES:
        raise ValueError(found)
    return Entry(*found)
