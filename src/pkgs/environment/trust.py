"""Which environments a user allows to be activated on entering their directory.

Allowed is content: what runs, or decides what runs, at activation. A copy of it is kept in the state
directory, beside its digests, and the prompt hooks compare the two byte for byte, which they can without
starting a process. Modification times would not do: whoever packs an archive chooses them.

Of the lock only its beginning counts, up to the first table after ``[pkgs]``: that is what names the pkgs
to be started. Pins change with every install, and are no programs that run at activation.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pkgs.environment.root import ACTIVATE, ACTIVATE_FISH, CONFIG, LOCK, WRAPPER
from pkgs.errors import EnvError
from pkgs.store.files import atomic_write, refusal

DIRECTORY = ".trust"
RECORD = "digests"
_WHOLE = (WRAPPER, ACTIVATE, ACTIVATE_FISH, CONFIG)


class Standing(StrEnum):
    """How an environment stands with the user."""

    ALLOWED = "allowed"
    CHANGED = "changed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Record:
    """What was allowed: the SHA-256 of each file's content that counts, by its name."""

    digests: dict[str, str]


def lock_head(text: bytes) -> bytes:
    """Return the part of a lock that is compared: the lines before the first table other than ``[pkgs]``."""
    lines = text.splitlines(keepends=True)
    ends = (
        number for number, line in enumerate(lines) if line.startswith(b"[") and line.rstrip() != b"[pkgs]"
    )
    return b"".join(lines[: next(ends, len(lines))])


def allow(env_state: Path, bin_dir: Path) -> Record:
    """Record the present content as allowed; raises :class:`EnvError` where there is no environment."""
    contents = _contents(bin_dir)
    if WRAPPER not in contents:
        raise EnvError(f"{bin_dir} holds no environment", "name an environment's directory")
    record = Record({name: hashlib.sha256(content).hexdigest() for name, content in contents.items()})
    kept = env_state / DIRECTORY
    try:
        (kept / RECORD).unlink(missing_ok=True)
        for name in (*_WHOLE, LOCK):
            if name in contents:
                atomic_write(kept / name, contents[name], 0o600)
            else:
                (kept / name).unlink(missing_ok=True)
        # Last: without it, the copies are nothing.
        atomic_write(kept / RECORD, json.dumps(record.digests, indent=2).encode() + b"\n", 0o600)
    except OSError as error:
        raise refusal(kept, error) from error
    return record


def withdraw(env_state: Path) -> None:
    """Forget that an environment was allowed."""
    (env_state / DIRECTORY / RECORD).unlink(missing_ok=True)
    shutil.rmtree(env_state / DIRECTORY, ignore_errors=True)


@contextmanager
def kept(env_state: Path, bin_dir: Path) -> Iterator[None]:
    """Keep an environment allowed over a change that its user makes through pkgs."""
    before = standing(env_state, bin_dir)
    yield
    if before is Standing.ALLOWED:
        allow(env_state, bin_dir)


def standing(env_state: Path, bin_dir: Path) -> Standing:
    """Tell whether the environment's content is what was allowed."""
    try:
        digests = json.loads((env_state / DIRECTORY / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Standing.UNKNOWN
    present = {name: hashlib.sha256(content).hexdigest() for name, content in _contents(bin_dir).items()}
    return Standing.ALLOWED if present == digests else Standing.CHANGED


def _contents(bin_dir: Path) -> dict[str, bytes]:
    """Return what counts of each file that exists."""
    found: dict[str, bytes] = {}
    for path in (bin_dir / name for name in (*_WHOLE, LOCK)):
        if path.is_file():
            with suppress(FileNotFoundError):  # it has gone since
                found[path.name] = path.read_bytes()
    return {name: lock_head(content) if name == LOCK else content for name, content in found.items()}
