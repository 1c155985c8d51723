from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgs.digests import digest_bytes
from pkgs.errors import ArchiveError
from pkgs.manifest.model import Message, Run, Symlink
from pkgs.store.recipe import Recipe
from pkgs.store.records import moved_path, new_build, read_record, tree_lock
from pkgs.store.treedigest import TreeDigest, digest_tree
from pkgs.store.trees import Tree
from tests.support.stores import TestStore, as_nobody, tar_of_files

ARCHIVE = tar_of_files({"bin/tool": b"#!/bin/sh\n", "share/doc": b"text"}, executable={"bin/tool"})


def recipe_of(store: TestStore, **fields: object) -> Recipe:
    return Recipe(blob=store.put_blob(ARCHIVE), **fields)  # type: ignore[arg-type]


def ensure(
    store: TestStore, recipe: Recipe, *, finish: Callable[[Path], None] | None = None, anew: bool = False
) -> Tree:
    assert recipe.blob
    return store.trees.ensure(
        recipe,
        store.state.blob(recipe.blob),
        label="tool-1",
        reporter=store.reporter,
        finish=finish,
        anew=anew,
    )


def modes(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): f"{stat.S_IMODE(path.lstat().st_mode):o}"
        for path in [root, *root.rglob("*")]
    }


def visible(store: TestStore) -> list[str]:
    return sorted(path.name for path in store.state.trees.iterdir())


def test_a_tree_is_read_only_and_written_down(store: TestStore) -> None:
    recipe = recipe_of(store)
    tree = ensure(store, recipe)

    assert tree == Tree(store.state.tree(recipe.key()), recipe.key(), digest_tree(tree.path).digest)
    assert modes(tree.path) == {
        ".": "555",
        "bin": "555",
        "bin/tool": "555",
        "share": "555",
        "share/doc": "444",
    }
    record = read_record(store.state, tree.key)
    assert record
    assert (record.label, record.blob, record.files, record.size) == ("tool-1", recipe.blob, 2, 14)
    assert visible(store) == [f"sha256-{tree.key.hex}{end}" for end in ("", ".json", ".list")]


def test_equal_recipes_share_one_tree_and_unpack_once(store: TestStore) -> None:
    first = ensure(store, recipe_of(store))
    inode = first.path.stat().st_ino
    second = ensure(store, recipe_of(store, mutable=True, actions=(Message("hello"),)))

    assert second == first
    assert second.path.stat().st_ino == inode


def test_recipes_that_differ_do_not_share(store: TestStore) -> None:
    keys = {
        recipe_of(store, **fields).key()
        for fields in (
            {},
            {"strip": 1},
            {"name": "x"},
            {"dont_extract": True},
            {"actions": (Symlink("${root}/a", "${root}/b"),)},
            {"files": (("${dest}/x", digest_bytes(b"x")),)},
        )
    }
    assert len(keys) == 6


def test_a_failed_unpacking_leaves_nothing(store: TestStore) -> None:
    def fail(building: Path) -> None:
        assert building.is_dir()
        raise ArchiveError("bad")

    with pytest.raises(ArchiveError, match="bad"):
        ensure(store, recipe_of(store), finish=fail)
    assert visible(store) == []


def test_what_a_killed_run_left_is_no_obstacle(store: TestStore) -> None:
    recipe = recipe_of(store)
    building = new_build(store.state, recipe.key())
    (building / "half").mkdir()
    tree = ensure(store, recipe)

    assert sorted(path.name for path in tree.path.iterdir()) == ["bin", "share"]
    assert [path.name for path in building.iterdir()] == ["half"]  # gc removes it


def test_a_tree_without_a_record_is_not_trusted(store: TestStore) -> None:
    recipe = recipe_of(store)
    half = store.state.tree(recipe.key())
    (half / "evil").mkdir(parents=True)
    tree = ensure(store, recipe)

    assert not (tree.path / "evil").exists()


def test_a_tree_that_a_killed_collection_moved_is_put_back(store: TestStore) -> None:
    recipe = recipe_of(store)
    tree = ensure(store, recipe)
    inode = tree.path.stat().st_ino
    tree.path.rename(moved_path(store.state, tree.key))
    again = ensure(store, recipe)

    assert again == tree
    assert again.path.stat().st_ino == inode


def test_anew_replaces_a_damaged_tree(store: TestStore) -> None:
    recipe = recipe_of(store)
    tree = ensure(store, recipe)
    (tree.path / "bin" / "tool").chmod(0o755)
    (tree.path / "bin" / "tool").write_text("damaged")

    assert ensure(store, recipe, anew=True) == tree
    assert (tree.path / "bin" / "tool").read_text() == "#!/bin/sh\n"
    assert len(visible(store)) == 3


def test_links_and_texts_that_name_the_building_site_name_the_tree(store: TestStore) -> None:
    def finish(building: Path) -> None:
        (building / "absolute").symlink_to(building / "share" / "doc")
        (building / "script").write_bytes(b"#!" + os.fsencode(building) + b"/bin/tool\n\0binary")

    recipe = recipe_of(store, actions=(Run("${root}/relocate"),))
    tree = ensure(store, recipe, finish=finish)

    assert str((tree.path / "absolute").readlink()) == "share/doc"
    assert (tree.path / "script").read_bytes() == b"#!" + os.fsencode(tree.path) + b"/bin/tool\n\0binary"
    record = read_record(store.state, tree.key)
    assert record
    assert record.relocated == 1


def test_a_directory_is_copied_with_links_and_without_sockets(store: TestStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "tool").write_text("x")
    (source / "sub" / "tool").chmod(0o755)
    (source / "link").symlink_to("sub/tool")
    os.mkfifo(source / "fifo")
    recipe = Recipe(blob=digest_tree(source / "sub").digest)
    tree = store.trees.ensure(recipe, source, label="tool-1", reporter=store.reporter)

    assert modes(tree.path)["sub/tool"] == "555"
    assert (tree.path / "link").readlink() == Path("sub/tool")
    assert not (tree.path / "fifo").exists()


def test_a_read_only_state_directory_that_holds_everything_serves(store: TestStore, tmp_path: Path) -> None:
    recipe = recipe_of(store)
    tree = ensure(store, recipe)
    locks_before = store.locks.names()
    outcome = as_nobody(
        """
        from pkgs.artifact.model import Artifact
        from pkgs.digests import Digest
        from pkgs.store.recipe import Recipe
        from tests.support.stores import *
        digest = Digest(sys.argv[2])
        store = TestStore(Path(sys.argv[1]))
        artifact = Artifact("https://x.invalid/", digest)
        blob = store.blobs.ensure([artifact], LINUX, Shelf({}), store.reporter, "x")
        tree = store.trees.ensure(Recipe(blob=digest), blob.path, label="x", reporter=store.reporter)
        store.roots.add(Path("/nowhere"), store.reporter, trees=[tree.key])
        print("served", tree.path.name, (tree.path / "bin/tool").read_text().strip())
        """,
        store.state.root,
        strings=[recipe.blob.hex if recipe.blob else ""],
    )
    assert outcome == f"served {tree.path.name} #!/bin/sh\n"
    assert store.locks.names() == locks_before


def test_an_unwritable_state_directory_is_one_sentence(store: TestStore) -> None:
    store.state.root.mkdir()
    outcome = as_nobody(
        """
        from pkgs.store.recipe import Recipe
        from tests.support.stores import *
        store = TestStore(Path(sys.argv[1]))
        store.trees.ensure(Recipe(blob=None), None, label="x", reporter=store.reporter)
        """,
        store.state.root,
    )
    assert outcome.startswith("StoreError")
    assert "cannot be written: Permission denied" in outcome


def test_the_digest_is_the_same_wherever_and_whenever(tmp_path: Path) -> None:
    digests: list[TreeDigest] = []
    for name, order in (("one", ("b", "a-", "a")), ("two", ("a", "b", "a-"))):
        root = tmp_path / name
        for part in order:
            (root / part).mkdir(parents=True)
            (root / part / "file").write_text(part)
        os.utime(root / "a" / "file", (len(digests), 0))
        digests.append(digest_tree(root))
    assert digests[0] == digests[1]


def change_content(root: Path) -> None:
    (root / "f").write_text("b")


def change_bit(root: Path) -> None:
    (root / "f").chmod(0o755)


def change_name(root: Path) -> None:
    (root / "f").rename(root / "g")


def change_target(root: Path) -> None:
    (root / "l").unlink()
    (root / "l").symlink_to("g")


def change_kind(root: Path) -> None:
    (root / "l").unlink()
    (root / "l").write_text("f")


def add_directory(root: Path) -> None:
    (root / "d").mkdir()


@pytest.mark.parametrize(
    "change", [change_content, change_bit, change_name, change_target, change_kind, add_directory]
)
def test_the_digest_tells_every_change(tmp_path: Path, change: Callable[[Path], None]) -> None:
    (tmp_path / "f").write_text("a")
    (tmp_path / "l").symlink_to("f")
    before = digest_tree(tmp_path).digest
    change(tmp_path)

    assert digest_tree(tmp_path).digest != before


def test_the_digest_of_a_known_tree_never_changes(tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "file\n").write_bytes(b"x" * 300_000)
    (tmp_path / "tool").write_bytes(b"")
    (tmp_path / "tool").chmod(0o755)
    (tmp_path / "link").symlink_to("dir\\x")
    big = digest_bytes(b"x" * 300_000).hex
    empty = digest_bytes(b"").hex
    text = f"pkgs tree 1\nd dir\nf {big} - dir/file\\n\nl link -> dir\\\\x\nf {empty} x tool\n"

    assert digest_tree(tmp_path).digest == digest_bytes(text.encode())


def test_the_digest_tells_where_a_links_path_ends(tmp_path: Path) -> None:
    links = [("a -> b", "c"), ("a", "b -> c"), ("a -\\> b", "c"), ("x ->", "y"), ("x", "-> y")]
    digests = set()
    for number, (name, target) in enumerate(links):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / name).symlink_to(target)
        digests.add(digest_tree(tmp_path / f"{number}").digest)

    assert len(digests) == len(links)


def test_hiding_leaves_nothing_in_sight(store: TestStore) -> None:
    tree = ensure(store, recipe_of(store))
    hidden = store.trees.hide(tree.key)

    assert hidden
    assert visible(store) == [hidden.name]
    assert store.trees.find(tree.key) is None


def test_a_tree_that_somebody_works_on_is_not_hidden(store: TestStore) -> None:
    tree = ensure(store, recipe_of(store))
    with store.locks.hold(tree_lock(tree.key), waiting=store.reporter.info):
        assert store.trees.hide(tree.key) is None

    assert store.trees.find(tree.key) == tree
