"""How each pinned package stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pkgs.environment.pins import Pin
from pkgs.install.complete import automatic_names
from pkgs.install.contents import Contents

INSTALLED = "installed"
REMOTE = "remote"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PinnedPackage:
    """A pin, the version it stands at, and whether it is installed, remote or unknown.

    ``automatic`` says that it is pinned only because others require it.
    """

    pin: Pin
    version: str
    state: str
    description: str = ""
    problem: str = ""
    automatic: bool = False

    def document(self) -> Mapping[str, object]:
        """Return it as plain values for JSON."""
        reference = self.pin.reference
        return {
            "reference": str(reference),
            "name": reference.name,
            "channel": reference.channel,
            "version": self.version,
            "state": self.state,
            "tools": list(self.pin.tools),
            "description": self.description,
            "automatic": self.automatic,
            **({"problem": self.problem} if self.problem else {}),
        }


def pinned_packages(contents: Contents) -> tuple[PinnedPackage, ...]:
    """Return every pinned package of an environment, in the order of their links."""
    automatic = automatic_names(contents.lock, contents.pins)
    return tuple(
        replace(_pinned(contents, pin), automatic=pin.reference.name in automatic) for pin in contents.pins
    )


def _pinned(contents: Contents, pin: Pin) -> PinnedPackage:
    locked = contents.lock.packages.get(str(pin.reference))
    version = pin.reference.version or (locked.version if locked else "")
    problem = contents.problems.get(pin.reference)
    if problem:
        return PinnedPackage(pin, version, UNKNOWN, problem=problem.message)
    package = contents.packages.get(pin.reference)
    if package is None:
        return PinnedPackage(pin, version, REMOTE)
    state = INSTALLED if Path(package.root).exists() else REMOTE
    return PinnedPackage(pin, package.version or version, state, package.description)
