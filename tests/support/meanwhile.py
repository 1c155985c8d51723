"""What another process does between two steps of a command: done right there, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def before(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, do: Callable[[], object]) -> None:
    """Let ``do`` happen just before the next call of ``owner.name``."""
    step, left = getattr(owner, name), [do]

    def stepping(*args: Any, **options: Any) -> Any:
        if left:
            left.pop()()
        return step(*args, **options)

    monkeypatch.setattr(owner, name, stepping)


def after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, do: Callable[[], object]) -> None:
    """Let ``do`` happen just after the next call of ``owner.name``."""
    step, left = getattr(owner, name), [do]

    def stepping(*args: Any, **options: Any) -> Any:
        result = step(*args, **options)
        if left:
            left.pop()()
        return result

    monkeypatch.setattr(owner, name, stepping)
