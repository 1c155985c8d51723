from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from pkgs.artifact.memo import FileMemo
from tests.support.meanwhile import before


class KilledError(BaseException):
    """What ends a process between two steps."""


def test_a_writer_that_is_killed_halfway_spoils_nobody_elses_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two containers that share a directory may well have two processes of one number."""
    write = Path.write_text

    def write_half(path: Path, text: str, **options: str) -> None:
        write(path, text[: len(text) // 2], **options)
        raise KilledError

    def another_writes_and_is_killed() -> None:
        with monkeypatch.context() as patch, suppress(KilledError):
            patch.setattr(Path, "write_text", write_half)
            FileMemo(tmp_path).put("key", "answer")

    before(monkeypatch, Path, "replace", another_writes_and_is_killed)
    FileMemo(tmp_path).put("key", "answer")

    assert FileMemo(tmp_path).get("key") == "answer"
