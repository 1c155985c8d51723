"""What environments claim: for good, or until a change of them is over."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

import pytest

from pkgs.digests import Digest, digest_bytes
from pkgs.errors import StoreError
from pkgs.store.gc import collect
from pkgs.store.roots import env_lock
from tests.support.kills import run_and_kill
from tests.support.meanwhile import before
from tests.support.stores import TestStore, tar_of_files

NEVER = 10_000
ONE, TWO = digest_bytes(b"one"), digest_bytes(b"two")


class FailedError(Exception):
    """What an environment's change fails with."""


def add(store: TestStore, bin_dir: Path, *trees: Digest) -> None:
    store.roots.add(bin_dir, store.reporter, trees=trees)


def trees(store: TestStore, bin_dir: Path) -> set[Digest]:
    return set(store.roots.of(bin_dir).trees)


def gc(store: TestStore, *, dry_run: bool = False) -> set[str]:
    """Collect; return the kinds of what went or would go."""
    items = collect(
        store.state, store.locks, now=time.time(), older_than=0, dry_run=dry_run, reporter=store.reporter
    )
    return {item.kind for item in items if item.removed}


def test_what_a_failed_change_claimed_is_claimed_no_longer(store: TestStore, bin_dir: Path) -> None:
    add(store, bin_dir, ONE)
    with pytest.raises(FailedError), store.roots.changing(bin_dir, store.reporter):
        add(store, bin_dir, ONE, TWO)
        assert trees(store, bin_dir) == {ONE, TWO}
        raise FailedError

    assert trees(store, bin_dir) == {ONE}


def test_what_a_change_claimed_and_did_not_record_stays_if_it_succeeds(
    store: TestStore, bin_dir: Path
) -> None:
    with store.roots.changing(bin_dir, store.reporter):
        add(store, bin_dir, ONE)

    assert trees(store, bin_dir) == {ONE}
    assert not store.roots.of(bin_dir).pending


def test_what_a_change_dropped_can_be_claimed_again(store: TestStore, bin_dir: Path) -> None:
    with store.roots.changing(bin_dir, store.reporter):
        add(store, bin_dir, ONE, TWO)
        store.roots.record(bin_dir, store.reporter, trees=[ONE])
        add(store, bin_dir, TWO)

    assert trees(store, bin_dir) == {ONE, TWO}


def test_what_was_recorded_stays_though_the_change_fails_later(store: TestStore, bin_dir: Path) -> None:
    with pytest.raises(FailedError), store.roots.changing(bin_dir, store.reporter):
        add(store, bin_dir, ONE, TWO)
        store.roots.record(bin_dir, store.reporter, trees=[ONE])
        raise FailedError

    assert trees(store, bin_dir) == {ONE}


def test_what_is_unknown_of_an_environment_stays_with_what_is_known(store: TestStore, bin_dir: Path) -> None:
    add(store, bin_dir, ONE)
    with store.roots.changing(bin_dir, store.reporter):
        store.roots.record(bin_dir, store.reporter, trees=[TWO], more=True)

    assert trees(store, bin_dir) == {ONE, TWO}


def test_what_a_call_claims_meanwhile_outlives_a_failed_change(store: TestStore, bin_dir: Path) -> None:
    calling = TestStore(store.state.root)
    with pytest.raises(FailedError), store.roots.changing(bin_dir, store.reporter):
        add(store, bin_dir, ONE, TWO)
        add(calling, bin_dir, TWO)
        raise FailedError

    assert trees(store, bin_dir) == {TWO}


class TestKilled:
    """A change that is killed after it has claimed a tree and unpacked it."""

    ARCHIVE = tar_of_files({"tool": b"x"}, executable={"tool"})

    @pytest.fixture
    def left(self, store: TestStore, bin_dir: Path, tmp_path: Path) -> Path:
        """Return the tree that it left."""
        key = store.put_tree(self.ARCHIVE)

        def change() -> None:
            with store.roots.changing(bin_dir, store.reporter):
                add(store, bin_dir, key)
                os.kill(os.getpid(), signal.SIGKILL)

        assert run_and_kill(change, tmp_path, NEVER)
        assert trees(store, bin_dir) == {key}
        return store.state.tree(key)

    def test_gc_takes_what_it_claimed(self, store: TestStore, bin_dir: Path, left: Path) -> None:
        assert "tree" in gc(store, dry_run=True)
        assert left.exists()
        assert "tree" in gc(store)
        assert not left.exists()
        assert trees(store, bin_dir) == set()

    def test_the_next_change_drops_it(self, store: TestStore, bin_dir: Path, left: Path) -> None:
        with store.roots.changing(bin_dir, store.reporter):
            assert trees(store, bin_dir) == set()
        assert left.exists()

    def test_gc_keeps_it_while_somebody_changes_the_environment(
        self, store: TestStore, bin_dir: Path, left: Path
    ) -> None:
        with store.locks.hold(env_lock(bin_dir), waiting=store.reporter.info):
            assert "tree" not in gc(store)
        assert left.exists()


def test_what_a_record_claims_that_cannot_be_read_stays(
    store: TestStore, bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = store.put_tree(tar_of_files({"tool": b"tool"}))
    add(store, bin_dir, key)

    def fail() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for command in (gc, lambda store: add(store, bin_dir, TWO)):
        with monkeypatch.context() as patch, pytest.raises(StoreError, match="cannot be read"):
            before(patch, Path, "read_bytes", fail)
            command(store)
    assert trees(store, bin_dir) == {key}
    assert store.trees.find(key)
