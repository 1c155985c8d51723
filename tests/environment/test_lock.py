"""The lock is read as it was written, and says clearly what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgs.environment.lock import (
    FIRST_USE,
    Lock,
    LockedArtifact,
    LockedPackage,
    LockedSource,
    print_lock,
    read_lock,
)
from pkgs.environment.program import Program
from pkgs.errors import LockError
from pkgs.platforms import PLATFORMS

SHA = "a" * 64
PROGRAM = Program("0.1.0", ("httpx==0.28.1 --hash=sha256:" + SHA,), path="../src/pkgs")

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=20)
artifacts = st.builds(
    LockedArtifact,
    url=texts,
    sha256=st.sampled_from([SHA, "0" * 64]),
    size=st.none() | st.integers(1, 1 << 40),
    strip=st.integers(0, 3),
    mirrors=st.lists(texts, max_size=2).map(tuple),
    tree=st.just("") | st.just(f"sha256:{SHA}"),
    provenance=st.sampled_from(["manifest", FIRST_USE]),
)
packages = st.builds(
    LockedPackage,
    reference=texts,
    version=texts,
    source=texts,
    artifacts=st.dictionaries(
        st.sampled_from(PLATFORMS), st.lists(artifacts, min_size=1, max_size=2).map(tuple)
    ),
    undigested=st.sets(st.sampled_from(PLATFORMS)).map(lambda found: tuple(sorted(found))),
)
locks = st.builds(
    Lock,
    program=st.none() | st.just(PROGRAM),
    sources=st.lists(st.builds(LockedSource, texts, texts), max_size=2).map(tuple),
    packages=st.lists(packages, max_size=3).map(lambda found: {each.reference: each for each in found}),
)


@given(locks)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, lock: Lock) -> None:
    path = tmp_path_factory.mktemp("lock") / "pkgs.lock"
    path.write_text(print_lock(lock))

    assert read_lock(path) == lock
    assert print_lock(read_lock(path)) == path.read_text()


def test_the_shell_finds_the_id_of_pkgs_in_the_first_table() -> None:
    lines = print_lock(Lock(program=PROGRAM)).splitlines()

    assert lines[lines.index("[pkgs]") + 1] == f'id = "{PROGRAM.id}"'


def test_packages_are_sorted_so_that_branches_merge() -> None:
    lock = Lock()
    for name in ("zoo-1", "ant-1", "mole-1"):
        lock = lock.with_package(LockedPackage(name, "1"))

    text = print_lock(lock)

    assert text.index("ant-1") < text.index("mole-1") < text.index("zoo-1")


def test_a_missing_lock_is_an_empty_one(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "pkgs.lock") == Lock()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("version = 1\n<<<<<<< ours\n", "pkgs.lock", "resolve the merge conflict"),
        ("version = 2\n", "its format is 2, this pkgs knows 1", "restore it"),
        ("version = 1\n[package.x]\n", "not a lock of pkgs", "restore it"),
        ('version = 1\n[pkgs]\nid = "0"\nversion = "1"\npath = "x"\nrequirements = []\n', "id of pkgs", ""),
        ("version = 1\npackage = 3\n", "not a lock of pkgs", "restore it"),
        (
            """version = 1
[package."x-1"]
version = "1"
[[package."x-1".linux-amd64]]
url = "u"
sha256 = "zz"
""",
            "'zz' is not a SHA-256 digest",
            "restore it",
        ),
        (
            f"""
version = 1
[package."x-1"]
version = "1"
[[package."x-1".linux-amd64]]
url = "u"
sha256 = "{SHA}"
tree = "sha256:zz"
""",
            "'zz' is not a SHA-256 digest",
            "restore it",
        ),
    ],
)
def test_a_broken_lock_names_the_file_and_the_next_step(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    path = tmp_path / "pkgs.lock"
    path.write_text(text)

    with pytest.raises(LockError, match=message) as caught:
        read_lock(path)

    assert str(path) in caught.value.message
    assert hint in caught.value.hint
