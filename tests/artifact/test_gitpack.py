"""Packs of one commit: the same bytes wherever they are made, and as good as the repository."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from pkgs.artifact.git import GitSource, clone
from pkgs.artifact.gitpack import checkout, write_pack
from pkgs.errors import FetchError
from tests.support.repositories import Repository

ENVIRON = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
OTHER = "0" * 39 + "1"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository of two commits, whose first has a bit of everything."""
    files = {
        ".gitattributes": "*.txt text eol=crlf\n",
        "a.txt": "one\ntwo\n",
        "bin/tool": "#!/bin/sh\n",
        "ü": "",
    }
    made = Repository.make(tmp_path / "tool.git", files)
    (made.path / "large").write_bytes(os.urandom(200_000))
    (made.path / "even").write_bytes(bytes(65535))
    (made.path / "bin" / "tool").chmod(0o755)
    (made.path / "link").symlink_to("bin/tool")
    made.commit({})
    made.git("tag", "v1")
    made.commit({"a.txt": "three\n"})
    return made


def pack_of(repository: Repository, pack: Path) -> Path:
    write_pack(GitSource(repository.uri, repository.git("rev-parse", "v1")), pack, ENVIRON)
    return pack


def listed(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(root)): (
            stat.S_IMODE(path.lstat().st_mode),
            os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes(),
        )
        for path in root.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def test_what_comes_out_of_a_pack_is_what_git_clones(repository: Repository, tmp_path: Path) -> None:
    commit = repository.git("rev-parse", "v1")
    pack = pack_of(repository, tmp_path / "v1.pack")
    clone(GitSource(repository.uri, commit), tmp_path / "cloned", ENVIRON)

    checkout(pack, commit, tmp_path / "packed", ENVIRON)

    assert listed(tmp_path / "packed") == listed(tmp_path / "cloned")
    assert listed(tmp_path / "packed")["a.txt"][1] == b"one\r\ntwo\r\n"
    assert not (tmp_path / "packed" / ".git").exists()


def test_the_same_commit_gives_the_same_bytes_however_it_is_stored(
    repository: Repository, tmp_path: Path
) -> None:
    first = pack_of(repository, tmp_path / "first").read_bytes()
    repository.git("-c", "core.compression=9", "repack", "-a", "-d", "-f", "--quiet")
    repository.git("config", "pack.threads", "1")

    assert pack_of(repository, tmp_path / "second").read_bytes() == first


def test_git_itself_finds_nothing_wrong_with_it(repository: Repository, tmp_path: Path) -> None:
    pack = pack_of(repository, tmp_path / "v1.pack")
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "bare"], env=ENVIRON, check=True)
    words = ["git", "-C", str(tmp_path / "bare"), "index-pack", "--stdin", "--fsck-objects"]
    with pack.open("rb") as file:
        done = subprocess.run(words, env=ENVIRON, stdin=file, capture_output=True, text=True, check=True)

    assert done.stdout.startswith("pack\t")
    assert done.stderr == ""


def test_only_that_commit_is_in_it(repository: Repository, tmp_path: Path) -> None:
    pack = pack_of(repository, tmp_path / "v1.pack")

    with pytest.raises(FetchError, match=f"not a tree: {repository.head}"):
        checkout(pack, repository.head, tmp_path / "packed", ENVIRON)
    assert not (tmp_path / "packed").exists()


@pytest.mark.parametrize("place", [0, 30, -1])
def test_a_damaged_pack_is_refused(repository: Repository, tmp_path: Path, place: int) -> None:
    pack = pack_of(repository, tmp_path / "v1.pack")
    data = bytearray(pack.read_bytes())
    data[place] ^= 1
    pack.write_bytes(data)

    with pytest.raises(FetchError, match=r"v1\.pack"):
        checkout(pack, repository.git("rev-parse", "v1"), tmp_path / "packed", ENVIRON)
    assert not (tmp_path / "packed").exists()


def test_a_commit_that_is_not_there_is_said_and_leaves_nothing(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "into").mkdir()
    with pytest.raises(FetchError, match="cannot clone"):
        write_pack(GitSource(repository.uri, OTHER), tmp_path / "into" / "pack", ENVIRON)

    assert not list((tmp_path / "into").iterdir())


def test_a_repository_of_sha256_is_packed_too(tmp_path: Path) -> None:
    path = tmp_path / "new.git"
    made = Repository(path)
    subprocess.run(["git", "init", "--quiet", "--object-format=sha256", path], env=ENVIRON, check=True)
    made.commit({"file": "x"})
    write_pack(GitSource(made.uri, made.head), tmp_path / "pack", ENVIRON)

    checkout(tmp_path / "pack", made.head, tmp_path / "packed", ENVIRON)

    assert (tmp_path / "packed" / "file").read_text() == "x"
