"""How file systems spell names: some keep all accents apart from their letters (NFD), as HFS+ does."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import Literal

from pkgs.digests import Digest
from pkgs.errors import StoreError
from pkgs.state import State
from pkgs.store.records import listing_path, read_listing
from pkgs.store.treedigest import Entry, TreeSum, sort_key

_FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")


def same_but_for_spelling(state: State, key: Digest, digests: Collection[Digest]) -> bool:
    """Tell whether a tree would have one of ``digests`` if its names' accents were spelled in another way."""
    with suppress(StoreError):
        listed = list(read_listing(listing_path(state, key)))
        return any(_digest(respelled) in digests for respelled in _respellings(listed))
    return False


def _respellings(listed: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield the entries with all letters and accents together, and with all apart."""
    for form in _FORMS:
        yield [entry._replace(path=unicodedata.normalize(form, entry.path)) for entry in listed]


def _digest(entries: Iterable[Entry]) -> Digest:
    total = TreeSum()
    for entry in sorted(entries, key=lambda entry: sort_key(entry.path)):
        total.add(entry)
    return total.result().digest
