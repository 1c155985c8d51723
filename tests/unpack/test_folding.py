"""Archives on a filesystem to which names are one that differ in case, or in how accents are written."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgs.errors import ArchiveError
from pkgs.store.unpack import unpack
from tests.support.archives import HARDLINK, SYMLINK, tar_entry, tar_of
from tests.support.mounts import filesystem

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


@pytest.fixture(scope="module", params=["folding"])
def disk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    outer = tmp_path_factory.mktemp(request.param)
    (outer / "backing").mkdir()
    with filesystem(outer / "backing", outer / "disk", request.param):
        yield outer / "disk"


@pytest.fixture
def dest(disk: Path, tmp_path: Path) -> Path:
    place = disk / tmp_path.name / "dest"
    place.mkdir(parents=True)
    return place


def unpack_tar(tmp_path: Path, dest: Path, *members: bytes) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(tar_of(*members))
    unpack(archive, dest, strip=0, name="a.tar")


def link(name: str, target: str) -> bytes:
    return tar_entry(name, kind=SYMLINK, link=target)


def test_the_filesystem_is_what_it_should_be(dest: Path) -> None:
    for name in ("File", COMPOSED):
        (dest / name).write_text(name)
    assert (dest / "fILE").read_text() == "File"
    assert (dest / DECOMPOSED).read_text() == COMPOSED
    assert {path.name for path in dest.iterdir()} == {"File", COMPOSED}


@pytest.mark.parametrize(
    ("members", "named"),
    [
        pytest.param([tar_entry("File", b"x"), tar_entry("file", b"y")], "file", id="files"),
        pytest.param([tar_entry("Dir/a", b"x"), tar_entry("dir/b", b"y")], "dir", id="directories"),
        pytest.param([tar_entry("a", b"x"), tar_entry("A/b", b"y")], "A", id="file and directory"),
        pytest.param([tar_entry("a", b"x"), link("A", "a")], "A", id="file and link"),
        pytest.param([link("Link", "sub"), tar_entry("link/b", b"y")], "link", id="through a link"),
        pytest.param(
            [tar_entry("a", b"x"), tar_entry("b", b"y"), tar_entry("B", kind=HARDLINK, link="a")],
            "B",
            id="file and hard link",
        ),
        pytest.param([tar_entry(COMPOSED, b"x"), tar_entry(DECOMPOSED, b"y")], DECOMPOSED, id="accents"),
    ],
)
def test_names_that_are_one_are_refused(tmp_path: Path, dest: Path, members: list[bytes], named: str) -> None:
    with pytest.raises(ArchiveError, match=f"'{named}' differs from another only in case or accents"):
        unpack_tar(tmp_path, dest, *members)


def test_a_zip_is_judged_the_same(tmp_path: Path, dest: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("File", "file"):
            file.writestr(name, name)
    with pytest.raises(ArchiveError, match="'file' differs from another only in case"):
        unpack(archive, dest, strip=0, name="a.zip")


def test_what_differs_in_more_than_case_is_unpacked(tmp_path: Path, dest: Path) -> None:
    unpack_tar(
        tmp_path, dest, tar_entry("README", b"1"), tar_entry("readme.md", b"2"), tar_entry("a/README", b"3"),
        tar_entry("README", b"4"), link("Link", "README"),
    )  # fmt: skip
    found = {str(path.relative_to(dest)) for path in dest.rglob("*")}
    assert found == {"README", "readme.md", "a", "a/README", "Link"}
    assert (dest / "Link").read_bytes() == b"4"


def test_a_link_under_another_spelling_leads_nobody_out(tmp_path: Path, dest: Path) -> None:
    """``a/b/c/l`` is the link ``a/b/c/L``, which leads up already."""
    (dest.parent / "secret").write_text("of another")
    with pytest.raises(ArchiveError, match="symbolic link 'M' leads out of the package"):
        unpack_tar(tmp_path, dest, link("a/b/c/L", "../../.."), link("M", "a/b/c/l/../secret"))


def test_a_link_under_another_spelling_may_lead_about_inside(tmp_path: Path, dest: Path) -> None:
    unpack_tar(
        tmp_path,
        dest,
        link("a/L", "../b"),
        tar_entry("b/file", b"x"),
        link("M", "a/l/file"),
        link("none", "x/.."),
    )
    assert (dest / "M").read_bytes() == b"x"


@pytest.mark.parametrize("disk", ["folding", "decomposing"], indirect=True)
def test_a_link_with_other_accents_leads_nobody_out(tmp_path: Path, dest: Path) -> None:
    (dest.parent / "secret").write_text("of another")
    up, down = link(f"a/b/c/{COMPOSED}", "../../.."), link("M", f"a/b/c/{DECOMPOSED}/../secret")
    with pytest.raises(ArchiveError, match="symbolic link 'M' leads out of the package"):
        unpack_tar(tmp_path, dest, up, down)


@pytest.mark.parametrize("disk", ["decomposing"], indirect=True)
def test_names_that_the_filesystem_spells_in_its_own_way_are_unpacked(tmp_path: Path, dest: Path) -> None:
    unpack_tar(tmp_path, dest, tar_entry(f"{COMPOSED}/{COMPOSED}", b"x"), link("M", COMPOSED))
    assert (dest / "M" / COMPOSED).read_bytes() == b"x"
    assert DECOMPOSED in {path.name for path in dest.iterdir()}
