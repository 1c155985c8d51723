"""The pinned requirements: those of pkgs and those of the checks agree, and say nothing of this machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OWN = ROOT / "src" / "pkgs" / "requirements.txt"
CHECKS = ROOT / "tests" / "requirements.txt"
PIN = re.compile(r"^([a-z0-9-]+)==([^ ;]+)", re.MULTILINE)
NAME = re.compile(r"[A-Za-z0-9_.-]+")


def pins(path: Path) -> dict[str, str]:
    return dict(PIN.findall(path.read_text("utf-8")))


def asked(extra: bool) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = project["dependencies"] + (project["optional-dependencies"]["dev"] if extra else [])
    return {found[0].lower().replace("_", "-") for line in lines if (found := NAME.match(line))}


@pytest.mark.parametrize(("path", "extra"), [(OWN, False), (CHECKS, True)], ids=["own", "checks"])
def test_every_library_that_is_asked_for_is_pinned(path: Path, extra: bool) -> None:
    assert asked(extra) - set(pins(path)) == set()


@pytest.mark.parametrize("path", [OWN, CHECKS], ids=["own", "checks"])
def test_every_pin_is_hashed_and_none_names_an_index(path: Path) -> None:
    text = path.read_text("utf-8")
    entries = re.split(r"(?<!\\)\n", text.strip())

    assert [entry for entry in entries if not entry.startswith("#") and "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert not re.search(r"^--", text, re.MULTILINE)


def test_the_checks_run_with_the_libraries_that_pkgs_ships_with() -> None:
    checks = pins(CHECKS)

    assert {name: checks.get(name) for name in pins(OWN)} == pins(OWN)
