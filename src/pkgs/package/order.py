"""Hermit's very order of versions: Go's ``sort.Sort``, step by step.

Hermit's comparison is not transitive where integers meet other text (alpha.8 < alpha.10 < alpha.15-1 <
alpha.8), so what it lists depends on the algorithm that sorts. This is that algorithm, pattern-defeating
quicksort as Go has it since 1.19 (sort/zsortinterface.go).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

_MAX_INSERTION = 12
_NINTHER = 50
_MAX_SWAPS = 12
_MAX_STEPS = 5
_MASK = (1 << 64) - 1

_T = TypeVar("_T")


def go_sorted(items: Iterable[_T], less: Callable[[_T, _T], bool]) -> list[_T]:
    """Return ``items`` in the order that Go's ``sort.Sort`` gives them."""
    data = list(items)
    _Sorter(data, less).sort(0, len(data), len(data).bit_length())
    return data


class _Sorter(Generic[_T]):
    """Sorts ``data`` in place. Ranges are half open, ``first`` to ``end``."""

    def __init__(self, data: list[_T], less: Callable[[_T, _T], bool]) -> None:
        self.data = data
        self._less = less

    def less(self, i: int, j: int) -> bool:
        return self._less(self.data[i], self.data[j])

    def swap(self, i: int, j: int) -> None:
        self.data[i], self.data[j] = self.data[j], self.data[i]

    def sort(self, first: int, end: int, limit: int) -> None:
        """Sort a range; after ``limit`` bad partitions a heap does it."""
        balanced = partitioned = True
        while end - first > _MAX_INSERTION:
            length = end - first
            if limit == 0:
                self.heap(first, end)
                return
            if not balanced:
                self.break_patterns(first, end)
                limit -= 1
            pivot, increasing = self.pivot(first, end)
            if balanced and partitioned and increasing and self.partial_insertion(first, end):
                return
            if first > 0 and not self.less(first - 1, pivot):
                first = self.partition_equal(first, end, pivot)
                continue
            middle, partitioned = self.partition(first, end, pivot)
            balanced = min(middle - first, end - middle) >= length // 8
            if middle - first < end - middle:
                self.sort(first, middle, limit)
                first = middle + 1
            else:
                self.sort(middle + 1, end, limit)
                end = middle
        self.insertion(first, end)

    def insertion(self, first: int, end: int) -> None:
        for i in range(first + 1, end):
            j = i
            while j > first and self.less(j, j - 1):
                self.swap(j, j - 1)
                j -= 1

    def heap(self, first: int, end: int) -> None:
        length = end - first
        for low in range((length - 1) // 2, -1, -1):
            self.sift_down(low, length, first)
        for high in range(length - 1, -1, -1):
            self.swap(first, first + high)
            self.sift_down(0, high, first)

    def sift_down(self, root: int, high: int, first: int) -> None:
        while (child := 2 * root + 1) < high:
            if child + 1 < high and self.less(first + child, first + child + 1):
                child += 1
            if not self.less(first + root, first + child):
                return
            self.swap(first + root, first + child)
            root = child

    def pivot(self, first: int, end: int) -> tuple[int, bool]:
        """Return a pivot, and whether the range looks sorted; one that looks reversed is turned round."""
        quarter = (end - first) // 4
        places = [first + quarter, first + 2 * quarter, first + 3 * quarter]
        swaps = 0
        if end - first >= _NINTHER:
            for index, place in enumerate(places):
                places[index], more = self.median(place - 1, place, place + 1)
                swaps += more
        pivot, more = self.median(*places)
        if swaps + more == _MAX_SWAPS:
            self.data[first:end] = self.data[first:end][::-1]
            return end - 1 - (pivot - first), True
        return pivot, swaps + more == 0

    def median(self, a: int, b: int, c: int) -> tuple[int, int]:
        """Return the place of the middle one, and how many pairs were out of order on the way."""
        swaps = 0
        if self.less(b, a):
            a, b, swaps = b, a, swaps + 1
        if self.less(c, b):
            b, swaps = c, swaps + 1
        if self.less(b, a):
            b, swaps = a, swaps + 1
        return b, swaps

    def partition(self, first: int, end: int, pivot: int) -> tuple[int, bool]:
        """Part a range around ``pivot``; return its new place, and whether nothing had to be moved."""
        self.swap(first, pivot)
        i, j = self.narrowed(first, first + 1, end - 1)
        untouched = i > j
        while i <= j:
            self.swap(i, j)
            i, j = self.narrowed(first, i + 1, j - 1)
        self.swap(j, first)
        return j, untouched

    def narrowed(self, pivot: int, i: int, j: int) -> tuple[int, int]:
        while i <= j and self.less(i, pivot):
            i += 1
        while i <= j and not self.less(j, pivot):
            j -= 1
        return i, j

    def partition_equal(self, first: int, end: int, pivot: int) -> int:
        """Move what equals ``pivot`` to the front; return where the rest begins."""
        self.swap(first, pivot)
        i, j = first + 1, end - 1
        while True:
            while i <= j and not self.less(first, i):
                i += 1
            while i <= j and self.less(first, j):
                j -= 1
            if i > j:
                return i
            self.swap(i, j)
            i, j = i + 1, j - 1

    def partial_insertion(self, first: int, end: int) -> bool:
        """Put a few misplaced elements right; return whether the range is sorted then."""
        i = first + 1
        for _ in range(_MAX_STEPS):
            while i < end and not self.less(i, i - 1):
                i += 1
            if i == end:
                return True
            if end - first < _NINTHER:
                return False
            self.swap(i, i - 1)
            self.shift(first, end, i)
        return False

    def shift(self, first: int, end: int, i: int) -> None:
        """Move the smaller of a swapped pair left and the greater right, as far as they go."""
        if i - first >= 2:
            j = i - 1
            while j >= 1 and self.less(j, j - 1):
                self.swap(j, j - 1)
                j -= 1
        j = i + 1
        while j < end and self.less(j, j - 1):
            self.swap(j, j - 1)
            j += 1

    def break_patterns(self, first: int, end: int) -> None:
        """Scatter three elements near the middle, by a random number that depends on the length alone."""
        length = end - first
        random, modulus = length, 1 << length.bit_length()
        middle = first + length // 4 * 2 - 1
        for i in range(3):
            random ^= (random << 13) & _MASK
            random ^= random >> 7
            random ^= (random << 17) & _MASK
            other = random & (modulus - 1)
            self.swap(middle - 1 + i, first + (other - length if other >= length else other))
