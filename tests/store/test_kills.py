"""Kill anywhere: whatever instant a process dies at, the store holds old or new, and the next run succeeds.

``PKGS_TEST_KILLS`` is how many instants are tried (40).
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

from pkgs.artifact.model import Artifact
from pkgs.digests import digest_bytes, digest_file
from pkgs.references import Reference
from pkgs.store.copies import Copies
from pkgs.store.gc import collect
from pkgs.store.recipe import Recipe
from pkgs.store.verify import Condition, Expectation, examine
from tests.support.kills import count_changes, run_and_kill
from tests.support.stores import LINUX, Shelf, TestStore, tar_of_files, whole_trees

KILLS = int(os.environ.get("PKGS_TEST_KILLS", "40"))
FIRST = tar_of_files({"bin/tool": b"first", "doc": b"x"}, executable={"bin/tool"})
SECOND = tar_of_files({"bin/tool": b"second", "lib/a": b"a", "lib/b": b"b"}, executable={"bin/tool"})


class Day:
    """An environment's day: install, repair, copy, install something of unknown digest, forget, collect."""

    def __init__(self, root: Path) -> None:
        self.store = TestStore(root / "state")
        self.bin_dir = root / "bin"
        self.bin_dir.mkdir(parents=True)

    def pass_by(self) -> None:
        store = self.store
        known = Artifact("https://host.invalid/first", digest_bytes(FIRST), len(FIRST))
        unknown = Artifact("https://host.invalid/second")
        shelf = Shelf({known.url: FIRST, unknown.url: SECOND})
        recipe = Recipe(blob=known.digest)
        store.roots.add(self.bin_dir, store.reporter, trees=[recipe.key()], blobs=[digest_bytes(FIRST)])
        first = store.blobs.ensure([known], LINUX, shelf, store.reporter, "first")
        store.trees.ensure(recipe, first.path, label="first", reporter=store.reporter)
        tree = store.trees.ensure(recipe, first.path, label="first", reporter=store.reporter, anew=True)
        copies = Copies(store.state, store.locks)
        copies.ensure(tree, self.bin_dir, Reference("first", "1"), waiting=store.reporter.info)
        second = store.blobs.ensure([unknown], LINUX, shelf, store.reporter, "second")
        store.trees.ensure(Recipe(blob=second.digest), second.path, label="second", reporter=store.reporter)
        store.roots.record(self.bin_dir, store.reporter, trees=[recipe.key()], blobs=[first.digest])
        self.collect()

    def collect(self, later: float = 0) -> None:
        collect(
            self.store.state,
            self.store.locks,
            now=time.time() + later,
            older_than=0,
            dry_run=False,
            reporter=self.store.reporter,
        )

    def check(self) -> None:
        """Nothing half-written is at a final path."""
        state = self.store.state
        for path in state.blobs.glob("??/*"):
            assert digest_file(path).hex == path.name
        for key in whole_trees(state):
            assert examine(state, Expectation("x", key), deep=True).condition is Condition.WHOLE
        records = list(state.roots.glob("*.json"))
        assert len(self.store.roots.all()) == len(records)
        for copy in state.mutable.glob("*/first-1"):
            assert sorted(path.name for path in copy.rglob("*")) == ["bin", "doc", "tool"]


def test_a_kill_at_any_instant_leaves_old_or_new(tmp_path: Path) -> None:
    total = count_changes(Day(tmp_path / "count").pass_by, tmp_path)
    chance = random.Random(20240806)
    instants = sorted(chance.sample(range(total), min(KILLS, total)))
    for instant in instants:
        day = Day(tmp_path / str(instant))
        assert run_and_kill(day.pass_by, tmp_path, instant), instant
        day.check()
        if chance.random() < 0.5:
            run_and_kill(day.pass_by, tmp_path, chance.randrange(total))
            day.check()
        day.pass_by()
        day.check()
        day.collect(later=2 * 86400)

        left = sorted(path.name[:12] for path in day.store.state.trees.iterdir())
        assert len(left) == 3, (instant, left)
        assert list(day.store.state.root.rglob(".*")) == [], instant
        assert list(day.store.state.partial.iterdir()) == [], instant
