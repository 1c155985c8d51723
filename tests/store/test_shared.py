"""One state directory on two hosts, over SFTP: what one of them has in its cache is not what is there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pkgs.artifact.model import Artifact
from pkgs.digests import digest_bytes
from pkgs.store.gc import collect
from pkgs.store.locks import Locks
from pkgs.store.recipe import Recipe
from pkgs.store.trees import Trees
from tests.support.mounts import sshfs
from tests.support.stores import LINUX, Shelf, TestStore, tar_of_files, unpack_tar

ARCHIVE = tar_of_files({"tool": b"x" * 100}, executable={"tool"})
ARTIFACT = Artifact("https://host.invalid/file", digest_bytes(ARCHIVE), len(ARCHIVE))


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[tuple[TestStore, TestStore]]:
    (tmp_path / "served").mkdir()
    with ExitStack() as stack:
        mounts = [stack.enter_context(sshfs(tmp_path / "served", tmp_path / at)) for at in ("one", "two")]
        yield TestStore(mounts[0]), TestStore(mounts[1])


def install(store: TestStore) -> Path:
    shelf = Shelf({ARTIFACT.url: ARCHIVE})
    blob = store.blobs.ensure([ARTIFACT], LINUX, shelf, store.reporter, "tool-1")
    return store.trees.ensure(
        Recipe(blob=blob.digest), blob.path, label="tool-1", reporter=store.reporter
    ).path


def gc(store: TestStore) -> None:
    collect(store.state, store.locks, now=time.time(), older_than=0, dry_run=False, reporter=store.reporter)


def test_what_another_host_collected_is_made_again(hosts: tuple[TestStore, TestStore]) -> None:
    one, two = hosts
    tree = install(one)
    gc(two)
    assert install(one) == tree
    assert (tree / "tool").read_bytes() == b"x" * 100


def test_what_another_host_claimed_just_now_is_kept(
    hosts: tuple[TestStore, TestStore], tmp_path: Path
) -> None:
    one, two = hosts
    one.roots.add(tmp_path, one.reporter, blobs=[digest_bytes(b"")])
    gc(one)  # it has seen which environments there are
    recipe = Recipe(blob=digest_bytes(ARCHIVE))
    (tmp_path / "bin").mkdir()
    two.roots.add(tmp_path / "bin", two.reporter, trees=[recipe.key()])
    tree = install(two)

    one.put_tree(tar_of_files({"other": b"y"}))  # so that it lists the trees anew
    gc(one)
    assert tree.is_dir()
    assert (tmp_path / "served" / tree.relative_to(two.state.root)).is_dir()


def test_an_open_file_keeps_nothing_else_from_being_collected(hosts: tuple[TestStore, TestStore]) -> None:
    """A file server's client gives a file that is removed while it is open another name in its directory."""
    store = hosts[0]
    tree = install(store)
    with (tree / "tool").open("rb") as file:
        gc(store)
        assert not tree.exists()
        assert list(store.state.blobs.glob("*/*")) == []
        assert file.read() == b"x" * 100
        assert install(store) == tree
    gc(store)
    assert list(store.state.trees.iterdir()) == []


def test_two_that_do_not_see_each_others_locks_make_the_same_tree(tmp_path: Path) -> None:
    """As hosts do that mount the directory with different options."""
    one, two = TestStore(tmp_path), TestStore(tmp_path)
    two.trees = Trees(two.state, Locks(tmp_path / "other-locks"), unpack_tar)
    recipe, source = Recipe(blob=one.put_blob(ARCHIVE)), one.state.blob(digest_bytes(ARCHIVE))

    def meanwhile(building: Path) -> None:
        two.trees.ensure(recipe, source, label="tool-1", reporter=two.reporter)

    made = one.trees.ensure(recipe, source, label="tool-1", reporter=one.reporter, finish=meanwhile)
    assert (made.path / "tool").read_bytes() == b"x" * 100
