"""Lock and links when a change is cut short between two of them: both old, or both new."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pkgs.cli.main import main
from pkgs.environment import pins
from pkgs.environment.lock import read_lock
from pkgs.environment.pins import read_pins
from pkgs.errors import StoreError
from pkgs.install import transaction
from pkgs.store.files import atomic_write
from tests.support.project import Project


@pytest.fixture
def inside(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return the project that this process is in; its tool beta has two links."""
    project.tool("alpha", "1.0.0")
    project.tool("beta", "1.0.0")
    project.pkgs("install", "alpha", check=True)
    project.enter(monkeypatch)
    return project


def fail_at(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, number: int, error: BaseException
) -> None:
    """Let the call ``number`` (from 1) of a function fail."""
    step, calls = getattr(owner, name), iter(range(1, 1000))

    def failing(*args: object, **options: object) -> object:
        if next(calls) == number:
            raise error
        return step(*args, **options)

    monkeypatch.setattr(owner, name, failing)


def shown(project: Project) -> tuple[set[str], dict[str, tuple[str, ...]]]:
    """Return what the lock names, and what is pinned, with its tools."""
    found = read_pins(project.bin)
    return set(read_lock(project.lock).packages), {str(pin.reference): pin.tools for pin in found}


OLD = ({"alpha-1.0.0"}, {"alpha-1.0.0": ("alpha",)})
NEW = ({"alpha-1.0.0", "beta-1.0.0"}, {"alpha-1.0.0": ("alpha",), "beta-1.0.0": ("beta",)})


@pytest.mark.parametrize("number", [1, 2])
def test_an_interrupt_between_two_links(
    inside: Project, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fail_at(monkeypatch, pins, "replace_link", number, KeyboardInterrupt())

    assert main(["install", "beta"]) == 130
    assert shown(inside) in (OLD, NEW)
    inside.pkgs("install", "beta", check=True)
    assert not (inside.bin / ".pkgs.change").exists()
    assert inside.call("beta").out == "beta 1.0.0\n"


def test_a_lock_that_cannot_be_put_back(inside: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    fail_at(monkeypatch, pins, "replace_link", 2, full)
    fail_at(monkeypatch, transaction, "atomic_write", 2, StoreError("no space is left"))

    assert main(["install", "beta"]) == 1
    assert shown(inside) in (OLD, NEW)
    inside.pkgs("install", check=True)
    assert inside.call("alpha").out == "alpha 1.0.0\n"
    assert shown(inside) in (OLD, NEW)


def test_a_lock_of_which_nobody_knows_whether_it_is_on_the_disk(
    inside: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_and_fail(path: Path, data: bytes, *, durable: bool = False) -> None:
        atomic_write(path, data, durable=durable)
        raise StoreError("the directory cannot be synced")

    monkeypatch.setattr(transaction, "atomic_write", write_and_fail)

    assert main(["install", "beta"]) == 1
    assert shown(inside) in (OLD, NEW)
