"""A recipe: everything that decides what an unpacked tree holds. Equal recipes share one tree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pkgs.digests import Digest, digest_bytes
from pkgs.manifest.model import Action, Message, Run

# Counts up when the same recipe begins to make another tree: old trees are then left to gc.
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a tree is made from bytes.

    ``blob`` is the digest of the archive (of the tree, for a directory; None for a package without a
    source). ``name`` is the file's name if the blob turns out to be a single file. ``actions`` are those of
    the unpack trigger, with symbolic places. ``files`` are all the files taken from beside the manifest,
    for ``files`` as for copy actions: where each goes (symbolic) and the digest of its bytes.
    ``binaries`` are globs of the programs that can be executed afterwards, whatever the archive says.
    ``apps`` are what is taken from a macOS disk image. ``mutable`` asks for a writable copy besides; it does
    not change the tree.
    """

    blob: Digest | None
    name: str = ""
    strip: int = 0
    dont_extract: bool = False
    actions: tuple[Action, ...] = ()
    files: tuple[tuple[str, Digest], ...] = ()
    binaries: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    mutable: bool = False

    @property
    def programs(self) -> bool:
        """Whether programs help to make the tree, so that it may be another one on each machine."""
        return any(isinstance(action, Run) for action in self.actions)

    def key(self) -> Digest:
        """Return the digest of the recipe: the name of its tree."""
        text = json.dumps(self.document(), sort_keys=True, separators=(",", ":"))
        return digest_bytes(text.encode("utf-8", "surrogateescape"))

    def document(self) -> Mapping[str, object]:
        """Return the recipe as plain values for JSON, without what does not change the tree."""
        return {
            "format": FORMAT,
            "blob": self.blob.hex if self.blob else None,
            "name": self.name,
            "strip": self.strip,
            "dont_extract": self.dont_extract,
            "actions": [_action(action) for action in self.actions if not isinstance(action, Message)],
            "files": [[to, digest.hex] for to, digest in self.files],
            **({"binaries": sorted(set(self.binaries))} if self.binaries else {}),
            **({"apps": list(self.apps)} if self.apps else {}),
        }


def _action(action: Action) -> Mapping[str, object]:
    return {"do": type(action).__name__, **asdict(action)}
