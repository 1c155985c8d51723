"""Collecting pkgs' own set-ups, and what it remembers."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pkgs.store.gc import collect
from pkgs.store.sweep import Item
from tests.support.stores import TestStore
from tests.support.users import Use, mapping, naming, running

NAMED, UNUSED, RUNNING = "a" * 32, "b" * 32, "c" * 32
DAY = 86400.0


@pytest.fixture
def store(tmp_path: Path) -> TestStore:
    """Return a store with an environment that names one of three set-ups."""
    store = TestStore(tmp_path / "state")
    for name in (NAMED, UNUSED, RUNNING, f".tmp-{UNUSED}-1"):
        (store.state.programs / name / "bin").mkdir(parents=True)
    bin_dir = tmp_path / "project" / "bin"
    bin_dir.mkdir(parents=True)
    (bin_dir / "pkgs.lock").write_text(f'version = 1\n\n[pkgs]\nid = "{NAMED}"\n')
    watched = [bin_dir / "pkgs.lock"]
    store.roots.record(bin_dir, store.reporter, trees=[], watched=watched)
    return store


def gc(store: TestStore, *, later: float) -> list[Item]:
    now = time.time() + later
    return collect(store.state, store.locks, now=now, older_than=0, dry_run=False, reporter=store.reporter)


def programs(store: TestStore) -> list[str]:
    return sorted(path.name for path in store.state.programs.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what processes use")
@pytest.mark.parametrize("use", [running, mapping, naming])
def test_a_set_up_that_no_environment_names_goes_when_it_is_a_day_old(store: TestStore, use: Use) -> None:
    python = store.state.programs / RUNNING / "bin" / "python"
    shutil.copy(shutil.which("sleep") or "", python)
    with use(python):
        gc(store, later=0)
        assert programs(store) == [NAMED, UNUSED, RUNNING]
        gc(store, later=2 * DAY)
        assert programs(store) == [NAMED, RUNNING]
    gc(store, later=2 * DAY)
    assert programs(store) == [NAMED]


def test_a_set_up_under_way_is_left_alone(store: TestStore) -> None:
    with store.locks.hold(f"self-{UNUSED}", waiting=store.reporter.info):
        gc(store, later=2 * DAY)
        assert programs(store) == [f".tmp-{UNUSED}-1", NAMED, UNUSED]


def test_the_wheel_that_a_killed_init_has_named_stays(store: TestStore, tmp_path: Path) -> None:
    wheel, other = (store.put_blob(content) for content in (b"wheel", b"other"))
    text = f'version = 1\n\n[pkgs]\nid = "{NAMED}"\nsha256 = "{wheel.hex}"\n\n[[x]]\nsha256 = "{other.hex}"\n'
    (tmp_path / "project" / "bin" / "pkgs.lock").write_text(text)
    gc(store, later=0)

    assert [store.state.blob(digest).exists() for digest in (wheel, other)] == [True, False]


def test_what_is_remembered_goes_after_a_month(store: TestStore) -> None:
    old, new = store.state.index / "00" / "old", store.state.root / "memo" / "new"
    for path in (old, new):
        path.parent.mkdir(parents=True)
        path.write_text("x")
    os.utime(old, (0, time.time() - 40 * DAY))

    assert "remembered long ago" in {item.reason for item in gc(store, later=0) if item.removed}
    assert (old.exists(), new.exists()) == (False, True)


def test_what_another_pkgs_forgets_meanwhile_does_not_stop_gc(
    store: TestStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [store.state.index / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir(parents=True)
    scandir = os.scandir

    def scandir_late(path: Any = ".") -> Any:
        for folder, other in (folders, folders[::-1]):
            if path in (folder, str(folder)) and other.exists():
                other.rmdir()
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scandir_late)

    gc(store, later=0)
    assert not any(folder.exists() for folder in folders)
