"""The lock is read as it was written, and says clearly what is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from pkgs.environment.commits import locked_commits
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
    reference=st.from_regex(r"[^\d\s@/-]{1,9}(-\d[^/\s-]{0,9}|@[^/\s@-]{1,9})?", fullmatch=True),
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
        ("version = 2\n", "its format is 2, this pkgs knows 1", "use the pkgs that wrote it, or a newer one"),
        ("version = 0\n", "its format is 0, this pkgs knows 1", "restore it"),
        ("", "its format is None", "restore it"),
        (f"version = 1\nx = {'[' * 100_000}", "nested too deeply", "restore it"),
        (f"version = {'9' * 5_000}", "not a lock of pkgs", "restore it"),
        ("version = 1\n\0", "line 2", "restore it"),
        ("version = 1\n[pkgs]\nrequirements = []\n", "pkgs: id is missing", "restore it"),
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


ARTIFACT = {"url": "u", "sha256": SHA}


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ({"pkgs": 3}, "pkgs is 3"),
        (
            {"pkgs": {"id": "0", "version": "1", "sha256": SHA, "requirements": "x"}},
            "pkgs: requirements is 'x'",
        ),
        ({"source": "abc"}, "source is 'abc'"),
        ({"source": {"uri": "u"}}, "source is {'uri': 'u'}"),
        ({"source": [3]}, "source is [3]"),
        ({"source": [{"uri": 3}]}, "source: uri is 3"),
        ({"source": [{"commit": "c"}]}, "source: uri is missing"),
        ({"source": [{"uri": "u", "commit": 3}]}, "source: commit is 3"),
        ({"package": [{"version": "1"}]}, "package is [{'version': '1'}]"),
        ({"package": {"x-1": 3}}, "x-1 is 3"),
        ({"package": {"../x": {"version": "1"}}}, "'../x' is not a package reference"),
        ({"package": {"x-1": {"version": 3}}}, "x-1: version is 3"),
        ({"package": {"x-1": {"version": "1", "runtime": "abc"}}}, "x-1: runtime is 'abc'"),
        ({"package": {"x-1": {"version": "1", "runtime": [3]}}}, "x-1: runtime is [3]"),
        (
            {"package": {"x-1": {"version": "1", "runtime": ["../y"]}}},
            "x-1: '../y' is not a package reference",
        ),
        ({"package": {"x-1": {"version": "1", "automatic": "no"}}}, "x-1: automatic is 'no'"),
        ({"package": {"x-1": {"version": "1", "undigested": ["os2"]}}}, "x-1: unknown platform 'os2'"),
        (
            {"package": {"x-1": {"version": "1", "linux-amd64": {"url": "u"}}}},
            "x-1: linux-amd64 is {'url': 'u'}",
        ),
    ],
)
def test_what_is_of_another_kind_is_named_with_its_place(
    tmp_path: Path, place: dict[str, object], says: str
) -> None:
    path = tmp_path / "pkgs.lock"
    path.write_text(tomli_w.dumps({"version": 1, **place}))

    with pytest.raises(LockError) as caught:
        read_lock(path)

    assert str(path) in caught.value.message
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"url": 3}, "url is 3"),
        ({"url": ["u"]}, "url is ['u']"),
        ({"url": None}, "url is missing"),
        ({"sha256": 3}, "sha256 is 3"),
        ({"sha256": None}, "'u' has neither sha256 nor commit"),
        ({"tree": "sha256:zz"}, "'zz' is not a SHA-256 digest"),
        ({"size": "12"}, "size is '12'"),
        ({"size": -1}, "size is -1"),
        ({"size": True}, "size is True"),
        ({"size": 1.5}, "size is 1.5"),
        ({"strip": -1}, "strip is -1"),
        ({"strip": "a"}, "strip is 'a'"),
        ({"mirrors": "abc"}, "mirrors is 'abc'"),
        ({"mirrors": [3]}, "mirrors is [3]"),
        ({"provenance": 3}, "provenance is 3"),
        ({"etag": 3}, "etag is 3"),
        ({"commit": "--output=x"}, "commit is '--output=x'"),
        ({"commit": "A" * 40}, "commit is 'AAAA"),
    ],
)
def test_what_is_wrong_with_an_artifact_is_named_with_package_and_platform(
    tmp_path: Path, entry: dict[str, object], says: str
) -> None:
    path = tmp_path / "pkgs.lock"
    present = {key: value for key, value in {**ARTIFACT, **entry}.items() if value is not None}
    packages = {"x-1": {"version": "1", "darwin-arm64": [ARTIFACT, present]}}
    path.write_text(tomli_w.dumps({"version": 1, "package": packages}))

    with pytest.raises(LockError) as caught:
        read_lock(path)

    assert f"{path} is not a lock of pkgs: x-1, darwin-arm64: " in caught.value.message
    assert says in caught.value.message


def test_what_is_no_text_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "pkgs.lock"
    path.write_bytes(b'version = 1\n\nx = "\xff"\n')

    with pytest.raises(LockError, match="line 3 is not UTF-8") as caught:
        read_lock(path)

    assert "restore it" in caught.value.hint


@pytest.mark.parametrize("kind", ["fifo", "device", "directory"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "pkgs.lock"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()

    with pytest.raises(LockError, match="no regular file"):
        read_lock(path)
    with pytest.raises(LockError, match="no regular file"):
        locked_commits(path)
