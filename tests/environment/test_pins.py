"""Pins are links, and links change all together or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgs.environment import pins
from pkgs.environment.pins import Pin, finish_change, read_pins, tool_behind, write_pins
from pkgs.errors import EnvError
from pkgs.references import Reference
from pkgs.store.files import temp_sibling
from tests.support.meanwhile import before

TERRAFORM = Pin(Reference("terraform", "1.11.4"), ("terraform",))
NEWER = Pin(Reference("terraform", "1.12.0"), ("terraform", "tf"))
CHANNEL = Pin(Reference("jq", channel="stable"), ("jq",))


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    """Return a directory that holds a wrapper."""
    path = tmp_path / "bin"
    path.mkdir()
    (path / "pkgs").write_text("#!/bin/sh\n")
    return path


def links(bin_dir: Path) -> dict[str, str]:
    return {path.name: str(path.readlink()) for path in bin_dir.iterdir() if path.is_symlink()}


def test_a_pin_is_a_link_and_tools_are_links_to_it(bin_dir: Path) -> None:
    write_pins(bin_dir, [], [TERRAFORM, CHANNEL])

    assert links(bin_dir) == {
        ".terraform-1.11.4.pkg": "pkgs",
        "terraform": ".terraform-1.11.4.pkg",
        ".jq@stable.pkg": "pkgs",
        "jq": ".jq@stable.pkg",
    }
    assert set(read_pins(bin_dir)) == {TERRAFORM, CHANNEL}


def test_a_changed_version_leaves_no_trace_of_the_old_one(bin_dir: Path) -> None:
    write_pins(bin_dir, [], [TERRAFORM])
    write_pins(bin_dir, [TERRAFORM], [NEWER])

    assert read_pins(bin_dir) == (NEWER,)
    assert ".terraform-1.11.4.pkg" not in links(bin_dir)


def test_a_tool_that_goes_while_it_is_looked_for_is_none(
    bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pins(bin_dir, [], [TERRAFORM])
    before(monkeypatch, Path, "readlink", (bin_dir / "terraform").unlink)

    with pytest.raises(EnvError, match="leads to no pinned tool"):
        tool_behind(bin_dir / "terraform")


def test_a_link_that_goes_while_the_others_are_read_is_no_pin(
    bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pins(bin_dir, [], [TERRAFORM, CHANNEL])
    read = Path.readlink

    def read_late(link: Path) -> Path:
        for name in ("jq", CHANNEL.link):
            (bin_dir / name).unlink(missing_ok=True)
        return read(link)

    monkeypatch.setattr(Path, "readlink", read_late)

    assert read_pins(bin_dir) == (TERRAFORM,)


def test_a_change_that_ends_while_it_is_read_is_seen_whole(
    bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pins(bin_dir, [], [NEWER])
    write_pins(bin_dir, [], [TERRAFORM])

    def ends(at: Path) -> dict[str, str | None]:
        (at / TERRAFORM.link).unlink(missing_ok=True)
        return {}

    monkeypatch.setattr(pins, "unfinished", ends)

    assert [pin.reference for pin in read_pins(bin_dir)] == [NEWER.reference]


def test_a_foreign_file_is_never_overwritten(bin_dir: Path) -> None:
    (bin_dir / "tf").write_text("mine")
    write_pins(bin_dir, [], [TERRAFORM])

    with pytest.raises(EnvError, match="tf exists and was not made by pkgs"):
        write_pins(bin_dir, [TERRAFORM], [NEWER])

    assert (bin_dir / "tf").read_text() == "mine"
    assert read_pins(bin_dir) == (TERRAFORM,)


def test_a_link_that_cannot_be_made_puts_the_others_back(
    bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pins(bin_dir, [], [TERRAFORM])
    real = Path.symlink_to

    def failing(self: Path, target: str) -> None:
        if self.name.startswith(".tf."):
            raise OSError(28, "No space left on device")
        real(self, target)

    monkeypatch.setattr(Path, "symlink_to", failing)
    with pytest.raises(EnvError, match="No space left"):
        write_pins(bin_dir, [TERRAFORM], [NEWER])

    assert links(bin_dir) == {".terraform-1.11.4.pkg": "pkgs", "terraform": ".terraform-1.11.4.pkg"}


def test_one_package_cannot_be_pinned_twice(bin_dir: Path) -> None:
    write_pins(bin_dir, [], [TERRAFORM])
    (bin_dir / NEWER.link).symlink_to("pkgs")

    with pytest.raises(EnvError, match=r"pins terraform twice: terraform-1\.11\.4 and terraform-1\.12\.0"):
        read_pins(bin_dir)


@pytest.mark.parametrize(
    ("link", "target"),
    [("../scripts/tf", "../bin/terraform"), ("../a", "scripts/tf"), ("alias", "terraform")],
)
def test_a_tool_is_found_through_links_from_anywhere(bin_dir: Path, link: str, target: str) -> None:
    write_pins(bin_dir, [], [TERRAFORM])
    (bin_dir.parent / "scripts").mkdir()
    (bin_dir.parent / "scripts" / "tf").symlink_to("../bin/terraform")
    path = bin_dir / link
    if not path.is_symlink():
        path.symlink_to(target)

    found, reference, tool = tool_behind(path)

    assert (found.resolve(), reference, tool) == (bin_dir, TERRAFORM.reference, "terraform")


@pytest.mark.parametrize("make", ["file", "circle", "missing"])
def test_what_leads_to_no_pin_is_said(bin_dir: Path, make: str) -> None:
    path = bin_dir / "thing"
    if make == "file":
        path.write_text("")
    if make == "circle":
        path.symlink_to("thing")

    with pytest.raises(EnvError, match="thing leads to no pinned tool"):
        tool_behind(path)


def test_a_link_that_a_killed_change_was_about_to_put_in_place_is_no_tool(bin_dir: Path) -> None:
    write_pins(bin_dir, [], [TERRAFORM])
    before = links(bin_dir)
    (bin_dir / ".terraform.4711.new").symlink_to(TERRAFORM.link)
    assert read_pins(bin_dir) == (TERRAFORM,)
    finish_change(bin_dir)
    assert links(bin_dir) == before


def test_what_killed_commands_left_on_the_way_to_their_own_files_goes(bin_dir: Path) -> None:
    own = ("pkgs", "activate-pkgs", "activate-pkgs.fish", "pkgs.lock")
    for name in own:
        temp_sibling(bin_dir / name).write_text("half")
    beside = temp_sibling(bin_dir / "pkgs.hcl")  # its writer need not be alone
    beside.write_text("half")
    finish_change(bin_dir)
    assert sorted(path.name for path in bin_dir.iterdir()) == [beside.name, "pkgs"]


def test_a_tool_may_be_called_new(bin_dir: Path) -> None:
    pin = Pin(TERRAFORM.reference, ("terraform.new",))
    write_pins(bin_dir, [], [pin])
    finish_change(bin_dir)
    assert read_pins(bin_dir) == (pin,)
