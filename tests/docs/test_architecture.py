"""The page about the whole names every room, in order, and no module that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.markdown import ROOT, pages
from tests.test_layers import ROOMS

SOURCE = ROOT / "src" / "pkgs"
TEXT = (ROOT / "docs" / "architecture.md").read_text("utf-8")
MODULE = re.compile(r"`((?:" + "|".join(ROOMS) + r")/[\w/]+\.(?:py|sh|fish))`")
FOLDER = re.compile(r"`STATE/(\w+)")


def test_the_rooms_are_those_of_the_code_in_their_order() -> None:
    table = TEXT.partition("## The rooms")[2].partition("\n## ")[0]

    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == ROOMS


def test_the_datas_way_follows_the_order() -> None:
    way = re.findall(r"\w+", re.findall(r"^.* → .*$", TEXT, re.MULTILINE)[0])

    assert way == [room for room in ROOMS if room in way]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_modules_that_are_named_are_there(page: Path) -> None:
    named = MODULE.findall(page.read_text("utf-8"))

    assert [name for name in named if not (SOURCE / name).exists()] == []


def test_folders_of_the_state_directory_that_are_named_are_there() -> None:
    known = re.findall(r'self\.root / "(\w+)"', (SOURCE / "state.py").read_text("utf-8"))

    assert set(FOLDER.findall(TEXT)) <= set(known)
