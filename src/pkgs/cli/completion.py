"""``pkgs completion``: what teaches a shell to complete."""

from __future__ import annotations

import argparse
from pathlib import PurePath

from pkgs.app import App
from pkgs.errors import UsageError

SHELLS = ("bash", "zsh", "fish")
EPILOG = """\
Commands, flags, packages, versions and channels are completed, from what is on this machine: the network is
never asked. Put the line for your shell into its start-up file:

  bash   source <(pkgs completion bash)
  zsh    source <(pkgs completion zsh)          after compinit
  fish   pkgs completion fish | source
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "shell", nargs="?", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish (default: $SHELL)"
    )


def run(args: argparse.Namespace, app: App) -> int:
    """Print the script."""
    from pkgs.shim.activation import shim_file

    shell = args.shell or PurePath(app.environ.get("SHELL", "")).name
    if shell not in SHELLS:
        raise UsageError(
            f"there is no completion for {shell or 'an unknown shell'}", "name bash, zsh or fish"
        )
    app.out.write(shim_file(f"completion.{shell}"))
    return 0
