"""Activation scripts: made once by Python, then sourced by shells without it (docs/adr/0006-activation.md).

    STATE/envs/<bin dir>/.pkgs1/.activation/sh, fish     a test whether it stands, and the script
    STATE/envs/<bin dir>/.pkgs1/.activation/<digest>/…   stamps of what the script was made from

The stamps lie in a directory named by the script's digest. A shell compares the watched files with the
stamps of the script *it* has run, so it also notices a change that another shell has prepared already.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from pkgs.envops import EnvOp, Prepend
from pkgs.errors import StoreError
from pkgs.shim.shells import FISH, POSIX, dialect, prompt_name, quote, statements
from pkgs.shim.stamps import Watched, conditions, share_stamps
from pkgs.store.files import atomic_write

DIRECTORY = ".activation"
_SHELLS = (POSIX, FISH)
_FIRST_ON_PATH = Prepend("PATH", "${PKGS_PREPEND_PATH}")


class Prompt(StrEnum):
    """What activation puts before the prompt (hermit's user configuration, ``prompt``)."""

    ENV = "env"
    SHORT = "short"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Activation:
    """What activating an environment does.

    ``bin_dir`` is spelled as the shell spells it. ``present`` are paths without which the script is not
    to be used, and ``absent`` those with which it is not (packages unpacked and not yet), ``messages`` lines
    for the user. ``operations`` need not care for ``PKGS_PREPEND_PATH``, which is looked up when the script
    runs.
    """

    root: Path
    bin_dir: Path
    operations: tuple[EnvOp, ...]
    prompt: Prompt = Prompt.ENV
    present: tuple[Path, ...] = ()
    absent: tuple[Path, ...] = ()
    messages: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """The text before the prompt."""
        if self.prompt is Prompt.NONE:
            return ""
        return f"{prompt_name(self.root.name)}🐚 " if self.prompt is Prompt.ENV else "🐚 "


def shim_file(name: str) -> str:
    """Return the text of a file that is installed into environments or run by shells."""
    return files("pkgs.shim").joinpath("files", name).read_text(encoding="utf-8")


def activation_script(
    shell: str, activation: Activation, watched: Iterable[Watched] = (), *, env_state: Path
) -> str:
    """Return the script that activates an environment in ``shell``.

    ``watched`` is what :func:`~pkgs.shim.stamps.observe` returned before the operations were computed, and
    ``env_state`` is ``State.env`` of the environment. Raises :class:`~pkgs.errors.EnvError` for a
    variable's name that no shell could take, before anything is returned.
    """
    chosen, watched, cache = dialect(shell), tuple(watched), env_state / DIRECTORY
    generation = _generation(activation, watched)
    stands = _stands(cache / generation, watched, chosen)
    parts = [
        shim_file(f"activation.{chosen}"),
        _function("_pkgs_operations", statements((*activation.operations, _FIRST_ON_PATH), chosen), chosen),
        _function(
            "_pkgs_stale",
            [f"if {stands}; then return 1; fi" if chosen == POSIX else f"not begin; {stands}; end"],
            chosen,
        ),
        _function("_pkgs_retry", [_newer(cache / "failed", watched, chosen)], chosen),
        _enter(activation, cache, generation, chosen),
        "".join(f"_pkgs_say {quote(message, chosen)}\n" for message in activation.messages),
    ]
    return "".join(parts)


def write_activation(env_state: Path, activation: Activation, watched: Iterable[Watched]) -> bool:
    """Keep the scripts of all shells for the next time; tell whether that was possible.

    It is not where the state directory cannot be written or cannot hold exact times; then every
    activation asks Python.
    """
    watched, cache = tuple(watched), env_state / DIRECTORY
    generation = cache / _generation(activation, watched)
    try:
        if not _stamped(generation, watched):
            return False
        for shell in _SHELLS:
            _write(cache / shell, _guarded(shell, activation, watched, env_state))
        _forget(cache, keep=generation)
    except (OSError, StoreError):
        return False
    return True


def drop_activation(env_state: Path) -> None:
    """Forget the scripts, so that the next activation, and the next prompt, ask Python."""
    shutil.rmtree(env_state / DIRECTORY, ignore_errors=True)


def _generation(activation: Activation, watched: tuple[Watched, ...]) -> str:
    """Return the digest of everything the scripts are made from, but for the watched files' times."""
    presence = [(str(each.path), each.mtime_ns is None) for each in watched]
    texts = [shim_file(f"activation.{shell}") for shell in _SHELLS]
    return hashlib.sha256(repr((activation, presence, texts)).encode()).hexdigest()[:16]


def _stands(stamps: Path, watched: tuple[Watched, ...], shell: str) -> str:
    """Return the condition that every watched file is as its stamp says."""
    directory = quote(str(stamps), shell)
    return " && ".join([f"[ -d {directory} ]", *conditions(watched, directory, shell)])


def _newer(marker: Path, watched: tuple[Watched, ...], shell: str) -> str:
    """Return the condition that something has changed since ``marker`` was written."""
    return (
        " || ".join(f"[ {quote(str(each.path), shell)} -nt {quote(str(marker), shell)} ]" for each in watched)
        or "false"
    )


def _function(name: str, lines: Iterable[str], shell: str) -> str:
    body = "".join(f"  {line}\n" for line in lines)
    return f"function {name}\n{body}end\n" if shell == FISH else f"{name}() {{\n{body}}}\n"


def _enter(activation: Activation, cache: Path, generation: str, shell: str) -> str:
    words = (str(activation.root), str(activation.bin_dir), str(cache), generation, activation.prefix)
    return f"_pkgs_enter {' '.join(quote(word, shell) for word in words)}\n"


def _guarded(shell: str, activation: Activation, watched: tuple[Watched, ...], env_state: Path) -> str:
    """Return the script as it is kept: nothing happens unless it stands."""
    stamps = env_state / DIRECTORY / _generation(activation, watched)
    present = "".join(f" && [ -e {quote(str(path), shell)} ]" for path in activation.present)
    absent = "".join(f" && [ ! -e {quote(str(path), shell)} ]" for path in activation.absent)
    script = activation_script(shell, activation, watched, env_state=env_state)
    found, end = ("set -g _pkgs_found yes", "end") if shell == FISH else ("then\n_pkgs_found=yes", "fi")
    return f"if {_stands(stamps, watched, shell)}{present}{absent}\n{found}\n{script}{end}\n"


def _stamped(directory: Path, watched: tuple[Watched, ...]) -> bool:
    """Write the stamps; tell whether they hold their times exactly, for otherwise they are of no use."""
    exact = share_stamps(directory, watched)
    if not exact:
        shutil.rmtree(directory)
    return exact


def _write(path: Path, text: str) -> None:
    atomic_write(path, text.encode(errors="surrogateescape"), 0o600)


def _forget(cache: Path, *, keep: Path) -> None:
    for each in cache.iterdir():
        if each.is_dir() and each != keep:
            shutil.rmtree(each, ignore_errors=True)
