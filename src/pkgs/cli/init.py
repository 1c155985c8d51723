"""``pkgs init``: make an environment."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from pkgs.app import App
from pkgs.cli.activate import calling_shell
from pkgs.environment.config import Config, UserConfig
from pkgs.environment.root import ACTIVATE, ACTIVATE_FISH
from pkgs.errors import SourceError, UsageError
from pkgs.progress import SilentReporter

EPILOG = """\
DIR must exist; its bin/ gets the wrapper, the activation scripts, pkgs.hcl and pkgs.lock, which names this
very pkgs by digest. In an existing environment the scripts are renewed and the lock names this pkgs; its
configuration, its pins and files of your own stay as they are. Commit bin/: in a git repository it is staged
already, and so is what later commands change, unless --no-git.
Defaults for new environments stand in your own configuration (~/.pkgs.hcl): defaults { … }, no-git, idea.

examples:
  pkgs init                          bin/ here
  pkgs init .hermit                  .hermit/bin, apart from the project's own bin/
  pkgs init --sources env:///manifests,file:///srv/manifests
"""


# What bin/pkgs fetches a wheel from.
_FETCHED = ("https://", "http://", "file:")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("dir", nargs="?", default=".", metavar="DIR", help="where bin/ goes (default: here)")
    parser.add_argument(
        "--sources",
        metavar="URI[,URI…]",
        help="manifest sources, in order, instead of those in your own configuration",
    )
    parser.add_argument(
        "--git", action=argparse.BooleanOptionalAction, default=None, help="stage changes in git (default)"
    )
    parser.add_argument(
        "--idea",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="tell JetBrains IDEs which plugin the project needs, in .idea/",
    )
    parser.add_argument(
        "--pkgs-url", default="", metavar="URL", help="where others get this pkgs' wheel if they lack it"
    )


def run(args: argparse.Namespace, app: App) -> int:
    """Make the environment."""
    from pkgs.cli.staging import stage
    from pkgs.environment.root import Environment
    from pkgs.shim.scaffold import Scaffold

    environment = Environment(app.place(args.dir) / "bin")
    app.environment = environment
    _look_at_sources(_uris(args.sources), app)
    _look_at_url(args.pkgs_url)
    config = chosen_config(args, app.user_config)
    new = not environment.bin_dir.exists()
    app.reporter.info(f"{'Creating new' if new else 'Looking at'} pkgs environment in {environment.root}")
    program = partial(app.own_program, args.pkgs_url)
    scaffold = Scaffold(environment=environment, config=config, program=program)
    with app.store.roots.changing(environment.bin_dir.resolve(), app.reporter):
        changed = scaffold.write()
    stage(app, changed)
    if not changed:
        app.reporter.info("nothing had to be changed")
    app.reporter.info(f"activate it with: . {_script(app, args.dir)}")
    return 0


def _look_at_sources(uris: Sequence[str], app: App) -> None:
    """Warn of sources that no command can open; like hermit, which looks at none, write them all the same."""
    from pkgs.source.access import Access  # deferred: seldom named
    from pkgs.source.sources import open_sources

    access = Access(
        state=app.state,
        environ=app.environ,
        reporter=SilentReporter(),
        fetcher=lambda: app.fetcher,
        root=app.environment.root,
    )
    try:
        open_sources([_written(uri) for uri in uris], access)
    except SourceError as error:
        app.reporter.warn(
            f"--sources: {error.message}; until it is corrected in pkgs.hcl, commands will fail"
        )


def _look_at_url(url: str) -> None:
    """Refuse an address that fails others only, at their first call."""
    if url and not _written(url).startswith(_FETCHED):
        raise UsageError(f"--pkgs-url {url!r} cannot be fetched", f"it starts with {' or '.join(_FETCHED)}")


def _written(text: str) -> str:
    if not text.isprintable():
        raise UsageError(f"{text!r} cannot be written into a file", "in a URL, write such bytes as %XX")
    return text


def _script(app: App, directory: str) -> str:
    fish = calling_shell(app.environ).endswith("fish")
    return shlex.quote(f"{directory.rstrip('/')}/bin/{ACTIVATE_FISH if fish else ACTIVATE}")


def chosen_config(args: argparse.Namespace, user: UserConfig) -> Config:
    """Return a new environment's configuration: flags, over the user's own wishes, over the user's defaults.

    The order is hermit's (env.go:133-224), but that ``--no-git`` and ``--no-idea`` always win.
    """
    config = user.defaults
    if args.sources is not None:
        config = replace(config, sources=_uris(args.sources))
    git = not user.no_git and config.manage_git if args.git is None else args.git
    idea = user.idea or config.idea if args.idea is None else args.idea
    return replace(config, manage_git=git, idea=idea)


def _uris(flag: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (flag or "").split(",")))
