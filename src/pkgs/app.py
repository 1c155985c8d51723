"""The composition root: everything a command needs, built from the process and its flags, once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from threading import Lock as ThreadLock
from typing import TYPE_CHECKING, TextIO

from pkgs.errors import EnvError
from pkgs.platforms import Platform
from pkgs.progress import Reporter
from pkgs.state import State

if TYPE_CHECKING:
    from pkgs.artifact.fetch import Fetcher
    from pkgs.environment.config import Config
    from pkgs.environment.contents import Contents
    from pkgs.environment.root import Environment
    from pkgs.environment.workspace import Workspace
    from pkgs.envops import EnvOp
    from pkgs.source.catalog import Catalog
    from pkgs.store.store import Store


class App:
    """What commands are given. Each part is built when first asked for: most commands need few."""

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        cwd: Path,
        out: TextIO,
        err: TextIO,
        quiet: bool = False,
        offline: bool = False,
    ) -> None:
        self.environ = environ
        self.cwd = cwd
        self.out = out
        self.err = err
        self.quiet = quiet
        self.offline = offline

    @classmethod
    def of_process(cls, args: argparse.Namespace) -> App:
        """Build an app from this process and the flags it was given."""
        return cls(
            environ=dict(os.environ),
            cwd=_working_directory(),
            out=sys.stdout,
            err=sys.stderr,
            quiet=bool(args.quiet),
            offline=bool(args.offline),
        )

    @cached_property
    def platform(self) -> Platform:
        """The platform that tools are installed for."""
        return Platform.current()

    @cached_property
    def state(self) -> State:
        """The state directory."""
        return State.of(self.environ)

    @cached_property
    def home(self) -> Path:
        """The user's home directory, also where HOME is unset."""
        return Path(self.environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111

    @property
    def today(self) -> date:
        """The local date, which manifests may name."""
        return datetime.now(tz=UTC).astimezone().date()

    @cached_property
    def environment(self) -> Environment:
        """The environment to work on; raises :class:`EnvError` where there is none."""
        from pkgs.environment.root import find_environment

        found = find_environment(self.environ, self.cwd)
        if found is None:
            raise EnvError(
                f"there is no environment in {self.cwd} or above",
                "make one with: pkgs init; or set PKGS_ENV",
            )
        return found

    @cached_property
    def config(self) -> Config:
        """The environment's configuration."""
        from pkgs.environment.config import read_config

        return read_config(self.environment.config_file)

    @cached_property
    def catalog(self) -> Catalog:
        """The manifests that the environment sees; outside of one, those that come with pkgs."""
        from pkgs.environment.root import find_environment
        from pkgs.source.catalog import Catalog
        from pkgs.source.sources import open_sources

        if find_environment(self.environ, self.cwd) is None:
            return Catalog(open_sources(None, None))
        return Catalog(open_sources(self.config.sources, self.environment.root))

    @cached_property
    def store(self) -> Store:
        """The store in the state directory."""
        from pkgs.store.store import Store
        from pkgs.store.unpack import unpack

        return Store.at(self.state, unpack)

    @cached_property
    def fetcher(self) -> Fetcher:
        """What downloads; refuses to when offline."""
        from pkgs.artifact.clients import fetcher_of

        return fetcher_of(
            self.environ,
            self.home,
            self.cwd,
            self.state.root / "memo",
            private=self.config.github_token_auth,
            offline=self.offline,
            warn=self.reporter.warn,
        )

    @cached_property
    def reporter(self) -> Reporter:
        """Where work tells of itself: a live display on a terminal, plain lines elsewhere."""
        from pkgs.ui.plain import PlainReporter

        if self.quiet or not self.err.isatty() or self.environ.get("CI"):
            return PlainReporter(self.err, ThreadLock(), self.quiet)
        from pkgs.ui.live import live_reporter

        return live_reporter(self.err)

    def workspace(self, *, frozen: bool | None = None, jobs: int | None = None) -> Workspace:
        """Return the environment together with everything that acts on it.

        ``frozen`` None means what the variable CI says.
        """
        from pkgs.environment.workspace import Workspace
        from pkgs.shim.own import own_program

        return Workspace(
            environment=self.environment,
            config=self.config,
            program=lambda: own_program(self.state, self.environment.bin_dir),
            state=self.state,
            platform=self.platform,
            home=str(self.home),
            today=self.today,
            catalog=self.catalog,
            store=self.store,
            fetcher=self.fetcher,
            reporter=self.reporter,
            frozen=self.environ.get("CI", "").lower() in ("true", "1") if frozen is None else frozen,
            jobs=jobs or max(4, os.cpu_count() or 1),
        )

    def operations(self) -> tuple[EnvOp, ...]:
        """Return what activation does to variables."""
        from pkgs.environment.operations import activation_operations

        return activation_operations(
            self.environment, self.contents.packages.values(), self.config.env
        )

    def watched(self) -> tuple[Path, ...]:
        """Return the files that decide what the environment holds; some may be absent."""
        from pkgs.environment.contents import watched_files

        return watched_files(self.workspace())

    def present(self) -> tuple[Path, ...]:
        """Return the trees that activation relies on."""
        return tuple(self.state.tree(located.key) for located in self.contents.located.values())

    def activation_messages(self) -> tuple[str, ...]:
        """Return what the packages' ``activate`` triggers say."""
        from pkgs.manifest.model import Message

        actions = (
            action
            for package in self.contents.packages.values()
            for action in package.triggers.get("activate", ())
        )
        return tuple(action.text for action in actions if isinstance(action, Message))

    @cached_property
    def contents(self) -> Contents:
        """One look at the environment; what cannot be resolved is told of."""
        from pkgs.environment.contents import read_contents

        contents = read_contents(self.workspace())
        for reference, problem in contents.problems.items():
            self.reporter.warn(f"{reference} is left out of the environment: {problem.message}")
        return contents

    @property
    def prompt(self) -> str:
        """What activation shows in the prompt: ``env``, ``short`` or ``none``."""
        return "env"


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path(os.environ.get("PWD", "/"))
