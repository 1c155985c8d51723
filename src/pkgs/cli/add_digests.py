"""``pkgs add-digests``: hermit's short name of ``pkgs manifest add-digests``."""

from __future__ import annotations

from pkgs.cli.manifest_add_digests import configure, run

__all__ = ["configure", "run"]
