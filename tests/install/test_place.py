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
from pkgs.store.links import is_own


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
        package = self.package(version)
        (Path(package.root) / "Ink.app" / "Contents").mkdir(parents=True)
        place._offer_apps(cast("Workspace", self), package)
        return Path(package.root) / "Ink.app"

    def package(self, version: str, os: str = "darwin") -> Package:
        """Return a package with an application."""
        return Package(
            reference=Reference("ink", version), platform=Platform(os, "arm64"), version=version,
            apps=("Volumes/Ink.app",), root=str(self.state.trees / version), triggers={}, files={},
        )  # fmt: skip


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


def test_applications_are_links_to_be_removed_with_their_package(tmp_path: Path) -> None:
    world = World.make(tmp_path)
    workspace = cast("Workspace", world)
    link = tmp_path / "home" / "Applications" / "Ink.app"

    assert place.links_of(workspace, world.package("1")) == (link,)
    assert place.links_of(workspace, world.package("1", os="linux")) == ()
    world.offer("1")
    assert is_own(world.state, link)
