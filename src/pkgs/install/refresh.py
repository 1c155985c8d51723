"""``pkgs update``: manifest sources brought to their newest state, and the lock with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pkgs.environment.lock import Lock, LockedSource, read_lock
from pkgs.install.transaction import alone, frozen_error, write_lock
from pkgs.install.workspace import Workspace
from pkgs.source.model import Refreshed


def refresh(workspace: Workspace) -> tuple[tuple[Refreshed, ...], bool]:
    """Refresh every source; return how it went, and whether the lock was changed.

    A source that cannot be refreshed stays where it is, in the lock as well. A lock that is not there is not
    made: installing does that. Raises :class:`LockError` when frozen.
    """
    if workspace.frozen:
        raise frozen_error(workspace, "the manifest sources cannot be refreshed")
    sources = workspace.catalog.sources
    with ThreadPoolExecutor(max(1, len(sources))) as pool:
        outcome = tuple(pool.map(lambda source: source.refresh(), sources))
    with alone(workspace):
        lock = read_lock(workspace.environment.lock_file)
        if lock == Lock():
            return outcome, False
        known = {source.uri: source.commit for source in lock.sources}
        return outcome, write_lock(
            workspace.environment.lock_file, lock, replace(lock, sources=tuple(_locked(outcome, known)))
        )


def _locked(outcome: Sequence[Refreshed], known: Mapping[str, str]) -> Iterator[LockedSource]:
    """Yield what the lock is to say; where it has changed since ours was read, another update was later."""
    for each in outcome:
        held = known.get(each.uri, "")
        yield LockedSource(each.uri, each.after if held in ("", each.before) else held)
