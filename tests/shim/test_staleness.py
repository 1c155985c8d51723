"""What a planned call notices: every change that a plan was not made for, at the very next call."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgs.shim.plan import ToolPlan, drop_plans, write_plans
from pkgs.shim.stamps import Watched, observe
from tests.support.shims import SHELLS, Shims, as_sh, is_fast

Change = Callable[[Shims, ToolPlan], object]


def _rewrite_in_place(path: Path, text: str = "other\n") -> None:
    with path.open("r+") as file:
        file.write(text)


def _replace(path: Path) -> None:
    fresh = path.with_name("fresh")
    shutil.copy(path, fresh)
    fresh.replace(path)


def _make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _older(path: Path) -> None:
    seconds = path.stat().st_mtime - 1000
    os.utime(path, (seconds, seconds))


def _repin(shims: Shims, tool: ToolPlan) -> None:
    shims.bin_dir.joinpath(".tool-2.0.pkg").symlink_to("pkgs")
    link = shims.bin_dir / "tool"
    link.unlink()
    link.symlink_to(".tool-2.0.pkg")


def _rename_pin_keeping_the_directorys_time(shims: Shims, tool: ToolPlan) -> None:
    before = shims.bin_dir.stat().st_mtime_ns
    shims.bin_dir.joinpath(tool.pin).rename(shims.bin_dir / ".tool-2.0.pkg")
    shims.bin_dir.joinpath("tool").unlink()
    shims.bin_dir.joinpath("tool").symlink_to(".tool-2.0.pkg")
    os.utime(shims.bin_dir, ns=(before, before))


CHANGES: dict[str, Change] = {
    "the pin": _repin,
    "the pin, the directory's time put back": _rename_pin_keeping_the_directorys_time,
    "the configuration, in place": lambda shims, _: _rewrite_in_place(shims.bin_dir / "pkgs.hcl"),
    "the configuration, replaced": lambda shims, _: _replace(shims.bin_dir / "pkgs.hcl"),
    "the configuration, removed": lambda shims, _: (shims.bin_dir / "pkgs.hcl").unlink(),
    "the lock, in place": lambda shims, _: _rewrite_in_place(shims.bin_dir / "pkgs.lock"),
    "the lock, of an older time": lambda shims, _: _older(shims.bin_dir / "pkgs.lock"),
    "the directory, of an older time": lambda shims, _: _older(shims.bin_dir),
    "a watched file elsewhere": lambda shims, _: _rewrite_in_place(shims.bin_dir.parent / "watched"),
    "a watched file elsewhere, removed": lambda shims, _: (shims.bin_dir.parent / "watched").unlink(),
    "a watched file that was not there": lambda shims, _: (shims.bin_dir.parent / "absent").touch(),
    "the target, removed": lambda _, tool: tool.target.unlink(),
    "the target, replaced": lambda _, tool: _replace(tool.target),
    "the target, of an older time": lambda _, tool: _older(tool.target),
    "the target, not executable": lambda _, tool: tool.target.chmod(0o644),
    "the target, a directory": lambda _, tool: _make_directory(tool.target),
    "the package's tree, removed": lambda _, tool: shutil.rmtree(tool.target.parent),
    "all stamps, removed": lambda shims, _: shutil.rmtree(shims.state.env(shims.bin_dir) / "stamps"),
    "one stamp, removed": lambda shims, _: min(
        (shims.state.env(shims.bin_dir) / "stamps").glob("*-?????*")
    ).unlink(),
    "all plans, dropped": lambda shims, _: drop_plans(shims.state.env(shims.bin_dir)),
    "the state, removed": lambda shims, _: shutil.rmtree(shims.state.root),
}


def _planned(tmp_path: Path, shell: str) -> tuple[Shims, ToolPlan]:
    shims = Shims.make(tmp_path, tmp_path / "project" / "bin", as_sh(shell, tmp_path / "shells"))
    watched, absent = tmp_path / "project" / "watched", tmp_path / "project" / "absent"
    watched.touch()
    tool = shims.pin("tool")
    shims.plan([tool], watched=[watched, absent])
    return shims, tool


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("shell", SHELLS)
def test_a_change_is_seen_within_the_same_second(tmp_path: Path, shell: str, change: Change) -> None:
    shims, tool = _planned(tmp_path, shell)
    fast_before = is_fast(shims.call(shims.bin_dir / "tool"), tool)

    change(shims, tool)

    # busybox compares whole seconds: it does not trust the plan yet, so it cannot be wrong.
    assert fast_before == (shell != "busybox")
    assert not is_fast(shims.call(shims.bin_dir / "tool"), tool)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_an_old_environment_is_seen_by_a_shell_of_whole_seconds(
    tmp_path: Path, change: Change
) -> None:
    shims, tool = _planned(tmp_path, "busybox")
    files = [shims.bin_dir / "pkgs.hcl", shims.bin_dir / "pkgs.lock", tmp_path / "project" / "watched"]
    for path in (*files, shims.bin_dir, tool.target):
        os.utime(path, (10**9, 10**9))
    shims.plan([tool], watched=[files[-1], tmp_path / "project" / "absent"])
    assert is_fast(shims.call(shims.bin_dir / "tool"), tool)

    change(shims, tool)

    assert not is_fast(shims.call(shims.bin_dir / "tool"), tool)


def test_no_edit_right_after_the_plan_goes_unseen(tmp_path: Path) -> None:
    """Edits follow the plan as closely as they can, many times, so that some fall into the same tick."""
    shims, tool = _planned(tmp_path, "dash")
    lock = shims.bin_dir / "pkgs.lock"

    for _ in range(25):
        lock.write_text("first")
        shims.plan([tool])
        lock.write_text("other")
        assert not is_fast(shims.call(shims.bin_dir / "tool"), tool)


def test_what_is_edited_between_reading_and_writing_is_seen(tmp_path: Path) -> None:
    shims, tool = _planned(tmp_path, "dash")
    watched = observe([shims.bin_dir, shims.bin_dir / "pkgs.lock"])
    _rewrite_in_place(shims.bin_dir / "pkgs.lock")

    assert write_plans(shims.state.env(shims.bin_dir), shims.bin_dir, [tool], watched)
    assert not is_fast(shims.call(shims.bin_dir / "tool"), tool)


def test_a_late_writer_does_not_make_its_old_plan_stand(tmp_path: Path) -> None:
    shims, tool = _planned(tmp_path, "dash")
    old = observe([shims.bin_dir, shims.bin_dir / "pkgs.lock"])
    _rewrite_in_place(shims.bin_dir / "pkgs.lock")
    shims.plan([tool])
    assert is_fast(shims.call(shims.bin_dir / "tool"), tool)

    assert write_plans(shims.state.env(shims.bin_dir), shims.bin_dir, [tool], old)
    assert not is_fast(shims.call(shims.bin_dir / "tool"), tool)
    shims.plan([tool])
    assert is_fast(shims.call(shims.bin_dir / "tool"), tool)


def test_stamps_that_lost_their_times_are_written_again(tmp_path: Path) -> None:
    """As a copy of the state directory without its times has them."""
    shims, tool = _planned(tmp_path, "dash")
    for stamp in (shims.state.env(shims.bin_dir) / "stamps").iterdir():
        os.utime(stamp)
    assert not is_fast(shims.call(shims.bin_dir / "tool"), tool)

    shims.plan([tool])

    assert is_fast(shims.call(shims.bin_dir / "tool"), tool)


def test_plans_of_other_tools_go_on_standing(tmp_path: Path) -> None:
    shims = Shims.make(tmp_path, tmp_path / "bin")
    first, second = shims.pin("first"), shims.pin("second")
    shims.plan([first])
    shims.plan([second], watched=[tmp_path / "more"])

    assert is_fast(shims.call(shims.bin_dir / "first"), first)
    assert is_fast(shims.call(shims.bin_dir / "second"), second)


def test_git_pull_is_seen(tmp_path: Path) -> None:
    def git(*arguments: str, cwd: Path) -> None:
        subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True)

    origin = Shims.make(tmp_path, tmp_path / "origin" / "bin")
    tool = origin.pin("tool")
    git("init", "-q", cwd=tmp_path / "origin")
    git("add", "-A", cwd=tmp_path / "origin")
    git("commit", "-qm", "first", cwd=tmp_path / "origin")
    git("clone", "-q", "origin", "clone", cwd=tmp_path)
    clone = Shims(tmp_path / "clone" / "bin", origin.state, origin.pkgs)
    for number, change in enumerate(("pkgs.hcl", "pkgs.lock", "pin")):
        clone.plan([tool])
        assert is_fast(clone.call(clone.bin_dir / "tool"), tool)
        if change == "pin":
            _repin(origin, tool)
        else:
            (origin.bin_dir / change).write_text(f"# {number}\n")
        git("add", "-A", cwd=tmp_path / "origin")
        git("commit", "-qm", change, cwd=tmp_path / "origin")
        git("pull", "-q", cwd=tmp_path / "clone")
        assert not is_fast(clone.call(clone.bin_dir / "tool"), tool), change


def test_a_file_that_keeps_changing_leaves_no_plan_that_stands(tmp_path: Path) -> None:
    shims, tool = _planned(tmp_path, "dash")
    lock = shims.bin_dir / "pkgs.lock"
    clock = iter(range(10**18, 10**18 + 10**12, 10**9))

    def touch(_: float) -> None:
        now = next(clock)
        os.utime(lock, ns=(now, now))

    touch(0)
    files = [shims.bin_dir, lock]
    os.utime(shims.bin_dir, ns=(1, 1))
    watched = observe(files, clock=lambda: lock.stat().st_mtime_ns, sleep=touch)

    assert watched[1] == Watched(lock, -1)
    assert write_plans(shims.state.env(shims.bin_dir), shims.bin_dir, [tool], watched)
    assert not is_fast(shims.call(shims.bin_dir / "tool"), tool)


def test_what_did_not_change_lately_is_not_waited_for(tmp_path: Path) -> None:
    old, future, whole = tmp_path / "old", tmp_path / "future", tmp_path / "whole"
    now = time.time_ns() // 10**9 * 10**9 + 1
    for path, changed in ((old, now - 10**8), (future, now + 10**12), (whole, now - 2 * 10**9 - 1)):
        path.touch()
        os.utime(path, ns=(changed, changed))
    waits: list[float] = []

    watched = observe([old, future, whole, tmp_path / "absent"], clock=lambda: now, sleep=waits.append)

    assert waits == []
    assert [each.recent for each in watched] == [True, False, False, False]


def test_a_state_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    shims, tool = _planned(tmp_path, "dash")
    blocked = tmp_path / "file"
    blocked.touch()

    assert not write_plans(blocked / "state", shims.bin_dir, [tool], observe([shims.bin_dir]))


@pytest.mark.parametrize(
    ("age", "whole", "wait"), [(5, False, 15), (0, False, 20), (500, True, 520), (19, False, 1)]
)
def test_a_change_in_this_tick_is_waited_out(tmp_path: Path, age: int, whole: bool, wait: int) -> None:
    """Milliseconds: a second change in the same tick of the file system's clock would leave the same time."""
    path = tmp_path / "file"
    path.touch()
    changed = 10**18 + (0 if whole else 1)
    os.utime(path, ns=(changed, changed))
    now = [changed + age * 10**6]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += round(seconds * 10**9)

    assert observe([path], clock=lambda: now[0], sleep=sleep) == (Watched(path, changed, recent=not whole),)
    assert waits == [pytest.approx(wait / 1000)]
