"""Go's sort: an order like any other, until a comparison goes round."""

from __future__ import annotations

import operator
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgs.package.order import go_sorted


@given(st.lists(st.integers(0, 50), max_size=300))
def test_numbers_are_sorted(numbers: list[int]) -> None:
    assert go_sorted(numbers, operator.lt) == sorted(numbers)


@pytest.mark.parametrize("shape", ["up", "down", "saw", "same", "nearly", "random", "hills"])
@pytest.mark.parametrize("length", [0, 1, 12, 13, 49, 50, 200, 2000])
def test_every_shape_is_sorted(shape: str, length: int) -> None:
    chance = random.Random(length)
    shapes = {
        "up": list(range(length)),
        "down": list(range(length, 0, -1)),
        "saw": [i % 7 for i in range(length)],
        "same": [1] * length,
        "nearly": [i if i % 40 else length - i for i in range(length)],
        "random": [chance.randrange(length) for _ in range(length)],
        "hills": [min(i, length - i) for i in range(length)],
    }

    assert go_sorted(shapes[shape], operator.lt) == sorted(shapes[shape])


def test_a_comparison_made_to_be_slow_falls_back_to_a_heap_and_still_sorts() -> None:
    values: dict[int, int] = {}  # fixed only when they must be: McIlroy's adversary
    candidate = 0

    def less(a: int, b: int) -> bool:
        nonlocal candidate
        if a not in values and b not in values:
            values[a if a == candidate else b] = len(values)
        if a not in values:
            candidate = a
        elif b not in values:
            candidate = b
        return values.get(a, 1 << 30) < values.get(b, 1 << 30)

    order = go_sorted(range(1000), less)

    assert sorted(order) == list(range(1000))
    assert order == sorted(order, key=lambda item: values.get(item, 1 << 30))
