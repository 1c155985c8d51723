"""From an environment of hermit to one of pkgs, in its place or beside it."""

from __future__ import annotations

from pathlib import Path

from pkgs.environment.config import parse_config
from pkgs.environment.pins import Pin
from pkgs.environment.root import bin_dir_below
from pkgs.errors import EnvError
from pkgs.migrate.hermit import HermitEnvironment, hermit_below, pkgs_config
from pkgs.migrate.plan import Migration, Target
from pkgs.migrate.steps import Step


def from_hermit(hermit: HermitEnvironment, target: Target, *, remove: bool) -> Migration:
    """Return what turns ``hermit`` into ``target``; ``remove`` takes hermit's own files away.

    The pins are the same links; they lead to pkgs' wrapper instead. Everything else in the directory stays
    as it is. Raises :class:`EnvError` where that cannot be.
    """
    pins, environment = _merged(hermit, target), target.environment
    steps, pinned = target.steps(pins, pkgs_config(hermit, environment.root))
    beside = environment.bin_dir.resolve() != hermit.bin_dir.resolve()
    if remove and beside:
        raise EnvError("hermit's files can be removed only in place", "leave out --beside or --remove-hermit")
    removed = tuple(Step(hermit.bin_dir / name) for name in hermit.own) if remove else ()
    return Migration(
        origin=hermit.bin_dir,
        environment=environment,
        pinned=pinned,
        steps=(*steps, *removed),
        kept=() if remove else hermit.own,
        foreign=hermit.foreign,
        notes=tuple(_notes(hermit, environment.bin_dir, beside=beside, remove=remove)),
    )


def _merged(hermit: HermitEnvironment, target: Target) -> tuple[Pin, ...]:
    """Return hermit's pins together with those that are at the target already."""
    there = {pin.reference.name: pin for pin in target.before}
    for pin in hermit.pins:
        other = there.setdefault(pin.reference.name, pin)
        if other.reference != pin.reference:
            raise EnvError(
                f"{target.environment.bin_dir} pins {other.reference}, hermit {pin.reference}",
                f"settle on one: pkgs uninstall {other.reference.name}, or hermit uninstall it",
            )
    return tuple(sorted(there.values(), key=lambda pin: pin.link))


def _notes(hermit: HermitEnvironment, bin_dir: Path, *, beside: bool, remove: bool) -> list[str]:
    notes = [f"{hermit.bin_dir / name} leads to a pin that is not there" for name in hermit.loose]
    if beside:
        notes.append(f"{hermit.bin_dir} stays as it is; links from elsewhere still lead there")
        if "HERMIT_ENV" in hermit.config or "HERMIT_BIN" in hermit.config:
            notes.append(f"HERMIT_ENV and HERMIT_BIN in {bin_dir / 'pkgs.hcl'} mean the new environment")
    elif hermit.own and not remove:
        notes.append(
            "hermit's own files stay, for those who still use them; later: pkgs migrate --remove-hermit"
        )
    if parse_config(hermit.config, hermit.bin_dir).inherit_parent:
        notes += _parents(hermit)
    return notes


def _parents(hermit: HermitEnvironment) -> list[str]:
    """Say which environment is inherited from, as long as that is hermit's alone."""
    for directory in hermit.root.parents:
        if bin_dir_below(directory) not in (None, hermit.bin_dir):
            return []
        above = hermit_below(directory)
        if above and above != hermit.bin_dir:
            return [f"inherit-parent means {above}, which is still hermit's: migrate it as well"]
    return []
