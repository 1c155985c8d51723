"""The store as one value: its blobs, its trees and the locks they share."""

from __future__ import annotations

from dataclasses import dataclass

from pkgs.state import State
from pkgs.store.ahead import UnpackStream
from pkgs.store.blobs import Blobs
from pkgs.store.locks import Locks
from pkgs.store.roots import Roots
from pkgs.store.trees import Trees, Unpack


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that is kept by digest in one state directory."""

    locks: Locks
    blobs: Blobs
    trees: Trees
    roots: Roots

    @classmethod
    def at(
        cls,
        state: State,
        unpack: Unpack,
        stream: UnpackStream | None = None,
        *,
        lock_timeout: float | None = None,
    ) -> Store:
        """Return the store of a state directory; archives are opened by ``unpack``, or by ``stream``.

        ``lock_timeout`` is how many seconds to wait for another process (None: as long as it lives).
        """
        locks = Locks(state.locks, timeout=lock_timeout)
        return cls(locks, Blobs(state, locks), Trees(state, locks, unpack, stream), Roots(state, locks))
