"""Bundles that somebody else made: what is in them is what it seems to be, or none of it is taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pkgs.digests import digest_bytes
from pkgs.errors import ArchiveError, PkgsError
from pkgs.install.bundleload import Loaded, load_bundle
from pkgs.state import State
from tests.support.archives import DIRECTORY, HARDLINK, SYMLINK, pax_entry, tar_entry, tar_of
from tests.support.reporters import Heard

INDEX = {"format": 1, "platforms": ["linux-amd64"], "packages": {}}
EVIL = b"evil"
DIGEST = digest_bytes(EVIL)
BLOB = f"blobs/sha256/{DIGEST.hex[:2]}/{DIGEST.hex}"
SHELF = f"sources/{'2' * 64}"
REVISION = f"{SHELF}/{'1' * 40}"
PACK = f"git/{'3' * 64}.pack"
WHEEL = "wheels/pkgs-1-py3-none-any.whl"


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def long_entry(name: str, kind: bytes = DIRECTORY, link: str = "") -> bytes:
    """Return an entry whose name need not fit into its header."""
    return pax_entry({"path": name}) + tar_entry("x", kind=kind, link=link)


def load(state: State, *entries: bytes, index: object = INDEX) -> Loaded:
    """Take in a bundle that holds these members."""
    path = state.root.with_name("b.tar")
    text = index if isinstance(index, bytes) else json.dumps(index).encode()
    path.write_bytes(tar_of(tar_entry("bundle.json", text), *entries))
    return load_bundle(path, state, Heard(), lambda digests: None)


def taken(state: State) -> list[str]:
    """Return the files and links in the state directory, but for locks."""
    paths = (path for path in state.root.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(str(path.relative_to(state.root)) for path in paths)


@pytest.mark.parametrize("place", [BLOB, PACK, WHEEL])
@pytest.mark.parametrize("kind", ["link", "directory"])
def test_what_is_no_file_is_refused_before_anything_is_taken(state: State, place: str, kind: str) -> None:
    """A link would lead to something else where the store is, or later."""
    odd = (
        tar_entry(place, kind=SYMLINK, link=f"{'../' * place.count('/')}wheels/x.whl")
        if kind == "link"
        else tar_entry(f"{place}/x", b"x")
    )
    good = digest_bytes(b"good").hex
    blob = tar_entry(f"blobs/sha256/{good[:2]}/{good}", b"good")

    with pytest.raises(ArchiveError, match="no file") as caught:
        load(state, blob, tar_entry("wheels/x.whl", EVIL), odd)

    assert place in caught.value.message
    assert taken(state) == []


def test_a_hard_link_is_the_file(state: State) -> None:
    loaded = load(state, tar_entry("x", EVIL), tar_entry(BLOB, kind=HARDLINK, link="x"))

    assert loaded.blobs == {DIGEST}
    assert state.blob(DIGEST).read_bytes() == EVIL


@pytest.mark.parametrize("link", [SHELF, REVISION])
def test_a_source_is_a_directory_and_no_link_to_one(state: State, link: str) -> None:
    load(
        state,
        tar_entry(f"trees/x/{'1' * 40}/a.hcl", b"x"),
        long_entry(SHELF if link == REVISION else "sources"),
        long_entry(link, SYMLINK, f"{'../' * link.count('/')}trees/x"),
    )

    assert taken(state) == ([f"{REVISION}/a.hcl"] if link == SHELF else [])


@pytest.mark.parametrize(
    "index",
    [b"", b"x", b"\xff", b"[]", b"3", b"null", {}, {"format": 1}, {"format": 1, "platforms": "x"},
     {"format": 1, "platforms": [1]}, b"[" * 200_000],
)  # fmt: skip
def test_what_has_no_index_is_no_bundle(state: State, index: object) -> None:
    with pytest.raises(PkgsError, match="no bundle of pkgs"):
        load(state, tar_entry(BLOB, EVIL), index=index)

    assert taken(state) == []


@pytest.mark.parametrize("found", [0, 2, "1", None])
def test_another_format_is_told(state: State, found: object) -> None:
    with pytest.raises(ArchiveError, match=f"another format: {found}, this pkgs knows 1"):
        load(state, index={"format": found, "platforms": []})


def test_the_order_of_members_does_not_matter_and_others_are_passed_over(state: State) -> None:
    path = state.root.with_name("b.tar")
    index = tar_entry("bundle.json", json.dumps(INDEX).encode())
    path.write_bytes(tar_of(tar_entry("x/y", b"?"), tar_entry(BLOB, EVIL), index))

    load_bundle(path, state, Heard(), lambda digests: None)

    assert taken(state) == [BLOB]


@pytest.mark.parametrize("held", [b"", b"evi", b"evil and more"])
def test_a_damaged_download_in_the_store_is_replaced(state: State, held: bytes) -> None:
    place = state.blob(DIGEST)
    place.parent.mkdir(parents=True)
    place.write_bytes(held)

    loaded = load(state, tar_entry(BLOB, EVIL))

    assert place.read_bytes() == EVIL
    assert loaded.fresh == 1


def test_what_is_there_stays(state: State) -> None:
    load(state, tar_entry(BLOB, EVIL))
    before = state.blob(DIGEST).stat()

    assert load(state, tar_entry(BLOB, EVIL)).fresh == 0

    assert state.blob(DIGEST).stat() == before
