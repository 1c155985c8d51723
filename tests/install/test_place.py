"""Applications of macOS: linked where the user's own are looked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pkgs.install import place
from pkgs.install.workspace import Workspace
from pkgs.package.model import Package
from pkgs.platforms import Platform
from pkgs.references import Reference
from pkgs.state import State


@dataclass
class Reporter:
    warnings: list[str] = field(default_factory=list)

    def warn(self, message: str) -> None:
        self.warnings.append(message)


@dataclass
class World:
    """What linking applications looks at."""

    home: str
    state: State
    reporter: Reporter = field(default_factory=Reporter)

    @classmethod
    def make(cls, root: Path) -> World:
        return cls(str(root / "home"), State(root / "state"))

    def offer(self, version: str) -> Path:
        """Offer the application of a version, and return where it is."""
        root = self.state.trees / version
        (root / "Ink.app" / "Contents").mkdir(parents=True)
        reference, platform = Reference("ink", version), Platform("darwin", "arm64")
        package = Package(
            reference=reference, platform=platform, version=version, apps=("Volumes/Ink.app",),
            root=str(root), triggers={}, files={},
        )  # fmt: skip
        place._offer_apps(cast("Workspace", self), package)
        return root / "Ink.app"


def test_an_application_is_linked_and_moves_with_its_version(tmp_path: Path) -> None:
    world = World.make(tmp_path)
    link = tmp_path / "home" / "Applications" / "Ink.app"

    for version in ("1", "2"):
        app = world.offer(version)
        assert link.readlink() == app
    assert world.reporter.warnings == []


def test_an_application_that_is_not_from_here_stays(tmp_path: Path) -> None:
    world = World.make(tmp_path)
    own = tmp_path / "home" / "Applications" / "Ink.app"
    own.mkdir(parents=True)

    world.offer("1")

    assert own.is_dir()
    assert not own.is_symlink()
    assert "is there already" in world.reporter.warnings[0]
