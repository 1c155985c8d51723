"""The tree that the lock records for a package, and whether the one that is here passes for it."""

from __future__ import annotations

from dataclasses import dataclass

from pkgs.digests import Digest
from pkgs.install.locking import to_artifact
from pkgs.install.recipes import recipe_of
from pkgs.install.wanted import Wanted
from pkgs.state import State
from pkgs.store.spelling import same_but_for_spelling


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the lock says of a tree, or is to say where it does not; ``stands`` if the tree passes for it."""

    digest: Digest
    stands: bool


def recorded_tree(state: State, wanted: Wanted, key: Digest, found: Digest) -> Recorded:
    """Return what the lock says of the tree with this key, whose digest here is ``found``.

    It may have been seen with another origin: the same bytes, unpacked in the same way, are one tree. What
    programs help to make holds paths or times and is another tree on each machine, so that any passes.
    """
    held = wanted.locked.artifacts.get(wanted.package.platform, ()) if wanted.locked else ()
    recipes = ((recipe_of(wanted, to_artifact(each)), each.tree) for each in held if each.tree)
    known = {Digest.parse(tree): recipe for recipe, tree in recipes if recipe.key() == key}
    if not known or found in known:
        return Recorded(found, stands=True)
    (first, recipe), *_ = known.items()
    return Recorded(first, stands=recipe.programs or same_but_for_spelling(state, key, known))
