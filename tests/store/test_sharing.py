"""Two names for the same bytes cost the disk once, as ``du`` has it."""

from __future__ import annotations

import errno
import os
import subprocess
import time
from pathlib import Path

import pytest

from pkgs.manifest.model import Chmod
from pkgs.references import Reference
from pkgs.store.copies import Copies
from pkgs.store.gc import collect
from pkgs.store.recipe import Recipe
from pkgs.store.trees import Tree
from pkgs.store.usage import usage
from pkgs.store.verify import Condition, Expectation, examine
from tests.support.stores import TestStore, as_nobody, tar_of_files

SIZE = 300_000
FILES = {"top/bin/tool": os.urandom(SIZE), "top/doc": os.urandom(SIZE), "top/empty": b"", "top/more/x": b"x"}
ARCHIVE = tar_of_files(FILES, executable={"top/bin/tool"})
# Directories, records and listings.
FEW = 100_000


def make(store: TestStore, name: str, **recipe: object) -> Tree:
    """Make the tree of the archive under a name of its own, which is all it takes to be another recipe."""
    blob = store.put_blob(ARCHIVE)
    made = Recipe(blob=blob, name=name, **recipe)  # type: ignore[arg-type]
    return store.trees.ensure(made, store.state.blob(blob), label=f"{name}-1", reporter=store.reporter)


def du(path: Path) -> int:
    done = subprocess.run(["du", "-s", "--block-size=1", path], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


def whole(store: TestStore, tree: Tree) -> bool:
    return all(
        examine(store.state, Expectation("tool", tree.key), deep=deep).condition is Condition.WHOLE
        for deep in (False, True)
    )


def inode(tree: Tree, name: str) -> int:
    return (tree.path / name).stat().st_ino


def test_the_same_bytes_under_two_names_cost_the_disk_once(store: TestStore) -> None:
    one = make(store, "one.tgz")
    before = du(store.state.trees)
    two = make(store, "two.tgz")

    assert one.path != two.path
    assert before >= 2 * SIZE
    assert du(store.state.trees) - before < FEW
    assert one.digest == two.digest
    assert whole(store, one)
    assert whole(store, two)


def test_what_a_recipe_makes_different_is_not_shared(store: TestStore) -> None:
    one = make(store, "one.tgz")

    def finish(building: Path) -> None:
        (building / "top" / "doc").chmod(0o755)
        (building / "top" / "bin").rename(building / "top" / "sbin")

    blob = store.put_blob(ARCHIVE)
    recipe = Recipe(blob=blob, name="one.tgz", actions=(Chmod(0o755, "top/doc"),))
    two = store.trees.ensure(
        recipe, store.state.blob(blob), label="two-1", reporter=store.reporter, finish=finish
    )

    assert (two.path / "top" / "sbin" / "tool").stat().st_ino == inode(one, "top/bin/tool")
    assert inode(two, "top/doc") != inode(one, "top/doc")
    assert (one.path / "top" / "doc").stat().st_mode & 0o777 == 0o444
    assert (two.path / "top" / "doc").stat().st_mode & 0o777 == 0o555
    assert whole(store, one)
    assert whole(store, two)


def test_other_archives_share_nothing(store: TestStore) -> None:
    one = make(store, "one.tgz")
    key = store.put_tree(tar_of_files({**FILES, "more": b"x"}, executable={"top/bin/tool"}))

    assert (store.state.tree(key) / "top" / "doc").stat().st_ino != inode(one, "top/doc")


def test_a_damaged_tree_is_no_source_and_repairing_one_leaves_the_other(store: TestStore) -> None:
    one = make(store, "one.tgz")
    damaged = one.path / "top" / "doc"
    status = damaged.stat()
    damaged.chmod(0o644)
    damaged.write_bytes(os.urandom(SIZE))
    damaged.chmod(0o444)
    os.utime(damaged, ns=(status.st_atime_ns, status.st_mtime_ns))

    two = make(store, "two.tgz")
    assert whole(store, two)
    assert inode(two, "top/bin/tool") == inode(one, "top/bin/tool")
    assert not whole(store, one)

    again(store, "one.tgz")
    assert whole(store, one)
    assert whole(store, two)


def test_damage_to_a_shared_file_is_found_in_both_and_each_is_repaired(store: TestStore) -> None:
    one, two = make(store, "one.tgz"), make(store, "two.tgz")
    tool = one.path / "top" / "bin" / "tool"
    tool.chmod(0o755)
    tool.write_bytes(b"damaged")
    assert not whole(store, one)
    assert not whole(store, two)

    again(store, "one.tgz")
    assert whole(store, one)
    assert not whole(store, two)
    again(store, "two.tgz")
    assert whole(store, one)
    assert whole(store, two)
    assert inode(two, "top/bin/tool") == inode(one, "top/bin/tool")


def again(store: TestStore, name: str) -> None:
    """Make a tree anew, as ``verify --repair`` does."""
    blob = store.put_blob(ARCHIVE)
    recipe = Recipe(blob=blob, name=name)
    store.trees.ensure(recipe, store.state.blob(blob), label=name, reporter=store.reporter, anew=True)


def test_what_gc_takes_of_one_stays_for_the_other_and_sizes_are_true(
    store: TestStore, tmp_path: Path
) -> None:
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    one, two = make(store, "one.tgz"), make(store, "two.tgz")
    store.roots.record(bin_dir, store.reporter, trees=[two.key])
    sizes = {each.label: each.trees for each in usage(store.state, []) if not each.other}
    assert sorted(sizes.values()) == [0, 2 * SIZE + 1]

    items = collect(
        store.state, store.locks, now=time.time(), older_than=0, dry_run=False, reporter=store.reporter
    )

    assert [item.size for item in items if item.kind == "tree" and item.removed] == [0]
    assert not one.path.exists()
    assert whole(store, two)
    assert sum(each.trees for each in usage(store.state, [])) == 2 * SIZE + 1


@pytest.mark.parametrize("which", [0, 1])
def test_what_is_shared_counts_for_the_package_that_is_used(
    store: TestStore, tmp_path: Path, which: int
) -> None:
    """So that what gc leaves is told of what stays."""
    used = [make(store, "one.tgz"), make(store, "two.tgz")][which]
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    store.roots.record(bin_dir, store.reporter, trees=[used.key])

    found = {
        each.label: (each.trees, each.blobs, each.environments)
        for each in usage(store.state, store.roots.all())
        if not each.other
    }

    names = ["one.tgz-1", "two.tgz-1"]
    assert found[names[which]] == (2 * SIZE + 1, len(ARCHIVE), 1)
    assert found[names[1 - which]] == (0, 0, 0)


def test_a_writable_copy_is_a_copy(store: TestStore, tmp_path: Path) -> None:
    one, two = make(store, "one.tgz"), make(store, "two.tgz")
    copy = Copies(store.state, store.locks).ensure(two, tmp_path, Reference("two", "1"), waiting=print)
    (copy / "top" / "doc").write_bytes(b"changed")

    assert whole(store, one)
    assert whole(store, two)


def test_a_file_with_as_many_names_as_it_can_have_gets_a_second_copy(
    store: TestStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(errno.EMLINK, os.strerror(errno.EMLINK))

    one = make(store, "one.tgz")
    monkeypatch.setattr(os, "link", full)
    two = make(store, "two.tgz")

    assert inode(two, "top/doc") != inode(one, "top/doc")
    assert whole(store, two)
    assert sorted(path.name for path in two.path.rglob("*")) == sorted(
        path.name for path in one.path.rglob("*")
    )


def test_it_needs_no_rights_that_override_modes(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o777)
    (tmp_path / "state").chmod(0o777)
    outcome = as_nobody(
        """
        from tests.support.stores import Recipe, TestStore, tar_of_files
        store = TestStore(Path(sys.argv[1]))
        blob = store.put_blob(tar_of_files({"top/doc": b"x"}))
        for name in ("one", "two"):
            tree = store.trees.ensure(
                Recipe(blob=blob, name=name), store.state.blob(blob), label=name, reporter=store.reporter
            )
        print((tree.path / "top" / "doc").stat().st_nlink, oct((tree.path / "top").stat().st_mode))
        """,
        tmp_path / "state",
    )
    assert outcome == "2 0o40555\n"


def test_a_tree_that_another_process_made_meanwhile_is_shared_too(store: TestStore) -> None:
    for text in (b"some", b"other"):
        store.put_tree(tar_of_files({"top/text": text}))
    one = make(TestStore(store.state.root), "one.tgz")
    two = make(store, "two.tgz")

    assert inode(one, "top/doc") == inode(two, "top/doc")


def test_trees_without_a_download_share_nothing(store: TestStore) -> None:
    for name in ("one", "two"):
        recipe = Recipe(blob=None, name=name)
        tree = store.trees.ensure(
            recipe, None, label=name, reporter=store.reporter, finish=lambda path: _write(path / "x")
        )
        assert (tree.path / "x").stat().st_nlink == 1


def _write(path: Path) -> None:
    path.write_bytes(b"x")
    os.utime(path, (0, 0))
