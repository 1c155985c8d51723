"""Unpack whatever a package is published as, into a fresh directory and never outside it.

The kind is told from the content, as in hermit (archive.go), never from a name.
"""

from __future__ import annotations

from pkgs.store.unpack.extract import unpack, unpack_stream
from pkgs.store.unpack.limits import Limits

__all__ = ["Limits", "unpack", "unpack_stream"]
