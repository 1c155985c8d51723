"""``pkgs activate``: print the script that activates an environment, and keep it for the next time."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from pkgs.cli.needs import InEnvironment
from pkgs.environment.root import Environment, bin_dir_below
from pkgs.envops import EnvOp
from pkgs.errors import EnvError
from pkgs.shim.activation import Activation, Prompt, activation_script, write_activation
from pkgs.shim.shells import DIALECTS, dialect
from pkgs.shim.stamps import observe


class Activating(InEnvironment, Protocol):
    """What this command needs of the application."""

    @property
    def prompt(self) -> str:
        """Return the user configuration's prompt: ``env``, ``short`` or ``none``."""

    @property
    def ephemeral(self) -> Mapping[str, str]:
        """Return variables that are set this once, so that the script is not to be kept."""

    def prepare_activation(self) -> None:
        """Make present what has to be there before anything is looked at."""

    def operations(self) -> tuple[EnvOp, ...]:
        """Return what activation does to variables."""

    def watched(self) -> tuple[Path, ...]:
        """Return the files, beside the environment's own, that all this depends on; they may be absent."""

    def present(self) -> tuple[Path, ...]:
        """Return what is there and has to be for the operations to be of use."""

    def absent(self) -> tuple[Path, ...]:
        """Return what is not there and would change the operations if it were."""

    def activation_messages(self) -> tuple[str, ...]:
        """Return what ``activate`` triggers say."""


EPILOG = """\
What bin/activate-pkgs evaluates when no script is prepared. Source that instead: it is faster, and knows
which shell it is in.

examples:
  . bin/activate-pkgs
  eval "$(pkgs activate --shell bash)"
  pkgs activate --prompt none        leave the prompt alone
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "directory", nargs="?", metavar="DIR", help="the environment (default: the one this is)"
    )
    parser.add_argument(
        "--shell", metavar="SHELL", help=f"one of {', '.join(DIALECTS)} (default: the calling one)"
    )
    parser.add_argument(
        "--prompt", choices=["default", *Prompt], default="default", help="what the prompt shows"
    )
    parser.add_argument("--short-prompt", action="store_true", help="the same as --prompt=short")
    parser.add_argument("--bin", metavar="DIR", help=argparse.SUPPRESS)


def run(args: argparse.Namespace, app: Activating) -> int:
    """Print the script for the shell, to be evaluated by it."""
    shell = dialect(args.shell or calling_shell(app.environ))
    own = app.environment
    bin_dir = _spelled(args, own)
    env_state = app.state.env(bin_dir)
    app.prepare_activation()
    # The times come first: what changes while the operations are worked out is seen the next time.
    watched = observe([bin_dir, own.config_file, own.lock_file, *app.watched()])
    activation = Activation(
        root=bin_dir.parent,
        bin_dir=bin_dir,
        operations=app.operations(),
        prompt=chosen_prompt(args, app),
        present=app.present(),
        absent=app.absent(),
        messages=app.activation_messages(),
    )
    script = activation_script(shell, activation, watched, env_state=env_state)
    if args.prompt == "default" and not args.short_prompt and not app.ephemeral:
        write_activation(env_state, activation, watched)
    app.out.write(script)
    return 0


def _spelled(args: argparse.Namespace, own: Environment) -> Path:
    """Return the environment's directory of links as the caller spells it."""
    named = (
        Path(args.bin) if args.bin else bin_dir_below(Path(args.directory)) if args.directory else own.bin_dir
    )
    if named is None or not named.is_dir():
        raise EnvError(f"there is no environment in {args.directory or named}", "make one with: pkgs init")
    if not named.samefile(own.bin_dir):
        raise EnvError(
            f"{named} is not the environment {own.bin_dir}", f"call its own: {named}/pkgs activate"
        )
    return named.absolute()


def chosen_prompt(args: argparse.Namespace, app: Activating) -> Prompt:
    """Return the prompt that the command line asks for, or else the user's configuration."""
    if args.short_prompt:
        return Prompt.SHORT
    return Prompt(app.prompt if args.prompt == "default" else args.prompt)


def calling_shell(environ: Mapping[str, str]) -> str:
    """Return the name of the closest parent process that is a known shell, else ``$SHELL``, else ``sh``."""
    known = (name for name in _parents(os.getppid()) if name in DIALECTS and name not in ("sh", "dash"))
    return next(known, environ.get("SHELL") or "sh")


def _parents(pid: int) -> Iterator[str]:
    """Yield the names of a process and its ancestors, where the system has ``/proc``."""
    while pid > 1:
        try:
            name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
        except OSError:
            return
        yield name
        pid = int(rest.split()[1])
