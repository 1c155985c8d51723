"""Triggers' actions happen in order, inside the package, without a shell."""

from __future__ import annotations

import dataclasses
import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest

from pkgs.errors import StoreError
from pkgs.manifest.model import Action, Chmod, Copy, Delete, Message, Mkdir, Rename, Run, Symlink
from pkgs.store.actions import run_actions
from tests.support.meanwhile import before
from tests.support.stores import as_nobody


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "a tree"
    path.mkdir()
    (path / "tool").write_text("#!/bin/sh\n")
    (path / "sub").mkdir()
    (path / "sub" / "file").write_text("x")
    (tmp_path / "canary").write_text("alive")
    return path


def act(root: Path, *actions: Action, timeout: float = 60, allowed: tuple[Path, ...] = ()) -> list[str]:
    return run_actions(
        actions,
        root=root,
        copy_source=lambda name: f"#!content of {name}".encode(),
        allowed=allowed,
        environ={"PATH": "/usr/bin:/bin", "SECRET": "token"},
        timeout=timeout,
    )


def placed(action: Action, root: Path) -> Action:
    """Put the root's path into an action's texts."""

    def fill(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(fill, value))
        return value.replace("{root}", str(root)) if isinstance(value, str) else value

    values = {field.name: fill(getattr(action, field.name)) for field in dataclasses.fields(action)}
    return dataclasses.replace(action, **values)


def test_a_copy_that_is_cut_short_leaves_what_was_there(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    before(monkeypatch, Path, "chmod", fail)
    with pytest.raises(StoreError):
        act(root, Copy("beside.sh", f"{root}/tool"))

    assert (root / "tool").read_text() == "#!/bin/sh\n"
    assert sorted(path.name for path in root.iterdir()) == ["sub", "tool"]


def test_actions_happen_in_order(root: Path) -> None:
    messages = act(
        root,
        Message("first"),
        Rename(f"{root}/tool", f"{root}/renamed"),
        Chmod(0o755, f"{root}/renamed"),
        Mkdir(f"{root}/new/dir"),
        Copy("beside.sh", f"{root}/new/dir/copied"),
        Copy(f"{root}/renamed", f"{root}/new/again", 0o600),
        Symlink("../renamed", f"{root}/new/link"),
        Symlink(f"{root}/sub", f"{root}/absolute"),
        Delete((f"{root}/sub/file", f"{root}/sub")),
        Delete((f"{root}/missing",), recursive=True),
        Message("last"),
    )

    assert messages == ["first", "last"]
    assert (root / "renamed").stat().st_mode & 0o777 == 0o755
    assert (root / "new/dir").stat().st_mode & 0o777 == 0o750
    assert (root / "new/dir/copied").read_text() == "#!content of beside.sh"
    assert (root / "new/dir/copied").stat().st_mode & 0o777 == 0o755
    assert (root / "new/again").stat().st_mode & 0o777 == 0o600
    assert (root / "new/link").read_text() == "#!/bin/sh\n"
    assert not (root / "sub").exists()


def test_a_copy_takes_the_place_of_a_file_and_leaves_its_other_names_alone(root: Path) -> None:
    (root / "other").hardlink_to(root / "tool")
    act(root, Copy("beside.sh", f"{root}/tool"))

    assert (root / "tool").read_text() == "#!content of beside.sh"
    assert (root / "other").read_text() == "#!/bin/sh\n"


def test_what_is_read_only_can_be_deleted_and_replaced(root: Path) -> None:
    root.chmod(0o777)
    outcome = as_nobody(
        """
        from pkgs.manifest.model import Copy, Delete
        from pkgs.store.actions import run_actions
        root = Path(sys.argv[1]) / "made"
        (root / "directory").mkdir(parents=True)
        for name in ("directory/file", "file"):
            (root / name).touch(0o444)
        (root / "directory").chmod(0o555)
        actions = [Delete((f"{root}/directory",), recursive=True), Copy("new", f"{root}/file")]
        run_actions(actions, root=root, copy_source=str.encode)
        print([(path.name, path.read_text()) for path in root.iterdir()])
        """,
        root,
    )
    assert outcome == "[('file', 'new')]\n"


def test_a_program_runs_without_a_shell_and_with_little_environment(root: Path) -> None:
    act(
        root,
        Run(
            '/bin/sh -c \'printf "%s|%s|%s|%s" "$PWD" "$SECRET" "$GIVEN" "$*" > out; cat >> out\' sh',
            args=("$HOME", "a b"),
            env=("GIVEN=1",),
            stdin="|stdin",
        ),
    )

    assert (root / "out").read_text() == f"{root}||1|$HOME a b|stdin"


def test_a_program_runs_where_it_is_told(root: Path) -> None:
    act(root, Run("/bin/sh", ("-c", "pwd > here"), dir=f"{root}/sub"))

    assert (root / "sub" / "here").read_text().strip() == f"{root}/sub"


@pytest.mark.parametrize(
    "action",
    [
        Rename("{root}/tool", "{root}/../canary"),
        Rename("{root}/../canary", "{root}/x"),
        Rename("{root}", "{root}/x"),
        Delete(("{root}/../canary",)),
        Delete(("{root}/out/canary",)),
        Delete(("/",), recursive=True),
        Delete(("{root}/.",), recursive=True),
        Delete(("{root}/sub/..",), recursive=True),
        Chmod(0, "{root}/out/canary"),
        Copy("x", "{root}/out/canary"),
        Copy("x", "{root}/alias"),
        Copy("/etc/passwd", "{root}/passwd"),
        Mkdir("{root}/../new"),
        Symlink("../canary", "{root}/link"),
        Symlink("/etc/passwd", "{root}/link"),
        Symlink("x", "{root}/../link"),
        Run("/bin/true", dir="/"),
    ],
)
def test_what_is_outside_is_refused(root: Path, action: Action) -> None:
    (root / "out").symlink_to("..")
    (root / "alias").symlink_to("../canary")
    with pytest.raises(StoreError, match="is outside of the package"):
        act(root, placed(action, root))

    assert (root.parent / "canary").read_text() == "alive"
    assert sorted(path.name for path in root.parent.iterdir()) == ["a tree", "canary"]


def test_other_directories_can_be_allowed(root: Path, tmp_path: Path) -> None:
    act(root, Mkdir(f"{tmp_path}/cache/x"), allowed=(tmp_path / "cache",))

    assert (tmp_path / "cache/x").is_dir()


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (Delete(("{root}/missing",)), "action delete .*missing failed: No such file"),
        (Delete(("{root}/sub",)), "delete .*sub failed: Directory not empty"),
        (Rename("{root}/missing", "{root}/x"), "rename .* failed: No such file"),
        (Symlink("sub", "{root}/tool"), "symlink .* failed: File exists"),
        (Run("/bin/sh 'unclosed"), "run /bin/sh 'unclosed failed: No closing quotation"),
        (Run("/missing/program"), "run /missing/program failed: No such file"),
        (Run("/bin/sh", ("-c", "echo why; exit 3")), r"status 3\n  why"),
        (Run("/bin/sh", ("-c", "kill -9 $$")), "was ended by signal 9"),
    ],
)
def test_a_failure_says_which_action(root: Path, action: Action, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        act(root, placed(action, root))


def test_a_program_that_takes_too_long_is_ended_with_its_children(root: Path) -> None:
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"ran longer than 0\.3 s"):
        act(root, Run("/bin/sh", ("-c", "sleep 100 & sleep 100")), timeout=0.3)

    assert time.monotonic() - began < 100
