from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgs.digests import Digest, digest_bytes
from pkgs.store.recipe import Recipe
from pkgs.store.records import listing_path, read_record, record_path
from pkgs.store.verify import Condition, Expectation, Verdict, blob_fault, drop_bad_blob, verify
from tests.support.stores import TestStore, tar_of_files

ARCHIVE = tar_of_files({"bin/tool": b"#!/bin/sh\n", "bin-x": b"x", "lib/z": b"z"}, executable={"bin/tool"})


def look(store: TestStore, key: Digest, *, deep: bool, blob: Digest | None = None) -> Verdict:
    return verify(store.state, [Expectation("tool-1", key, blob=blob)], deep=deep)[0]


@pytest.mark.parametrize("deep", [False, True])
def test_a_whole_tree_is_whole(store: TestStore, deep: bool) -> None:
    assert look(store, store.put_tree(ARCHIVE), deep=deep).condition is Condition.WHOLE


def test_an_absent_tree_is_missing(store: TestStore) -> None:
    assert look(store, digest_bytes(b""), deep=True).condition is Condition.MISSING


def write(path: Path, content: str) -> None:
    path.chmod(0o755)
    path.write_text(content)
    path.chmod(0o555)


def grow(tree: Path) -> Path:
    write(tree / "bin" / "tool", "longer than it was")
    return tree / "bin" / "tool"


def touch(tree: Path) -> Path:
    os.utime(tree / "bin" / "tool")
    return tree / "bin" / "tool"


def unset_bit(tree: Path) -> Path:
    (tree / "bin" / "tool").chmod(0o444)
    return tree / "bin" / "tool"


def remove(tree: Path) -> Path:
    (tree / "lib").chmod(0o755)
    (tree / "lib" / "z").unlink()
    (tree / "lib").chmod(0o555)
    return tree / "lib" / "z"


def add(tree: Path) -> Path:
    (tree / "bin").chmod(0o755)
    (tree / "bin" / "more").write_text("")
    (tree / "bin").chmod(0o555)
    return tree / "bin" / "more"


@pytest.mark.parametrize("damage", [grow, touch, unset_bit, remove, add])
def test_a_quick_look_names_the_damaged_file(store: TestStore, damage: Callable[[Path], Path]) -> None:
    key = store.put_tree(ARCHIVE)
    damaged = damage(store.state.tree(key))
    verdict = look(store, key, deep=False)

    assert verdict.condition is Condition.DAMAGED
    assert [fault.partition(": ")[0] for fault in verdict.faults] == [str(damaged)]


def swap(tree: Path) -> None:
    path = tree / "bin" / "tool"
    status = path.stat()
    write(path, "#!/bin/SH\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_only_a_deep_look_sees_other_bytes_of_equal_size_and_time(store: TestStore) -> None:
    key = store.put_tree(ARCHIVE)
    swap(store.state.tree(key))

    assert look(store, key, deep=False).condition is Condition.WHOLE
    verdict = look(store, key, deep=True)
    assert verdict.condition is Condition.DAMAGED
    assert verdict.faults[0] == f"{store.state.tree(key)}/bin/tool: other content"


@pytest.mark.parametrize("lost", [record_path, listing_path])
def test_lost_accounts_are_damage(store: TestStore, lost: Callable[..., Path]) -> None:
    key = store.put_tree(ARCHIVE)
    lost(store.state, key).unlink()

    assert look(store, key, deep=False).condition is Condition.DAMAGED


def test_a_forged_listing_does_not_deceive_a_deep_look(store: TestStore) -> None:
    key = store.put_tree(ARCHIVE)
    swap(store.state.tree(key))
    listing = listing_path(store.state, key)
    forged = listing.read_text().replace(digest_bytes(b"#!/bin/sh\n").hex, digest_bytes(b"#!/bin/SH\n").hex)
    listing.write_text(forged)
    verdict = look(store, key, deep=True)

    assert verdict.condition is Condition.DAMAGED
    assert "recorded was" in verdict.faults[0]


def test_the_locks_digest_outranks_the_record(store: TestStore) -> None:
    key = store.put_tree(ARCHIVE)
    expectation = Expectation("tool-1", key, tree=digest_bytes(b"other"))

    assert verify(store.state, [expectation], deep=False)[0].condition is Condition.DAMAGED


def test_a_damaged_blob_is_found_deep_and_dropped(store: TestStore) -> None:
    key = store.put_tree(ARCHIVE)
    blob = digest_bytes(ARCHIVE)
    write(store.state.blob(blob), "damaged")

    assert look(store, key, deep=True, blob=blob).condition is Condition.DAMAGED
    drop_bad_blob(store.state, blob)
    assert not store.state.blob(blob).exists()
    assert blob_fault(store.state, blob) == ""
    assert look(store, key, deep=True, blob=blob).condition is Condition.WHOLE


def test_repair_is_called_for_what_is_not_whole_and_looked_at_again(store: TestStore) -> None:
    key = store.put_tree(ARCHIVE)
    grow(store.state.tree(key))
    called: list[Verdict] = []

    def repair(verdict: Verdict) -> None:
        called.append(verdict)
        record = read_record(store.state, verdict.expectation.key)
        assert record
        assert record.blob
        source = store.state.blob(record.blob)
        store.trees.ensure(
            Recipe(blob=record.blob), source, label="tool-1", reporter=store.reporter, anew=True
        )

    verdicts = verify(store.state, [Expectation("tool-1", key)], deep=True, repair=repair)

    assert [verdict.condition for verdict in called] == [Condition.DAMAGED]
    assert [verdict.condition for verdict in verdicts] == [Condition.WHOLE]
