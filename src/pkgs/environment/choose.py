"""What a user asked for: selectors turned into exact references."""

from __future__ import annotations

from collections.abc import Sequence

from pkgs.environment.pins import Pin
from pkgs.environment.workspace import Workspace
from pkgs.package.model import Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import GlobSelector
from pkgs.references import Reference


def choose(workspace: Workspace, selectors: Sequence[str], pins: Sequence[Pin]) -> tuple[Reference, ...]:
    """Return the references that ``selectors`` mean, or all pinned ones when there are none.

    A bare name that is pinned already means its pin. Raises :class:`ResolveError` for what is unknown.
    """
    pinned = {pin.reference.name: pin.reference for pin in pins}
    if not selectors:
        return tuple(pinned.values())
    return tuple(dict.fromkeys(_reference(workspace, text, pinned) for text in selectors))


def _reference(workspace: Workspace, text: str, pinned: dict[str, Reference]) -> Reference:
    if text in pinned:
        return pinned[text]
    selector = GlobSelector.parse(text)
    entry = workspace.catalog.get(selector.name)
    places = Places.symbolic()
    return resolve(entry.manifest, selector, workspace.platform, places, today=workspace.today).reference
