"""hermit's environments: where they are and what is in them (hermit, env.go).

The layout is that of an environment of pkgs with other names, so most of it stays as it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pkgs.environment.config import parse_config
from pkgs.environment.pins import Pin, read_pins, reference_of
from pkgs.environment.root import OWN_FILES
from pkgs.errors import EnvError

WRAPPER = "hermit"
CONFIG = "hermit.hcl"
HERMIT_FILES = (WRAPPER, "activate-hermit", "activate-hermit.fish", "README.hermit.md", CONFIG)
# What hermit reads where hermit.hcl names no sources (state.go:27).
DEFAULT_SOURCE = "https://github.com/cashapp/hermit-packages.git"
_USUAL = ("", "bin", ".hermit/bin")
_ENV_SOURCE = re.compile(r'"env:///?([^"]*)"')


@dataclass(frozen=True, slots=True)
class HermitEnvironment:
    """An environment of hermit. ``own`` are hermit's files in it, ``foreign`` the user's, by name.

    ``config`` is the text of hermit.hcl, "" where there is none; ``loose`` are links to pins
    that are not there.
    """

    bin_dir: Path
    config: str
    pins: tuple[Pin, ...]
    own: tuple[str, ...]
    foreign: tuple[str, ...]
    loose: tuple[str, ...]

    @property
    def root(self) -> Path:
        """The directory that hermit calls ``${HERMIT_ENV}``."""
        return self.bin_dir.parent


def hermit_below(directory: Path) -> Path | None:
    """Return hermit's directory of links that is ``directory`` or lies at a usual place below it."""
    candidates = (directory / usual for usual in _USUAL)
    return next((path for path in candidates if is_hermit(path)), None)


def is_hermit(path: Path) -> bool:
    """Tell whether ``path`` is hermit's directory of links, by its script, its configuration or its pins."""
    if (path / "activate-hermit").is_file() or (path / CONFIG).is_file():
        return True
    return path.is_dir() and any(_pins_of_hermit(path))


def _pins_of_hermit(path: Path) -> Iterator[Path]:
    for link in path.glob(".*.pkg"):
        if link.is_symlink() and str(link.readlink()) == WRAPPER and reference_of(link.name):
            yield link


def refuse_chezmoi(directory: Path) -> None:
    """Raise :class:`EnvError` for chezmoi's sources of an environment: files that stand for its links."""
    if any(directory.glob("symlink_dot_*.pkg*")):
        raise EnvError(
            f"{directory} holds chezmoi's sources of an environment, not an environment",
            "migrate what chezmoi makes of it (pkgs migrate ~/.hermit), then add that to chezmoi again",
        )


def read_hermit(bin_dir: Path) -> HermitEnvironment:
    """Look at the environment; raise :class:`EnvError` for one that hermit itself would not take."""
    pins, config = read_pins(bin_dir), _read(bin_dir / CONFIG)
    parse_config(config, bin_dir / CONFIG)
    names = sorted(entry.name for entry in os.scandir(bin_dir))
    linked = {pin.link for pin in pins} | {tool for pin in pins for tool in pin.tools}
    rest = [name for name in names if name not in linked and name not in OWN_FILES]
    loose = tuple(name for name in rest if _leads_to_a_pin(bin_dir / name))
    return HermitEnvironment(
        bin_dir=bin_dir,
        config=config,
        pins=pins,
        own=tuple(name for name in rest if name in HERMIT_FILES),
        foreign=tuple(name for name in rest if name not in (*HERMIT_FILES, *loose)),
        loose=loose,
    )


def _leads_to_a_pin(path: Path) -> bool:
    return path.is_symlink() and reference_of(str(path.readlink())) is not None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise EnvError(f"cannot read {path}: {error}", "correct it, then migrate again") from error


def pkgs_config(hermit: HermitEnvironment, root: Path) -> str:
    """Return the text of ``pkgs.hcl`` for the environment at ``root``: that of hermit.hcl, comments and all.

    Sources that hermit does without being told are written down, and those below hermit's root are named as
    they lie from ``root``.
    """
    text = hermit.config
    if text and not text.endswith("\n"):
        text += "\n"
    if parse_config(text, hermit.bin_dir / CONFIG).sources is None:
        text = f'sources = ["{DEFAULT_SOURCE}"]\n{text}'
    way = os.path.relpath(hermit.root.resolve(), root.resolve())
    return text if way == "." else _ENV_SOURCE.sub(rf'"env:///{way}/\1"', text)
