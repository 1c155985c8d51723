from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgs.digests import Digest, digest_bytes
from pkgs.references import Reference
from pkgs.store import copies as writable
from pkgs.store import copysweep, sweep
from pkgs.store.copies import Copies, copies_of
from pkgs.store.files import temp_sibling
from pkgs.store.gc import collect
from pkgs.store.records import moved_path, new_build, record_path
from pkgs.store.roots import ROOTS_LOCK
from pkgs.store.sweep import Item
from pkgs.store.usage import Usage, usage
from tests.support.meanwhile import after, before
from tests.support.stores import SOURCES, TestStore, tar_of_files
from tests.support.storms import until
from tests.support.users import Use, beside, mapping, naming, reading, running

ARCHIVE = tar_of_files({"tool": b"#!/bin/sh\nsleep 60\n"}, executable={"tool"})
BLOB = digest_bytes(ARCHIVE)
DAY = 86400.0


def gc(store: TestStore, *, older_than: float = 0, dry_run: bool = False, later: float = 0) -> list[Item]:
    return collect(
        store.state,
        store.locks,
        now=time.time() + later,
        older_than=older_than,
        dry_run=dry_run,
        reporter=store.reporter,
    )


def removed(items: list[Item]) -> list[tuple[str, str]]:
    return sorted((item.kind, item.reason) for item in items if item.removed)


def kept(items: list[Item]) -> list[tuple[str, str]]:
    return sorted((item.kind, item.reason) for item in items if not item.removed)


def root(store: TestStore, bin_dir: Path, *keys: Digest) -> None:
    store.roots.record(bin_dir, store.reporter, trees=keys, watched=[bin_dir / "pkgs.hcl"])


def everything(path: Path) -> list[str]:
    return sorted(str(file.relative_to(path)) for file in path.rglob("*"))


def test_what_no_environment_uses_goes_without_a_trace(store: TestStore) -> None:
    store.put_tree(ARCHIVE)
    items = gc(store)

    assert removed(items) == [("download", "no environment uses it"), ("tree", "no environment uses it")]
    assert {item.label for item in items if item.kind == "tree"} == {"tool-1"}
    assert {item.size for item in items} == {len(b"#!/bin/sh\nsleep 60\n"), len(ARCHIVE)}
    assert everything(store.state.trees) == []
    assert [path for path in store.state.blobs.rglob("*") if path.is_file()] == []


def test_a_dry_run_tells_the_same_and_changes_nothing(store: TestStore) -> None:
    key = store.put_tree(ARCHIVE)
    new_build(store.state, key)
    before = everything(store.state.trees) + everything(store.state.blobs)
    told = gc(store, dry_run=True)

    assert everything(store.state.trees) + everything(store.state.blobs) == before
    assert removed(told) == removed(gc(store))
    assert len(removed(told)) == 3


def test_an_environment_keeps_its_trees_and_their_blobs(store: TestStore, bin_dir: Path) -> None:
    root(store, bin_dir, store.put_tree(ARCHIVE))
    items = gc(store)

    assert removed(items) == []
    assert kept(items) == [
        ("download", "an environment uses it"),
        ("environment", "the environment is there"),
        ("tree", "an environment uses it"),
    ]


def test_an_environment_that_is_gone_keeps_nothing(store: TestStore, bin_dir: Path) -> None:
    key = store.put_tree(ARCHIVE)
    root(store, bin_dir, key)
    plans = store.state.env(bin_dir)
    plans.mkdir(parents=True)
    (bin_dir / "pkgs.hcl").unlink()
    gc(store)

    assert not store.state.tree(key).exists()
    assert everything(store.state.roots) == []
    assert not plans.exists()


def test_age_protects_and_a_clock_set_back_makes_nothing_old(store: TestStore) -> None:
    key = store.put_tree(ARCHIVE)
    gc(store, older_than=DAY, later=DAY / 2)
    gc(store, older_than=1, later=-10 * DAY)
    assert store.state.tree(key).exists()
    gc(store, older_than=DAY, later=2 * DAY)
    assert not store.state.tree(key).exists()


def test_use_makes_a_tree_young(store: TestStore) -> None:
    key = store.put_tree(ARCHIVE)
    record = record_path(store.state, key)
    os.utime(record, (time.time() - 10 * DAY,) * 2)
    assert store.trees.find(key)
    gc(store, older_than=DAY)
    assert store.state.tree(key).exists()


def test_a_second_root_of_another_environment_is_enough(
    store: TestStore, bin_dir: Path, tmp_path: Path
) -> None:
    key = store.put_tree(ARCHIVE)
    other = tmp_path / "other"
    other.mkdir()
    root(store, bin_dir, key)
    store.roots.add(other, store.reporter, trees=[key])
    root(store, bin_dir)
    gc(store)
    assert store.state.tree(key).exists()
    shutil.rmtree(other)
    gc(store)
    assert not store.state.tree(key).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what processes use")
@pytest.mark.parametrize("use", [running, mapping, reading, beside, naming])
def test_a_running_tool_is_never_removed(store: TestStore, use: Use) -> None:
    sleep = shutil.which("sleep")
    assert sleep
    content = Path(sleep).read_bytes()
    tree = store.state.tree(store.put_tree(tar_of_files({"tool": content}, executable={"tool"})))

    with use(tree / "tool"):
        assert ("tree", "a running process uses it") in kept(gc(store))
        assert (tree / "tool").read_bytes() == content

    gc(store)
    assert not tree.exists()


def test_what_is_being_worked_on_is_left_alone(store: TestStore) -> None:
    key = store.put_tree(ARCHIVE)
    building = new_build(store.state, key)
    script = """
import sys, time
from pathlib import Path
from tests.support.stores import TestStore
store = TestStore(Path(sys.argv[1]))
with store.locks.hold(sys.argv[2], waiting=print), store.locks.hold(sys.argv[3], waiting=print):
    print("held", flush=True)
    time.sleep(60)
"""
    names = [f"tree-{key.hex}", f"blob-{BLOB.hex}"]
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(store.state.root), *names],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": SOURCES},
    )
    try:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        items = gc(store)
    finally:
        holder.kill()
        holder.communicate(timeout=30)

    assert kept(items) == [("download", "it is being worked on"), ("tree", "it is being worked on")]
    assert building.exists()


def test_leftovers_of_killed_runs_go(store: TestStore, bin_dir: Path) -> None:
    key = store.put_tree(ARCHIVE)
    root(store, bin_dir, key)
    lonely = record_path(store.state, digest_bytes(b"lonely"))
    lonely.write_text("{}")
    new_build(store.state, key)
    temp_sibling(store.state.tree(key)).mkdir()
    store.state.partial.mkdir(exist_ok=True)
    (store.state.partial / BLOB.hex).write_bytes(b"half")
    (store.state.partial / f"{BLOB.hex}.resume").write_bytes(b"{}")
    temp_sibling(store.state.roots / "x.json").write_bytes(b"half")
    plan, farm = store.state.env(bin_dir) / "call" / "tool", store.state.farms(bin_dir) / "farm"
    for path in (plan.parent, temp_sibling(farm)):
        path.mkdir(parents=True)
    for path in (plan, temp_sibling(plan)):
        path.write_text("plan")
    gc(store, later=DAY / 2)
    assert len(everything(store.state.env(bin_dir))) == 5
    gc(store, later=2 * DAY)

    assert everything(store.state.partial) == []
    assert everything(store.state.roots) == [store.roots.path(bin_dir).name]
    assert everything(store.state.env(bin_dir)) == ["call", "call/tool", "deps"]
    assert len(everything(store.state.trees)) == 4
    assert store.trees.find(key)


def test_a_tree_moved_by_a_killed_collection_is_put_back_or_removed(store: TestStore, bin_dir: Path) -> None:
    key = store.put_tree(ARCHIVE)
    root(store, bin_dir, key)
    store.state.tree(key).rename(moved_path(store.state, key))
    gc(store)
    assert store.trees.find(key)
    root(store, bin_dir)
    store.state.tree(key).rename(moved_path(store.state, key))
    gc(store)
    assert everything(store.state.trees) == []


def test_old_lock_files_go_and_held_ones_stay(store: TestStore) -> None:
    store.put_tree(ARCHIVE)
    with store.locks.hold("held", waiting=print):
        gc(store, later=30 * DAY)
        assert "held" in store.locks.names()
    assert {*store.locks.names()} == {"gc", "roots", "held"}


def test_copies_belong_to_their_environment(store: TestStore, bin_dir: Path) -> None:
    key = store.put_tree(ARCHIVE)
    tree = store.trees.find(key)
    assert tree
    root(store, bin_dir, key)
    copies = Copies(store.state, store.locks)
    path = copies.ensure(tree, bin_dir, Reference("tool", "1"), waiting=print)
    (path / "tool").write_text("changed")
    gc(store)
    assert copies.ensure(tree, bin_dir, Reference("tool", "1"), waiting=print) == path
    assert (path / "tool").read_text() == "changed"
    assert (tree.path / "tool").read_bytes() == b"#!/bin/sh\nsleep 60\n"
    shutil.rmtree(bin_dir)
    gc(store)
    assert everything(store.state.mutable) == []


def test_a_copy_of_what_the_environment_does_not_use_any_more_goes(store: TestStore, bin_dir: Path) -> None:
    copies, paths = Copies(store.state, store.locks), []
    for name, content in (("old", b"old"), ("new", b"new")):
        tree = store.trees.find(store.put_tree(tar_of_files({"tool": content})))
        assert tree
        root(store, bin_dir, tree.key)
        paths.append(copies.ensure(tree, bin_dir, Reference(name, "1"), waiting=print))
    dry = [item.label for item in gc(store, dry_run=True) if item.kind == "copy" and item.removed]
    assert dry == ["old-1"]
    assert all(path.exists() for path in paths)

    gc(store)

    assert [path.exists() for path in paths] == [False, True]
    assert {path.name for path in paths[1].parent.iterdir()} == {"new-1", "new-1.json"}


def test_a_copy_is_renewed_when_the_reference_means_another_tree(store: TestStore, bin_dir: Path) -> None:
    copies = Copies(store.state, store.locks)
    for content in (b"old", b"new"):
        tree = store.trees.find(store.put_tree(tar_of_files({"tool": content})))
        assert tree
        path = copies.ensure(tree, bin_dir, Reference("tool", channel="stable"), waiting=print)
        assert (path / "tool").read_bytes() == content
    copies.discard(bin_dir, Reference("tool", channel="stable"), waiting=print)
    assert everything(path.parent) == []


def test_what_is_tried_apart_outlives_a_clock_that_jumps(store: TestStore) -> None:
    key = store.put_tree(ARCHIVE)
    owner = temp_sibling(store.state.roots / "apart")
    owner.mkdir(parents=True)
    with store.roots.changing(owner, store.reporter):
        store.roots.add(owner, store.reporter, trees=[key])
        gc(store, later=2 * DAY)
        gc(store, later=2 * DAY)
        assert store.trees.find(key)
    gc(store, later=2 * DAY)
    gc(store, later=2 * DAY)
    assert everything(store.state.roots) == []
    assert not store.trees.find(key)


def test_a_dry_run_passes_over_a_farm_that_goes_meanwhile(
    store: TestStore, bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root(store, bin_dir)
    farm = store.state.farms(bin_dir) / "tool-1-0"
    farm.mkdir(parents=True)
    (farm / "tool").symlink_to(store.state.trees / "gone")
    before(monkeypatch, Path, "readlink", lambda: shutil.rmtree(farm))

    gc(store, dry_run=True)


def copied(store: TestStore, bin_dir: Path, content: bytes) -> Callable[[], Path]:
    """Put a tree into the store that the environment uses; return what makes a copy of it."""
    tree = store.trees.find(store.put_tree(tar_of_files({"tool": content})))
    assert tree
    root(store, bin_dir, tree.key)
    copies = Copies(store.state, store.locks)
    return lambda: copies.ensure(tree, bin_dir, Reference("tool", "1"), waiting=store.reporter.info)


def test_a_copy_that_is_renewed_while_gc_looks_at_the_old_one_stays(
    store: TestStore, bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(store, bin_dir, b"old")()
    renewing = threading.Thread(target=copied(store, bin_dir, b"new"))

    def renew() -> None:
        renewing.start()
        until(lambda: not renewing.is_alive() or store.reporter.heard.is_set())

    before(monkeypatch, copysweep, "size", renew)
    gc(store)
    renewing.join()

    (path,) = store.state.mutable.glob("*/tool-1")
    assert (path / "tool").read_bytes() == b"new"


def test_a_directory_of_copies_that_gc_removes_is_made_again(
    store: TestStore, bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copied(store, bin_dir, b"tool")
    store.state.mutable.mkdir()
    after(monkeypatch, os, "mkdir", lambda: gc(store))

    assert (copy() / "tool").read_bytes() == b"tool"


def test_a_copy_under_way_outlives_a_clock_that_jumps(
    store: TestStore, bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copied(store, bin_dir, b"tool")
    before(monkeypatch, writable, "copy_tree", lambda: gc(store, later=3 * DAY))

    assert (copy() / "tool").read_bytes() == b"tool"


@pytest.mark.parametrize("among", ["blobs", "envs", "git", "mutable", "partial", "self", "sources", "trees"])
def test_what_others_put_into_the_state_directory_stays(store: TestStore, among: str) -> None:
    """File servers put directories such as @eaDir everywhere."""
    for name in ("@eaDir", "notes"):
        (store.state.root / among / name / "tool-1").mkdir(parents=True)

    assert removed(gc(store, later=2 * DAY)) == []
    assert len(everything(store.state.root / among)) == 4


def test_no_claim_waits_while_what_was_to_be_a_copy_is_removed(
    store: TestStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = temp_sibling(copies_of(store.state, Path("/gone/bin")) / "tool-1")
    left.mkdir(parents=True)
    seen: list[bool] = []

    def look() -> None:
        with store.locks.attempt(ROOTS_LOCK) as free:
            seen.append(free)

    before(monkeypatch, sweep, "remove_tree", look)
    gc(store, later=2 * DAY)

    assert (seen, left.exists()) == ([True], False)


def test_usage_is_told_by_package(store: TestStore, bin_dir: Path) -> None:
    key = store.put_tree(ARCHIVE)
    root(store, bin_dir, key)
    store.put_blob(b"nobody's")

    found = usage(store.state, store.roots.all())
    assert [each for each in found if not each.other] == [
        Usage("tool-1", 19, len(ARCHIVE), 1),
        Usage("", 0, 8, 0),
    ]


def test_usage_passes_over_a_download_that_goes_meanwhile(
    store: TestStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_blob(b"one")
    store.put_blob(b"another")
    look = Path.glob

    def and_then_it_goes(directory: Path, pattern: str) -> list[Path]:
        found = list(look(directory, pattern))
        if directory == store.state.blobs:
            found[0].unlink()
        return found

    monkeypatch.setattr(Path, "glob", and_then_it_goes)

    assert [each.blobs for each in usage(store.state, []) if not each.other] in ([3], [7])


def test_usage_adds_up_to_what_is_on_the_disk(store: TestStore, bin_dir: Path) -> None:
    state = store.state
    key = store.put_tree(ARCHIVE)
    root(store, bin_dir, key)
    tree = store.trees.find(key)
    assert tree
    Copies(state, store.locks).ensure(tree, bin_dir, Reference("tool", "1"), waiting=print)
    for place in (
        state.sources,
        state.programs,
        state.partial,
        state.index,
        state.root / "memo",
        state.trees,
    ):
        place.mkdir(parents=True, exist_ok=True)
        (place / "file").write_bytes(bytes(1000))

    found = usage(state, store.roots.all())

    files = [path.lstat().st_size for path in state.root.rglob("*") if path.is_file()]
    assert sum(each.size for each in found) == sum(files)
    others = {each.label: each.other for each in found if each.other}
    assert others["(writable copies)"] > 19
    assert (others["(manifest sources)"], others["(pkgs itself)"], others["(remembered)"]) == (
        1000,
        1000,
        2000,
    )
    assert (others["(unfinished downloads)"], others["(lists of files, leftovers)"] > 1000) == (1000, True)


INSTALLS = """
import sys, time
from pathlib import Path
from pkgs.store.recipe import Recipe
from tests.support.stores import *
store, bin_dir = TestStore(Path(sys.argv[1])), Path(sys.argv[2])
bin_dir.mkdir(parents=True, exist_ok=True)
archive = Path(sys.argv[3]).read_bytes()
artifact = Artifact("https://host.invalid/file", digest_bytes(archive), len(archive))
recipe = Recipe(blob=artifact.digest)
end, rounds = time.monotonic() + 3, 0
while time.monotonic() < end:
    store.roots.add(bin_dir, store.reporter, trees=[recipe.key()], blobs=[artifact.digest])
    blob = store.blobs.ensure([artifact], LINUX, Shelf({artifact.url: archive}), store.reporter, "x")
    tree = store.trees.ensure(recipe, blob.path, label="x", reporter=store.reporter)
    for _ in range(5):
        assert (tree.path / "tool").read_bytes().startswith(b"#!/bin/sh"), "the tree was taken away"
        assert blob.path.exists(), "the blob was taken away"
    store.roots.record(bin_dir, store.reporter, trees=[])
    rounds += 1
print(rounds)
"""
COLLECTS = """
import sys, time
from pathlib import Path
from pkgs.store.gc import collect
from tests.support.stores import *
store = TestStore(Path(sys.argv[1]))
end, total = time.monotonic() + 3, 0
while time.monotonic() < end:
    items = collect(
        store.state, store.locks, now=time.time(), older_than=0, dry_run=False, reporter=store.reporter
    )
    total += sum(item.removed for item in items)
print(total)
"""


def test_collections_beside_installs_take_nothing_that_is_claimed(store: TestStore, tmp_path: Path) -> None:
    state = str(store.state.root)
    environments = [tmp_path / f"env{number}" for number in range(3)]
    for environment in environments:
        environment.mkdir()
        archive = tar_of_files({"tool": b"#!/bin/sh\n" + environment.name.encode()})
        (environment / "archive").write_bytes(archive)
    scripts = [
        *([INSTALLS, state, str(path / "bin"), str(path / "archive")] for path in environments),
        [COLLECTS, state],
        [COLLECTS, state],
    ]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", *script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": SOURCES},
        )
        for script in scripts
    ]
    outcomes = [process.communicate(timeout=60) for process in processes]

    assert [errors for _, errors in outcomes] == [""] * 5
    rounds = [int(out) for out, _ in outcomes]
    assert min(rounds[:3]) > 0
    assert sum(rounds[3:]) > 0


def test_a_revision_of_a_source_stays_while_a_lock_names_it(store: TestStore, bin_dir: Path) -> None:
    root(store, bin_dir)
    shelf = store.state.sources / ("a" * 64)
    named, snapshot, newest, unused = "1" * 40, "sha256-" + "2" * 64, "3" * 40, "4" * 40
    for name in (named, snapshot, newest, unused, ".tmp-files-1-2"):
        (shelf / name).mkdir(parents=True)
    (shelf / "current").write_text(f"{newest}\n")
    (bin_dir / "pkgs.lock").write_text(f'commit = "{named}"\ncommit = "{snapshot.replace("-", ":")}"\n')

    assert (
        removed(gc(store, dry_run=True))
        == removed(gc(store))
        == [
            ("leftover", "left by an interrupted run"),
            ("source", "no environment's lock names it"),
        ]
    )
    assert sorted(path.name for path in shelf.iterdir()) == [named, newest, "current", snapshot]
