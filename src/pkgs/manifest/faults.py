"""Faults: what is wrong with a manifest, gathered so that all of it can be told at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pkgs.errors import ManifestError

_MOST = 50
_HINT = "docs/reference/manifest.md says what a manifest may hold"


class Fault(NamedTuple):
    """One thing that is wrong, and the line it is on."""

    line: int
    message: str


class FaultsError(Exception):
    """A text that cannot be understood further; it has ``faults``."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults)


def manifest_error(path: str, faults: Iterable[Fault]) -> ManifestError:
    """Return the error that tells all ``faults`` of the file ``path``, in line order."""
    ordered = sorted(set(faults))
    told = [f"{path}:{fault.line}: {fault.message}" for fault in ordered[:_MOST]]
    if len(ordered) > _MOST:
        told.append(f"{path}: and {len(ordered) - _MOST} more faults")
    return ManifestError("\n".join(told), _HINT)
