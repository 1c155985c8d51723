"""Damaged archives are refused in a sentence or unpacked inside; never a traceback, never an escape."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkgs.store.unpack import companion
from tests.support.mutations import SEEDS, damaged, stands

FINDINGS = Path(__file__).parent / "findings"


@pytest.mark.parametrize("kind", SEEDS)
def test_undamaged_seeds_unpack(kind: str) -> None:
    assert stands(SEEDS[kind], 1)


@pytest.mark.parametrize("strip", [0, 1])
def test_what_fuzzing_found_stays_mended(strip: int) -> None:
    for finding in FINDINGS.iterdir():
        stands(finding.read_bytes(), strip)


@pytest.mark.parametrize("few", [0, 2_000], ids=["with a companion", "alone"])
def test_damaged_archives_do_no_harm(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companion, "_FEW", few)

    @settings(
        max_examples=300,
        derandomize=True,
        database=None,
    )
    @given(damaged(), st.integers(0, 2))
    def check(sample: tuple[str, bytes], strip: int) -> None:
        stands(sample[1], strip)

    check()
