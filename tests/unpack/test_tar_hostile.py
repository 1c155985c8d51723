"""Tars that mean harm or make no sense are refused in a sentence that names the member."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgs.errors import ArchiveError
from pkgs.store.files import remove_tree
from pkgs.store.unpack import Limits, companion, directories, tree, unpack
from pkgs.store.unpack.directories import Directories
from pkgs.store.unpack.habits import Habits
from pkgs.store.unpack.pax import records
from tests.support.archives import (
    BLOCK,
    CHARACTER,
    DIRECTORY,
    FIFO,
    HARDLINK,
    SYMLINK,
    pax_entry,
    tar_entry,
    tar_of,
    with_field,
)
from tests.support.samples import peak
from tests.support.timing import assert_cheap

Unpack = Callable[..., Path]


def link(name: str, target: str) -> bytes:
    return tar_entry(name, kind=SYMLINK, link=target)


def hard(name: str, target: str) -> bytes:
    return tar_entry(name, kind=HARDLINK, link=target)


def directory(name: str) -> bytes:
    return tar_entry(name, kind=DIRECTORY)


@pytest.fixture(params=["alone", "with a companion", "with a companion that comes late"])
def unpack_tar(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Unpack:
    """Unpack a tar into ``outer/dest``, and check that nothing appears beside ``dest``.

    Whoever writes small files, and whenever, it comes to the same.
    """
    if request.param != "alone":
        monkeypatch.setattr(companion, "_FEW", 0)
    if request.param == "with a companion":
        monkeypatch.setattr(companion, "_BATCH", 1)

    def run(data: bytes, strip: int = 0, limits: Limits | None = None) -> Path:
        archive, outer = tmp_path / "archive", tmp_path / "outer"
        dest = outer / "dest"
        dest.mkdir(parents=True)
        (outer / "canary").write_text("alive")
        archive.write_bytes(data)
        try:
            unpack(archive, dest, strip=strip, name="tool.tar", limits=limits)
        finally:
            assert sorted(path.name for path in outer.iterdir()) == ["canary", "dest"]
            assert (outer / "canary").read_text() == "alive"
        return dest

    return run


FILE = tar_entry("a/file", b"content")
# Two parts of a sparse file, the first with less than nothing in it; then its size.
HOLES = b"".join(b"%-12s" % field for field in (b"0", b"-10", b"0", b"10")) + bytes(49) + b"%012o" % 512

HOSTILE = [
    (tar_of(tar_entry("../evil", b"x")), "'../evil' has '..'"),
    (tar_of(tar_entry("a/../../evil", b"x")), "has '..'"),
    (tar_of(tar_entry("/etc/evil", b"x")), "'/etc/evil' has an absolute name"),
    (tar_of(pax_entry({"path": "../evil"}), tar_entry("fine", b"x")), "'../evil' has '..'"),
    (tar_of(pax_entry({"path": b"a\0b"}), tar_entry("fine", b"x")), "no usable name"),
    (tar_of(tar_entry("")), "no usable name"),
    (tar_of(pax_entry({"path": "d/" * 300 + "x"}), tar_entry("a")), "nested deeper than 255"),
    (tar_of(link("a", "/etc")), "'a' points at the absolute path '/etc'"),
    (tar_of(link("a", "..")), "'a' leads out"),
    (tar_of(link("a/b", "../../canary")), "'a/b' leads out"),
    (tar_of(link("a", ".."), tar_entry("a/evil", b"x")), "'a' leads out"),
    (tar_of(directory("x"), link("a", "x"), link("b", "a/../../canary")), "'b' leads out"),
    (tar_of(link("b", "x/../canary"), link("x", "d/e/.."), link("d", "."), link("e", "..")), "leads out"),
    (tar_of(link("b", "x/../../canary"), directory("x")), "'b' leads out"),
    (tar_of(link("a", "."), link("a/b", ".."), tar_entry("b/evil", b"x")), "leads out"),
    (tar_of(link("a", "."), link("b", "a/.."), tar_entry("b/evil", b"x")), "leads out"),
    (tar_of(link("loop", "loop"), tar_entry("loop/x", b"x")), "'loop' is a loop"),
    (tar_of(link("a", "")), "'a' has no usable target"),
    (tar_of(hard("a", "../canary")), "'../canary' has '..'"),
    (tar_of(hard("a", "/etc/passwd")), "absolute"),
    (tar_of(hard("a", "missing")), "'missing', which is not in the package"),
    (tar_of(directory("d"), hard("a", "d")), "'d', which is not a file"),
    (tar_of(link("d/up", "../x"), hard("up", "d/up")), "'up' leads out"),
    (tar_of(tar_entry("null", kind=CHARACTER)), "'null' is a device"),
    (tar_of(tar_entry("disk", kind=BLOCK)), "'disk' is a device"),
    (tar_of(tar_entry("pipe", kind=FIFO)), "'pipe' is a named pipe"),
    (tar_of(tar_entry("odd", kind=b"Q")), "'odd' is of the unknown kind"),
    (tar_of(directory("a"), tar_entry("a", b"x")), "'a' is first a directory"),
    (tar_of(directory("a"), tar_entry("a", b"x"), tar_entry("../evil")), "'a' is first a directory"),
    (tar_of(tar_entry("a", b"x"), tar_entry("a/b", b"x")), "'a' is first a file"),
    (tar_of(tar_entry("a", b"x"), directory("a")), "'a' is first a file"),
    (tar_of(tar_entry("a", b"x", size=1 << 60)), "truncated"),
    (tar_of(FILE)[:700], "truncated"),
    (tar_of(FILE)[:1024], "truncated"),
    (tar_of(FILE[:600] + FILE[600:].replace(b"a", b"b"), b"x" * 512), "wrong checksum"),
    (tar_of(pax_entry({"path": "x"})), "it is empty"),
    (tar_of(tar_entry("long", b"", kind=b"L", size=1 << 40)), "claims"),
    (tar_of(with_field(tar_entry("a", b"x" * 600), 124, b"\xff" * 12)), "where a size belongs"),
    (tar_of(with_field(tar_entry("a", b"", kind=b"S"), 386, HOLES)), "where a number belongs"),
    (tar_of(tar_entry("PaxHeader", b"999 path=x\n", kind=b"x"), FILE), "extended header is damaged"),
    (tar_of(pax_entry({"size": b"-5"}), FILE), "where a size belongs"),
    (tar_of(pax_entry({"mtime": b"1e999990"}), FILE), "where a time belongs"),
    (tar_of(pax_entry({"mtime": b"NaN"}), FILE), "where a time belongs"),
    (tar_of(pax_entry({"GNU.sparse.map": b"0,9", "GNU.sparse.size": b"9"}), FILE), "does not fit its data"),
    (tar_of(pax_entry({"GNU.sparse.map": b"0,7", "GNU.sparse.size": b"3"}), FILE), "does not fit the file"),
    (tar_of(), "it is empty$"),
    (tar_of(directory("./")), "it is empty$"),
    (tar_of(hard("a", "a")), "it is empty$"),
]


@pytest.mark.parametrize(("data", "message"), HOSTILE, ids=range(len(HOSTILE)))
def test_it_is_refused_in_a_sentence(unpack_tar: Unpack, data: bytes, message: str) -> None:
    with pytest.raises(ArchiveError, match=r"^cannot unpack tool\.tar: ") as refusal:
        unpack_tar(data)
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(refusal.value.message)
    assert refusal.value.hint


def test_links_inside_are_kept_and_may_be_written_through(unpack_tar: Unpack) -> None:
    dest = unpack_tar(
        tar_of(
            directory("usr/lib"),
            link("lib", "usr/lib"),
            tar_entry("lib/new", b"through"),
            link("usr/dangling", "../nowhere"),
            link("one", "two"),
            link("two", "one"),
        )
    )

    assert (dest / "usr/lib/new").read_bytes() == b"through"
    assert str((dest / "lib").readlink()) == "usr/lib"
    assert str((dest / "usr/dangling").readlink()) == "../nowhere"
    assert str((dest / "one").readlink()) == "two"


def test_a_file_never_goes_through_a_link_of_its_own_name(unpack_tar: Unpack) -> None:
    dest = unpack_tar(tar_of(tar_entry("real", b"old"), link("alias", "real"), tar_entry("alias", b"new")))

    assert (dest / "real").read_bytes() == b"old"
    assert not (dest / "alias").is_symlink()


def test_a_file_that_repeats_a_hard_link_leaves_the_other_name_alone(unpack_tar: Unpack) -> None:
    dest = unpack_tar(tar_of(tar_entry("a", b"old"), hard("b", "a"), tar_entry("b", b"new")))

    assert (dest / "a").read_bytes() == b"old"
    assert (dest / "b").read_bytes() == b"new"


def test_a_directory_takes_the_place_of_a_link_as_in_gnu_tar(unpack_tar: Unpack) -> None:
    dest = unpack_tar(tar_of(directory("x"), link("d", "x"), directory("d"), tar_entry("d/f", b"1")))

    assert not (dest / "d").is_symlink()
    assert not (dest / "x" / "f").exists()


def test_setuid_setgid_sticky_and_foreign_write_bits_are_dropped(unpack_tar: Unpack) -> None:
    dest = unpack_tar(
        tar_of(tar_entry("d", kind=DIRECTORY, mode=0o7000), tar_entry("d/a", b"x", mode=0o7777))
    )

    assert (dest / "d" / "a").stat().st_mode & 0o7777 == 0o755
    assert (dest / "d").stat().st_mode & 0o7777 == 0o700


def test_modes_do_not_depend_on_the_umask(unpack_tar: Unpack) -> None:
    before = os.umask(0o077)
    try:
        dest = unpack_tar(tar_of(tar_entry("d/a", b"x", mode=0o755)))
    finally:
        os.umask(before)

    assert (dest / "d" / "a").stat().st_mode & 0o777 == 0o755
    assert (dest / "d").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("strip", "expected"),
    [(0, ["top/bin/tool", "top/x"]), (1, ["bin/tool", "x"]), (2, ["tool"])],
)
def test_strip_drops_leading_parts_and_what_is_shorter(
    unpack_tar: Unpack, strip: int, expected: list[str]
) -> None:
    dest = unpack_tar(tar_of(tar_entry("top/bin/tool", b"x"), tar_entry("top/x", b"y")), strip)

    assert sorted(str(p.relative_to(dest)) for p in dest.rglob("*") if p.is_file()) == expected


def test_a_leading_dot_counts_as_a_part(unpack_tar: Unpack) -> None:
    dest = unpack_tar(tar_of(directory("./"), tar_entry("./top/tool", b"x")), 1)

    assert (dest / "top/tool").exists()


def test_hard_link_targets_are_stripped_too(unpack_tar: Unpack) -> None:
    dest = unpack_tar(tar_of(tar_entry("top/a", b"x"), hard("top/b", "top/a")), 1)

    assert (dest / "b").read_bytes() == b"x"


def test_a_strip_that_leaves_nothing_says_what_there_was(unpack_tar: Unpack) -> None:
    with pytest.raises(ArchiveError, match=r"strip = 2 leaves nothing of it; at the top it holds 'a'"):
        unpack_tar(tar_of(FILE), 2)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(members=2), "more than 2 members"),
        (Limits(size=10), "more than 10 bytes"),
        (Limits(ratio=1, ratio_floor=10), "more than 1 times its own size"),
        (Limits(replacements=1), "more than 1 of its members repeat"),
    ],
)
def test_limits_hold(unpack_tar: Unpack, limits: Limits, message: str) -> None:
    data = gzip.compress(tar_of(*[tar_entry("a", b"12345")] * 3))
    with pytest.raises(ArchiveError, match=message):
        unpack_tar(data, limits=limits)


def test_a_hole_counts_as_much_as_data(unpack_tar: Unpack) -> None:
    header = pax_entry({"GNU.sparse.map": b"0,7", "GNU.sparse.size": b"%d" % (1 << 50)})
    with pytest.raises(ArchiveError, match="unpacks to more than"):
        unpack_tar(tar_of(header, FILE))


def test_entangled_links_do_not_take_forever(unpack_tar: Unpack) -> None:
    links = [link(f"l{n}", "d/../" * 19) for n in range(2_000)]
    with pytest.raises(ArchiveError, match="without end"):
        unpack_tar(tar_of(*links), limits=Limits(link_steps=50_000))


def test_links_between_places_deeper_than_directories_are_kept_open(unpack_tar: Unpack) -> None:
    deep, other = "a/" * 120 + "file", "b/" * 120 + "link"
    files = [tar_entry(f"c{n}/x", b"x") for n in range(70)]
    dest = unpack_tar(
        tar_of(
            pax_entry({"path": deep}),
            tar_entry("f", b"x"),
            *files,
            pax_entry({"path": other, "linkpath": deep}),
            hard("l", "f"),
        )
    )

    assert (dest / deep).stat().st_ino == (dest / other).stat().st_ino


def test_headers_for_all_members_do_not_pile_up(unpack_tar: Unpack) -> None:
    names = [[f"{number}-{key}-{'x' * 20}" for key in range(2_000)] for number in range(60)]
    headers = [pax_entry(dict.fromkeys(each, "1"), kind=b"g") for each in names]

    assert peak(lambda: unpack_tar(tar_of(*headers, FILE))) < 8 << 20


def test_many_holes_in_a_header_are_read_in_proportion() -> None:
    header = b"35 GNU.sparse.offset=1234567890123\n" * 60_000
    assert_cheap(lambda: records(header), 6)


def deep(count: int, depth: int) -> list[bytes]:
    """Return files, each below so many directories of its own."""
    below = "a/" * (depth - 1)
    return [e for n in range(count) for e in (pax_entry({"path": f"{n}/{below}f"}), tar_entry("f", b""))]


def test_directories_that_nobody_names_are_counted(unpack_tar: Unpack) -> None:
    with pytest.raises(ArchiveError, match="it has more than 100 directories"):
        unpack_tar(tar_of(*deep(5, 30)), limits=Limits(members=100))


@pytest.mark.parametrize(
    "members",
    [
        deep(4, 40),
        [entry for n in range(5) for entry in (pax_entry({"path": f"{n}" + "x" * 200}), tar_entry("f"))],
        [entry for n in range(5) for entry in (pax_entry({"linkpath": "x" * 200}), link(f"{n}", "x"))],
    ],
    ids=["directories", "files", "links"],
)
def test_names_are_not_longer_than_memory(unpack_tar: Unpack, members: list[bytes]) -> None:
    with pytest.raises(ArchiveError, match="its names take more than 900 bytes"):
        unpack_tar(tar_of(*members), limits=Limits(names=900))


@pytest.mark.parametrize("mtime", ["-1.5", "999999999999", "1.123456789999", "-999999999999.9"])
def test_odd_times_do_no_harm(unpack_tar: Unpack, mtime: str) -> None:
    assert (unpack_tar(tar_of(pax_entry({"mtime": mtime}), FILE)) / "a/file").exists()


def test_times_are_exact_to_the_nanosecond(unpack_tar: Unpack) -> None:
    dest = unpack_tar(tar_of(pax_entry({"mtime": "1234567890.123456789"}), FILE))

    assert (dest / "a/file").stat().st_mtime_ns == 1234567890123456789


def test_a_time_of_88_bits_does_no_harm(unpack_tar: Unpack) -> None:
    entry = with_field(tar_entry("a", b""), 136, b"\x80" + b"\xff" * 11)

    assert (unpack_tar(tar_of(entry)) / "a").exists()


def test_a_tar_that_a_checksum_guards_needs_no_end_mark(unpack_tar: Unpack) -> None:
    assert (unpack_tar(gzip.compress(FILE)) / "a/file").exists()


@pytest.mark.parametrize("through", ["", "short/"], ids=["straight", "through a link"])
def test_a_path_that_nobody_could_take_away_again_is_refused(
    unpack_tar: Unpack, tmp_path: Path, through: str
) -> None:
    """Each directory can be made from within the one above, but no path of it can be spoken."""
    deep = "/".join(["n" * 200] * 19)
    members = [
        pax_entry({"path": f"{deep}/"}),
        directory("x"),
        pax_entry({"linkpath": deep}),
        link("short", "x"),
    ]
    with pytest.raises(ArchiveError, match="has a longer path than this system can use"):
        unpack_tar(tar_of(*members, pax_entry({"path": f"{through or deep + '/'}{'n' * 200}/f"}), FILE))
    remove_tree(tmp_path / "outer")


def test_what_replaces_a_file_costs_no_look_at_its_directory(
    unpack_tar: Unpack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 100,000 files in it, each look takes a tenth of a second, and 10,000 may be replaced."""
    monkeypatch.setattr(Directories, "refuse_alias", None)

    assert (unpack_tar(tar_of(FILE, tar_entry("a/file", b"new"))) / "a/file").read_bytes() == b"new"


def test_a_name_that_exists_but_is_not_listed_is_another_spelling(
    unpack_tar: Unpack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for file systems that ignore case: they say that a name exists which they do not list."""
    real = os.listdir
    monkeypatch.setattr(tree, "observe", lambda _: Habits(masked=False, folds=True, exact=True))
    monkeypatch.setattr(os, "listdir", lambda at: ["File"] if isinstance(at, int) else real(at))
    with pytest.raises(ArchiveError, match="'file' differs from another only in case"):
        unpack_tar(tar_of(tar_entry("file", b"x"), tar_entry("file", b"y")))


def test_looks_at_large_directories_are_counted(unpack_tar: Unpack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "observe", lambda _: Habits(masked=False, folds=True, exact=True))
    monkeypatch.setattr(directories, "_MOST_LISTED", 5)
    files = [tar_entry(name, b"x") for name in "abc"]
    with pytest.raises(ArchiveError, match="too many of its members repeat earlier ones"):
        unpack_tar(tar_of(*files, files[0], files[0]))
