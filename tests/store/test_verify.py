from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgs.digests import Digest, digest_bytes
from pkgs.store.recipe import Recipe
from pkgs.store.records import listing_path, record_path
from pkgs.store.verify import Condition, Expectation, Verdict, blob_fault, drop_bad_blob, examine
from tests.support.archives import make_tar
from tests.support.stores import TestStore, tar_of_files

ARCHIVE = tar_of_files({"bin/tool": b"#!/bin/sh\n", "bin-x": b"x", "lib/z": b"z"}, executable={"bin/tool"})


def look(store: TestStore, key: Digest, *, deep: bool, blob: Digest | None = None) -> Verdict:
    return examine(store.state, Expectation("tool-1", key, blob=blob), deep=deep)


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


def link_file(tree: Path) -> Path:
    remove(tree)
    (tree / "lib").chmod(0o755)
    (tree / "lib" / "z").symlink_to("../bin-x")
    (tree / "lib").chmod(0o555)
    return tree / "lib" / "z"


def open_directory(tree: Path) -> Path:
    (tree / "lib").chmod(0o777)
    return tree / "lib"


def lead_elsewhere(tree: Path) -> Path:
    link = tree / "lib" / "z"
    link.parent.chmod(0o755)
    link.unlink()
    link.symlink_to("/bin")
    link.parent.chmod(0o555)
    return link


def test_a_quick_look_sees_where_links_lead(store: TestStore, tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "x.tar", {"bin/tool": b"x"}, links={"lib/z": "../bin"}).read_bytes()
    key = store.put_tree(archive)
    assert look(store, key, deep=False).condition is Condition.WHOLE
    link = lead_elsewhere(store.state.tree(key))

    assert look(store, key, deep=False).faults == (f"{link}: points at /bin",)


@pytest.mark.parametrize("damage", [grow, touch, unset_bit, remove, add, link_file, open_directory])
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


def replace_by_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


RUBBISH: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "cut off": lambda path: os.truncate(path, path.stat().st_size - 9),
    "binary": lambda path: path.write_bytes(b"\xff\xfe\0"),
    "of other types": lambda path: path.write_text('["f", 1, 2, 3, 4, 5]\n["f", "a", "", "x", 4, 5]\n'),
    "no list": lambda path: path.write_text('{"f": 1}\n'),
    "deep": lambda path: path.write_text("[" * 100_000),
    "a directory": replace_by_directory,
}


@pytest.mark.parametrize("rubbish", RUBBISH)
@pytest.mark.parametrize("account", [record_path, listing_path])
def test_accounts_that_cannot_be_read_are_damage_and_are_written_anew(
    store: TestStore, account: Callable[..., Path], rubbish: str
) -> None:
    key = store.put_tree(ARCHIVE)
    RUBBISH[rubbish](account(store.state, key))

    verdict = look(store, key, deep=False)

    assert verdict.condition is Condition.DAMAGED
    assert "cannot be read" in verdict.faults[0]
    assert verdict.faults[0].startswith(f"{account(store.state, key)}: ")
    made_again(store, key)
    assert look(store, key, deep=True).condition is Condition.WHOLE


def made_again(store: TestStore, key: Digest) -> None:
    blob = digest_bytes(ARCHIVE)
    source, recipe = store.state.blob(blob), Recipe(blob=blob)
    assert store.trees.ensure(recipe, source, label="tool-1", reporter=store.reporter, anew=True).key == key


def open_root(tree: Path) -> None:
    tree.chmod(0o777)


def link_root(tree: Path) -> None:
    tree.rename(tree.with_name("elsewhere"))
    tree.symlink_to("elsewhere")


@pytest.mark.parametrize("damage", [open_root, link_root])
def test_the_directory_itself_is_looked_at(store: TestStore, damage: Callable[[Path], None]) -> None:
    key = store.put_tree(ARCHIVE)
    tree = store.state.tree(key)
    damage(tree)

    verdict = look(store, key, deep=False)

    assert [fault.partition(": ")[0] for fault in verdict.faults] == [str(tree)]
    made_again(store, key)
    assert look(store, key, deep=False).condition is Condition.WHOLE


def test_a_blob_that_is_a_directory_is_dropped(store: TestStore) -> None:
    key = store.put_tree(ARCHIVE)
    blob = digest_bytes(ARCHIVE)
    store.state.blob(blob).unlink()
    store.state.blob(blob).mkdir()

    assert look(store, key, deep=True, blob=blob).condition is Condition.DAMAGED
    drop_bad_blob(store.state, blob)
    assert not store.state.blob(blob).exists()


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

    assert examine(store.state, expectation, deep=False).condition is Condition.DAMAGED


def test_a_damaged_blob_is_found_deep_and_dropped(store: TestStore) -> None:
    key = store.put_tree(ARCHIVE)
    blob = digest_bytes(ARCHIVE)
    write(store.state.blob(blob), "damaged")

    assert look(store, key, deep=True, blob=blob).condition is Condition.DAMAGED
    drop_bad_blob(store.state, blob)
    assert not store.state.blob(blob).exists()
    assert blob_fault(store.state, blob) == ""
    assert look(store, key, deep=True, blob=blob).condition is Condition.WHOLE
