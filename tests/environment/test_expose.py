"""Which files of a package are tools, also on a disk that cannot be read."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgs.environment.expose import matches, tools
from pkgs.errors import EnvError, StoreError
from pkgs.package.model import Package
from pkgs.platforms import Platform
from pkgs.references import Reference
from tests.support.mounts import Orders, filesystem

FROM_THEN_ON = 1_000_000


def package(root: Path, *binaries: str) -> Package:
    return Package(
        reference=Reference("ink", "1.0.0"),
        platform=Platform("linux", "amd64"),
        version="1.0.0",
        binaries=binaries,
        root=str(root),
        triggers={},
        files={},
    )


def fill(root: Path) -> Path:
    for name in ("bin/ink", "bin/.hidden", "lib/one/pen", "lib/two/pen", "[x]/odd"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "bin" / "dir").mkdir()
    (root / "loop").symlink_to("loop")
    (root / "gone").symlink_to("nowhere")
    return root


@pytest.mark.parametrize(
    ("binaries", "found"),
    [
        (["bin/ink"], ["bin/ink"]),
        (["bin/*"], ["bin/.hidden", "bin/ink"]),
        (["/bin/ink"], ["bin/ink"]),
        (["./bin//ink"], ["bin/ink"]),
        (["bin/../bin/i?k"], ["bin/ink"]),
        (["*/ink"], ["bin/ink"]),
        (["lib/t*/pen"], ["lib/two/pen"]),
        (["[[]x]/odd"], ["[x]/odd"]),
        (["**/ink"], ["bin/ink"]),
    ],
)
def test_binaries_are_globs_below_the_root(tmp_path: Path, binaries: list[str], found: list[str]) -> None:
    root = fill(tmp_path / "root")

    assert tools(package(root, *binaries)) == {Path(name).name: root / name for name in found}


@pytest.mark.parametrize("pattern", ["bin", "bin/", "", "nothing", "ink/*", "bin/ink/x", "gone", "loop/x"])
def test_a_glob_that_matches_no_file_is_an_error(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(EnvError, match="no file that matches") as caught:
        tools(package(fill(tmp_path / "root"), pattern))

    assert caught.value.hint.startswith("the package holds: [x], bin, gone, lib, loop;")


def test_what_is_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of another")
    with pytest.raises(EnvError, match="lies outside the package"):
        tools(package(fill(tmp_path / "root"), "../secret"))


def test_a_root_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EnvError, match="no file that matches") as caught:
        tools(package(tmp_path / "root", "bin/ink"))

    assert caught.value.hint.startswith(f"there is no directory {tmp_path}/root;")


def test_matches_are_sorted(tmp_path: Path) -> None:
    assert matches("*/*/pen", str(fill(tmp_path / "root"))) == ["lib/one/pen", "lib/two/pen"]


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[Orders]:
    """Mount a package at ``disk/root``, on a filesystem that can fail."""
    fill(tmp_path / "behind" / "root")
    with filesystem(tmp_path / "behind", tmp_path / "disk") as orders:
        yield orders


@pytest.mark.parametrize("times", [1, FROM_THEN_ON])
@pytest.mark.parametrize("pattern", ["bin/ink", "*/ink", "bin/i*"])
def test_what_cannot_be_read_is_named_and_no_manifest_is_blamed(
    tmp_path: Path, faulty: Orders, pattern: str, times: int
) -> None:
    root = tmp_path / "disk" / "root"
    faulty.give()
    expected = tools(package(root, pattern))
    calls = faulty.calls()

    for at in range(calls):
        faulty.give(at, errno.EIO, times)
        try:
            found = tools(package(root, pattern))
        except StoreError as error:
            assert error.message.startswith(f"ink-1.0.0: {root}")
            assert error.message.endswith(" cannot be read: Input/output error")
        else:
            assert (found, times) == (expected, 1), at
    assert calls > 3
