"""What reaching manifest sources takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pkgs.progress import Reporter
from pkgs.state import State

if TYPE_CHECKING:
    from pkgs.artifact.fetch import Fetcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where sources are kept, who is told of the work, and how they are reached.

    ``root`` is the environment's root, None outside of one. ``commits`` are those in the lock, by URI;
    ``frozen`` refuses a source whose commit is not among them. ``private`` are patterns of the GitHub
    repositories (``owner/name``) that get a token. ``lock_timeout`` is how many seconds to wait for another
    process that obtains a source (None: as long as it lives).
    """

    state: State
    environ: Mapping[str, str]
    reporter: Reporter
    fetcher: Callable[[], Fetcher]
    root: Path | None = None
    commits: Mapping[str, str] = field(default_factory=dict)
    private: Sequence[str] = ()
    offline: bool = False
    frozen: bool = False
    lock_timeout: float | None = None
