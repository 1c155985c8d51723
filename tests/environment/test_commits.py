"""The commits of manifest sources are those that the whole lock has, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgs.environment.commits import locked_commits
from pkgs.environment.lock import Lock, LockedArtifact, LockedPackage, LockedSource, print_lock, read_lock
from pkgs.errors import LockError
from pkgs.platforms import Platform

COMMIT = "1" * 40
OTHER = "2" * 40
PACKAGE = LockedPackage(
    "uri-1.0",
    "1.0",
    source="https://a.test/t.git",
    artifacts={Platform("linux", "amd64"): (LockedArtifact("https://a.test/p.git#v1", commit=OTHER),)},
)

uris = st.sampled_from(
    [
        "https://a.test/t.git",
        "https://a.test/a-source-whose-name-is-so-long-that-its-table-has-lines-of-its-own.git",
        "env:///manifests",
        'file:///odd"name.git',
        "builtin:",
    ]
)
sources = st.builds(LockedSource, uris, st.sampled_from(["", COMMIT, OTHER]))


@given(st.lists(sources, max_size=4, unique_by=lambda source: source.uri), st.booleans())
def test_the_commits_are_those_of_the_whole_lock(
    tmp_path_factory: pytest.TempPathFactory, sources: list[LockedSource], packaged: bool
) -> None:
    path = tmp_path_factory.mktemp("lock") / "pkgs.lock"
    packages = {PACKAGE.reference: PACKAGE} if packaged else {}
    path.write_text(print_lock(Lock(sources=tuple(sources), packages=packages)))

    assert locked_commits(path) == {each.uri: each.commit for each in sources if each.commit}


@pytest.mark.parametrize(
    "written",
    [
        f'[[ source ]]\nuri = "u"\ncommit = "{COMMIT}"\n',
        f'[["source"]]\n"uri" = "u"\n"commit" = "{COMMIT}"\n',
        f"[[source]]\nuri = 'u'\ncommit = '{COMMIT}'\n",
        f'[[source]]\nuri = "u"\n# pinned\ncommit = "{COMMIT}"\n',
        f'[[source]]\ncommit = "{COMMIT}"\nuri = "u"\n',
        f'source = [{{uri = "u", commit = "{COMMIT}"}}]\n',
        f'source = [\n    {{ uri = "u", commit = "{COMMIT}" }}, # pinned\n]\n',
        f'[package."x-1"]\nversion = "1"\n[[source]]\nuri = "u"\ncommit = "{COMMIT}"\n',
        f'[[source]]\nuri = "v"\n\n[package.x]\nversion = ""\n\n[[source]]\nuri = "u"\ncommit = "{COMMIT}"\n',
    ],
)
def test_a_lock_by_another_hand_says_the_same(tmp_path: Path, written: str) -> None:
    path = tmp_path / "pkgs.lock"
    for end in ("\n", "\r\n"):
        path.write_text(f"version = 1\n{written}", newline=end)

        assert locked_commits(path) == {"u": COMMIT}
        assert {each.uri: each.commit for each in read_lock(path).sources if each.commit} == {"u": COMMIT}


def test_no_lock_has_no_commits(tmp_path: Path) -> None:
    assert locked_commits(tmp_path / "pkgs.lock") == {}


def test_a_lock_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="cannot read") as raised:
        locked_commits(tmp_path)

    assert raised.value.hint.startswith("restore it from version control")
