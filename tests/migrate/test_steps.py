"""Either every step is taken, or everything is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgs.errors import EnvError
from pkgs.migrate.steps import Step, take_all


def state(root: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path.relative_to(root)): (
            str(path.readlink()) if path.is_symlink() else path.read_text(),
            mode(path),
        )
        if not path.is_dir()
        else ("a directory", 0)
        for path in sorted(root.rglob("*"))
    }


def mode(path: Path) -> int:
    return path.lstat().st_mode


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / "file").write_text("old")
    (root / "file").chmod(0o700)
    (root / "link").symlink_to("file")
    (root / "loose").symlink_to("nowhere")
    (root / "directory").mkdir()
    return root


STEPS = (
    ("file", Step(Path("file"), b"new")),
    ("link", Step(Path("link"), link="elsewhere")),
    ("loose", Step(Path("loose"))),
    ("fresh", Step(Path("fresh"), link="file")),
    ("deep/down/file", Step(Path("deep/down/file"), b"new", 0o755)),
)


def steps(root: Path) -> list[Step]:
    return [Step(root / name, step.content, step.mode, step.link) for name, step in STEPS]


def test_all_steps_are_taken(root: Path) -> None:
    take_all(steps(root))

    assert (root / "file").read_text() == "new"
    assert str((root / "link").readlink()) == "elsewhere"
    assert not (root / "loose").is_symlink()
    assert (root / "deep" / "down" / "file").stat().st_mode & 0o777 == 0o755
    assert not any(step.needed for step in steps(root))


@pytest.mark.parametrize("taken", range(len(STEPS) + 1))
def test_a_failure_undoes_the_steps_before_it(root: Path, taken: int) -> None:
    before = state(root)

    with pytest.raises(EnvError, match=r"directory cannot be changed.*"):
        take_all([*steps(root)[:taken], Step(root / "directory", b"text"), *steps(root)[taken:]])

    assert state(root) == before


def test_an_interruption_undoes_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, take = state(root), Step.take

    def interrupted(step: Step) -> None:
        if step.path.name == "fresh" and step.link:
            raise KeyboardInterrupt
        take(step)

    monkeypatch.setattr(Step, "take", interrupted)
    with pytest.raises(KeyboardInterrupt):
        take_all(steps(root))

    assert state(root) == before
