from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from pkgs.errors import StoreError
from pkgs.store import files
from pkgs.store.files import atomic_write, clean_on_failure, contained, remove_tree, temp_sibling
from pkgs.store.sweep import size
from tests.support.meanwhile import after
from tests.support.mounts import filesystem


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_atomic_write_makes_directories_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    atomic_write(path, b"old")
    atomic_write(path, b"new", mode=0o600, durable=True)

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(path.parent) == ["b"]


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    atomic_write(path, b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreError, match="no space is left") as caught:
        atomic_write(path, b"new")

    assert "PKGS_STATE_DIR" in caught.value.hint
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_temp_siblings_differ_and_fit_beside_the_longest_name(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    first, second = temp_sibling(path), temp_sibling(path)

    assert first != second
    assert first.parent == tmp_path
    assert first.name.startswith(files.TEMP_PREFIX)
    first.write_bytes(b"")


def test_remove_tree_takes_read_only_trees_and_leaves_what_links_point_at(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub" / "file").write_text("x")
    (tree / "link").symlink_to(kept)
    for path in (tree / "sub" / "file", tree / "sub", tree):
        path.chmod(0o500)
    remove_tree(tree)
    remove_tree(tree)

    assert names(tmp_path) == ["kept"]
    assert (kept / "file").exists()


def test_remove_tree_removes_a_link_not_its_target(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to("kept")
    remove_tree(tmp_path / "link")

    assert names(tmp_path) == ["kept"]


def test_remove_tree_takes_what_a_program_adds_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tree").mkdir()
    after(monkeypatch, files, "_remove_files", (tmp_path / "tree" / "late").touch)
    remove_tree(tmp_path / "tree")

    assert names(tmp_path) == []


def test_remove_tree_takes_what_no_path_can_name(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    at = os.open(tree, os.O_RDONLY)
    for number in range(100):
        name = f"{number:0100}"
        os.mkdir(name, dir_fd=at)
        deeper = os.open(name, os.O_RDONLY, dir_fd=at)
        file = os.open("file", os.O_WRONLY | os.O_CREAT, 0o444, dir_fd=deeper)
        os.write(file, b"x")
        os.close(file)
        os.fchmod(at, 0o555)
        os.close(at)
        at = deeper
    os.close(at)

    assert 0 < size(tree) < 100
    remove_tree(tree)

    assert names(tmp_path) == []


def test_clean_on_failure_removes_only_on_failure(tmp_path: Path) -> None:
    path = tmp_path / "tree"
    path.mkdir()
    with clean_on_failure(path):
        pass
    assert path.exists()
    with pytest.raises(KeyboardInterrupt), clean_on_failure(path):
        raise KeyboardInterrupt
    assert not path.exists()


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "/etc/passwd", "", ".", "out/x"])
def test_contained_refuses_what_leaves_the_root(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    with pytest.raises(StoreError):
        contained(root, path)


def test_contained_joins_what_stays_inside(tmp_path: Path) -> None:
    assert contained(tmp_path, "a/../b") == tmp_path / "a/../b"
    assert contained(tmp_path, "a/b/c") == tmp_path / "a/b/c"


def test_files_that_are_open_somewhere_stay_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "behind").mkdir()
    with filesystem(tmp_path / "behind", tmp_path / "disk", "busy"):
        tree = tmp_path / "disk" / "tree"
        for name in ("bin/tool", "bin/.nfs00000000000000010000002a", "lib/tool"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).touch()
        for _ in range(2):
            remove_tree(tree)
            assert names(tree) == ["bin"]
            assert names(tree / "bin") == [".nfs00000000000000010000002a"]
    remove_tree(tmp_path / "behind")
    assert not (tmp_path / "behind").exists()
