"""Pins: the links in an environment's directory. ``terraform -> .terraform-1.11.4.pkg -> pkgs``.

The pin *is* the link, as in hermit: a change of version is visible in a diff, and needs no file of pins.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pkgs.environment.journal import fresh_link, is_fresh, left_over, retract, unfinished
from pkgs.environment.root import WRAPPER
from pkgs.errors import EnvError, UsageError
from pkgs.references import Reference

_PIN = re.compile(r"\.(?P<reference>.+)\.pkg")
_MOST_HOPS = 40


@dataclass(frozen=True, slots=True)
class Pin:
    """A pinned package and the names of the tools that are linked to it."""

    reference: Reference
    tools: tuple[str, ...]

    @property
    def link(self) -> str:
        """The name of the link that is the pin."""
        return link_name(self.reference)


def link_name(reference: Reference) -> str:
    """Return the file name of the link that pins ``reference``."""
    return f".{reference}.pkg"


def reference_of(link: str) -> Reference | None:
    """Return what a link's file name pins, or None when it is no pin."""
    match = _PIN.fullmatch(link)
    if not match:
        return None
    try:
        return Reference.parse(match["reference"])
    except UsageError:
        return None


def read_pins(bin_dir: Path) -> tuple[Pin, ...]:
    """Return the pins in ``bin_dir``, in the order of their link names; those of a killed change as it meant.

    Raises :class:`EnvError` where the directory cannot be read or pins one package twice.
    """
    links = _links(bin_dir)
    pins = [
        Pin(reference, tuple(sorted(name for name, target in links.items() if target == link)))
        for link in sorted(links)
        if (reference := reference_of(link))
    ]
    _refuse_twice(bin_dir, pins)
    return tuple(pins)


def _links(bin_dir: Path) -> dict[str, str]:
    """Return the links and their targets, all of one moment.

    A change that ends after its links were read and before its journal was looked for shows half of itself.
    When they are read again, it is over: two answers that agree are whole.
    """
    seen = _links_once(bin_dir)
    while seen != (again := _links_once(bin_dir)):
        seen = again
    return seen


def _links_once(bin_dir: Path) -> dict[str, str]:
    try:
        with os.scandir(bin_dir) as entries:
            names = [entry.name for entry in entries if entry.is_symlink() and not is_fresh(entry.name)]
        found: dict[str, str] = {}
        for name in names:
            with suppress(FileNotFoundError):  # another process has removed it since
                found[name] = str((bin_dir / name).readlink())
    except OSError as error:
        raise EnvError(
            f"cannot read the environment in {bin_dir}: {error.strerror}", "run: pkgs init"
        ) from error
    meant = {**found, **unfinished(bin_dir)}
    return {name: target for name, target in meant.items() if target is not None}


def _refuse_twice(bin_dir: Path, pins: list[Pin]) -> None:
    seen: dict[str, Pin] = {}
    for pin in pins:
        other = seen.setdefault(pin.reference.name, pin)
        if other is not pin:
            raise EnvError(
                f"{bin_dir} pins {pin.reference.name} twice: {other.reference} and {pin.reference}",
                f"remove one of {bin_dir / other.link} and {bin_dir / pin.link}",
            )


def tool_behind(path: Path) -> tuple[Path, Reference, str]:
    """Follow ``path`` to a pin; return the environment's directory, the pinned reference and the tool's name.

    Symbolic links are followed one by one, from wherever they start. Raises :class:`EnvError` when the
    chain ends elsewhere than at a pin.
    """
    at = path.absolute()
    for _ in range(_MOST_HOPS):
        try:
            target = at.readlink()
        except OSError:  # no link, or gone
            break
        reference = reference_of(target.name)
        if reference:
            return (at.parent / target).parent, reference, at.name
        at = Path(os.path.normpath(at.parent / target)) if not target.is_absolute() else target
    raise EnvError(
        f"{path} leads to no pinned tool",
        f"a tool is a link to .NAME-VERSION.pkg in an environment beside its {WRAPPER}",
    )


def replace_link(link: Path, target: str) -> None:
    """Make ``link`` point at ``target`` in one step, whether or not it exists."""
    fresh = fresh_link(link)
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def link_changes(before: Iterable[Pin], after: Iterable[Pin]) -> dict[str, str | None]:
    """Return the links that have to be made, with their targets, or removed (None)."""
    old, new = _wanted(before), _wanted(after)
    made = {name: target for name, target in new.items() if old.get(name) != target}
    return {**made, **dict.fromkeys(old.keys() - new.keys())}


def finish_change(bin_dir: Path) -> None:
    """Make up for a change that was killed halfway; for whoever is alone."""
    try:
        for name, target in unfinished(bin_dir).items():
            _set_link(bin_dir / name, target)
        retract(bin_dir)
        for path in left_over(bin_dir):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise _refusal(bin_dir, error) from error


def _set_link(link: Path, target: str | None) -> None:
    """Make or remove a link, unless something of the user's is in its place."""
    if os.path.lexists(link) and not link.is_symlink():
        return
    if target is None:
        link.unlink(missing_ok=True)
    elif not link.is_symlink() or str(link.readlink()) != target:
        replace_link(link, target)


def write_pins(bin_dir: Path, before: Iterable[Pin], after: Iterable[Pin]) -> list[Path]:
    """Turn the links of ``before`` into those of ``after``; return every path that changed.

    Foreign files are never touched: a tool's name that is taken by one is an error before anything
    changes. If a step fails, the links that were there are put back.
    """
    old, new = _wanted(before), _wanted(after)
    _refuse_foreign(bin_dir, old, new)
    try:
        return _apply(bin_dir, old, new)
    except OSError as error:
        _restore(bin_dir, old, new)
        raise _refusal(bin_dir, error) from error


def _refusal(bin_dir: Path, error: OSError) -> EnvError:
    return EnvError(f"cannot change the links in {bin_dir}: {error.strerror}", "is the directory writable?")


def _wanted(pins: Iterable[Pin]) -> dict[str, str]:
    links: dict[str, str] = {}
    for pin in pins:
        links[pin.link] = WRAPPER
        links.update(dict.fromkeys(pin.tools, pin.link))
    return links


def _refuse_foreign(bin_dir: Path, old: dict[str, str], new: dict[str, str]) -> None:
    for name in sorted(new.keys() - old.keys()):
        path = bin_dir / name
        if os.path.lexists(path) and not (path.is_symlink() and reference_of(path.readlink().name)):
            raise EnvError(
                f"{path} exists and was not made by pkgs, so {new[name]} cannot provide {name}",
                f"move {path} away, or leave the package out",
            )


def _apply(bin_dir: Path, old: dict[str, str], new: dict[str, str]) -> list[Path]:
    changed = []
    # Pins first, then tools: a tool's link never dangles.
    for name in sorted(new, key=lambda name: (not name.startswith("."), name)):
        if old.get(name) != new[name]:
            replace_link(bin_dir / name, new[name])
            changed.append(bin_dir / name)
    for name in sorted(old.keys() - new.keys(), key=lambda name: (name.startswith("."), name)):
        (bin_dir / name).unlink(missing_ok=True)
        changed.append(bin_dir / name)
    return changed


def _restore(bin_dir: Path, old: dict[str, str], new: dict[str, str]) -> None:
    for name in new.keys() - old.keys():
        if (bin_dir / name).is_symlink():
            (bin_dir / name).unlink()
    for name, target in old.items():
        if not (bin_dir / name).is_symlink() or str((bin_dir / name).readlink()) != target:
            replace_link(bin_dir / name, target)
