"""What a change of an environment is about to do, so that one killed halfway can be made up for.

Links change one by one. Before the first, the file ``.pkgs.change`` beside them says how all will be and
which lock goes with them; after the last it goes. While both it and that lock are there, links count as it
says: to whoever looks, the change is made at once, when the lock is replaced. Beside another lock it means
nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from pkgs.environment.root import ACTIVATE, ACTIVATE_FISH, LOCK, WRAPPER
from pkgs.store.files import TEMP_PREFIX, atomic_write, storing

JOURNAL = ".pkgs.change"
# What a kill may leave beside the links: files on their way to names that only whoever is alone writes.
_LEFT = tuple(f"{TEMP_PREFIX}{name}-" for name in (JOURNAL, LOCK, WRAPPER, ACTIVATE, ACTIVATE_FISH))
_FRESH_LINK = re.compile(r"\..+\.\d+\.new")


def announce(bin_dir: Path, links: Mapping[str, str | None], lock: bytes | None) -> None:
    """Say which links will be made (their targets) or removed (None), once the lock's text is ``lock``."""
    document = {"lock": _name(lock), "links": dict(links)}
    atomic_write(bin_dir / JOURNAL, json.dumps(document).encode())


def retract(bin_dir: Path) -> None:
    """Say that all is done, or that nothing is."""
    with storing(bin_dir / JOURNAL):
        if (bin_dir / JOURNAL).exists():  # removing nothing is refused, too, where nothing can be written
            (bin_dir / JOURNAL).unlink()


def unfinished(bin_dir: Path) -> Mapping[str, str | None]:
    """Return the links that a change under way, or a killed one, makes or removes."""
    try:
        document = json.loads((bin_dir / JOURNAL).read_bytes())
        links = {str(name): target for name, target in document["links"].items()}
        fits = document["lock"] == _name(read_bytes(bin_dir / LOCK))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    proper = all("/" not in name and isinstance(target, str | None) for name, target in links.items())
    return links if fits and proper else {}


def fresh_link(link: Path) -> Path:
    """Return the name under which this process makes a link, before it puts it in place."""
    return link.with_name(f".{link.name}.{os.getpid()}.new")


def is_fresh(name: str) -> bool:
    """Say whether a link's name is one under which it is made, so that it means nothing yet."""
    return _FRESH_LINK.fullmatch(name) is not None


def left_over(bin_dir: Path) -> list[Path]:
    """Return what killed commands left beside the links; for whoever is alone there."""
    return [
        path
        for path in bin_dir.iterdir()
        if path.name.startswith(_LEFT) or (is_fresh(path.name) and path.is_symlink())
    ]


def read_bytes(path: Path) -> bytes | None:
    """Return a file's content; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _name(lock: bytes | None) -> str:
    return "" if lock is None else hashlib.sha256(lock).hexdigest()
