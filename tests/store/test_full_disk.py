from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pkgs.artifact.model import Artifact
from pkgs.digests import digest_bytes
from pkgs.errors import StoreError
from pkgs.store.files import atomic_write
from pkgs.store.gc import collect
from pkgs.store.recipe import Recipe
from pkgs.store.root import Root
from tests.support.stores import LINUX, Shelf, TestStore, tar_of_files

BIG = tar_of_files({"big": os.urandom(600_000)})
SMALL = tar_of_files({"small": b"x" * 100})


def install(store: TestStore, archive: bytes) -> None:
    artifact = Artifact("https://host.invalid/file", digest_bytes(archive), len(archive))
    shelf = Shelf({artifact.url: archive})
    blob = store.blobs.ensure([artifact], LINUX, shelf, store.reporter, "tool-1")
    recipe = Recipe(blob=blob.digest)
    store.trees.ensure(recipe, blob.path, label="tool-1", reporter=store.reporter)


def trees_and_blobs(store: TestStore) -> list[str]:
    found = [*store.state.trees.glob("*"), *store.state.blobs.glob("*/*")]
    return sorted(path.name for path in found)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_disk_that_fills_while_unpacking_leaves_the_store_as_it_was(small_disk: Path) -> None:
    store = TestStore(small_disk / "state")
    install(store, SMALL)
    before = trees_and_blobs(store)
    with pytest.raises(StoreError, match="no space is left") as caught:
        install(store, BIG)

    assert "pkgs gc" in caught.value.hint
    assert trees_and_blobs(store) == sorted([*before, digest_bytes(BIG).hex])


def test_a_disk_that_fills_while_downloading_leaves_the_store_as_it_was(small_disk: Path) -> None:
    store = TestStore(small_disk / "state")
    install(store, SMALL)
    before = trees_and_blobs(store)
    (small_disk / "filler").write_bytes(b"x" * 600_000)
    with pytest.raises(StoreError, match="no space is left"):
        install(store, BIG)
    assert trees_and_blobs(store) == before


def test_gc_frees_space_on_a_full_disk_after_a_killed_change(small_disk: Path) -> None:
    store = TestStore(small_disk / "state")
    bin_dir = small_disk / "bin"
    bin_dir.mkdir()
    install(store, SMALL)
    key = Recipe(blob=digest_bytes(SMALL)).key()
    record = Root(bin_dir, frozenset({key}), pending=frozenset({key}))
    atomic_write(store.roots.path(bin_dir), record.text().encode())
    with pytest.raises(OSError, match="No space"), (small_disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))

    collect(store.state, store.locks, now=time.time(), older_than=0, dry_run=False, reporter=store.reporter)

    assert not store.state.tree(key).exists()


def within_limit(work: Callable[[], None]) -> None:
    """Run ``work`` with files of at most 64 KiB."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, limits[1]))
    try:
        work()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_file_that_may_not_grow_is_the_same_sentence(tmp_path: Path) -> None:
    store = TestStore(tmp_path / "state")

    def work() -> None:
        install(store, BIG)

    with pytest.raises(StoreError, match="no space is left"):
        within_limit(work)
    assert trees_and_blobs(store) == []
