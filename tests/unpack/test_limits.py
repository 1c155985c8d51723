"""The limits that hold when nobody sets others: the last size that is allowed, and the first that is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pkgs.errors import ArchiveError
from pkgs.store.unpack.limits import Budget, Limits

MIB, GIB = 1 << 20, 1 << 30


@pytest.fixture
def budget() -> Budget:
    return Budget(Limits())


def test_a_million_members(budget: Budget) -> None:
    for _ in range(1_000_000):
        budget.member()
    with pytest.raises(ArchiveError, match="more than 1,000,000 members"):
        budget.member()


def test_a_million_directories(budget: Budget) -> None:
    for _ in range(1_000_000):
        budget.directory(1)
    with pytest.raises(ArchiveError, match="more than 1,000,000 directories"):
        budget.directory(1)


def test_256_mib_of_names(budget: Budget) -> None:
    budget.named(256 * MIB)
    with pytest.raises(ArchiveError, match="its names take more than 268,435,456 bytes"):
        budget.named(1)


def test_ten_thousand_replacements(budget: Budget) -> None:
    for _ in range(10_000):
        budget.replaced()
    with pytest.raises(ArchiveError, match="more than 10,000 of its members repeat"):
        budget.replaced()


@pytest.mark.parametrize("count", [Budget.produced, Budget.wrote])
def test_64_gib(budget: Budget, count: Callable[[Budget, int], None]) -> None:
    budget.took(64 * GIB)
    count(budget, 64 * GIB)
    with pytest.raises(ArchiveError, match="unpacks to more than 68,719,476,736 bytes"):
        count(budget, 1)


@pytest.mark.parametrize("count", [Budget.produced, Budget.wrote])
def test_250_times_its_own_size(budget: Budget, count: Callable[[Budget, int], None]) -> None:
    budget.took(2 * MIB)
    count(budget, 500 * MIB)
    with pytest.raises(ArchiveError, match="more than 250 times its own size"):
        count(budget, 1)


def test_no_ratio_is_looked_at_before_256_mib(budget: Budget) -> None:
    budget.produced(256 * MIB)
    with pytest.raises(ArchiveError, match="times its own size"):
        budget.produced(1)


def test_twenty_million_steps_along_links() -> None:
    """To take them lasts too long here; that a limit on them holds is tested with a lower one (tar)."""
    assert Limits().link_steps == 20_000_000
