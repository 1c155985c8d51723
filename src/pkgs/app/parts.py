"""The composition root: every part that a command may need, built from the process and its flags, once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self, TextIO

from pkgs.errors import EnvError, SourceError

if TYPE_CHECKING:
    from datetime import date

    from pkgs.artifact.fetch import Fetcher
    from pkgs.environment.config import Config, UserConfig
    from pkgs.environment.program import Program
    from pkgs.environment.root import Environment
    from pkgs.install.contents import Contents
    from pkgs.install.workspace import Workspace
    from pkgs.platforms import Platform
    from pkgs.progress import Level, Reporter
    from pkgs.source.access import Access
    from pkgs.source.cache import Cache
    from pkgs.source.catalog import Catalog
    from pkgs.source.model import Source
    from pkgs.state import State
    from pkgs.store.store import Store


class Parts:
    """What commands are given. Each part is built when first asked for: most commands need few."""

    def __init__(self, args: argparse.Namespace, environ: Mapping[str, str]) -> None:
        self.args = args
        self.environ = environ
        self.out: TextIO = sys.stdout  # for data
        self.err: TextIO = sys.stderr  # for talk

    @classmethod
    def of_process(cls, args: argparse.Namespace) -> Self:
        """Build an app from this process and the flags it was given."""
        return cls(args, dict(os.environ))

    @cached_property
    def cwd(self) -> Path:
        """The working directory, also where it has been removed."""
        from pkgs.environment.root import working_directory

        return working_directory(self.environ)

    def place(self, name: str) -> Path:
        """Return the directory ``name`` that is to be written to, links keeping their names.

        Raises :class:`EnvError` where the working directory has been removed and says nothing about it.
        """
        if not os.path.isabs(name):  # noqa: PTH117  # the same for "", without a Path
            try:
                Path.cwd()
            except FileNotFoundError:
                raise EnvError(
                    "the working directory has been removed", "change to one that is there"
                ) from None
        return Path(os.path.abspath(self.cwd / name))  # noqa: PTH100

    @property
    def offline(self) -> bool:
        """Whether the network must not be used."""
        return bool(self.args.offline)

    @cached_property
    def level(self) -> Level:
        """How much is told on the stream for talk."""
        from pkgs.ui.levels import chosen_level

        return chosen_level(self.args, self.environ)

    @cached_property
    def ephemeral(self) -> Mapping[str, str]:
        """Variables that are set for this command only (``--env``)."""
        from pkgs.environment.settings import ephemeral_variables

        return ephemeral_variables(self.args.ephemeral or ())

    @cached_property
    def platform(self) -> Platform:
        """The platform that tools are installed for."""
        from pkgs.platforms import Platform

        return Platform.current()

    @cached_property
    def state(self) -> State:
        """The state directory."""
        from pkgs.state import State

        return State.of(self.environ)

    @cached_property
    def home(self) -> Path:
        """The user's home directory, also where HOME is unset."""
        return Path(self.environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111

    @property
    def today(self) -> date:
        """The local date, which manifests may name."""
        from datetime import UTC, datetime

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
        from pkgs.environment.configcache import cached_config

        return cached_config(self.environment.config_file, self.cache)

    @cached_property
    def cache(self) -> Cache:
        """What is known of texts that were parsed before."""
        from pkgs.source.cache import Cache

        return Cache.of(self.state)

    @cached_property
    def user_config_files(self) -> tuple[Path, ...]:
        """Where the user's own configuration may be; the first that exists counts."""
        from pkgs.environment.settings import user_config_files

        named = self.args.user_config or self.environ.get("PKGS_USER_CONFIG")
        return user_config_files(named, self.home, self.cwd)

    @cached_property
    def user_config(self) -> UserConfig:
        """The user's own configuration; a broken one is told of, and counts as absent."""
        from pkgs.environment.settings import user_config

        return user_config(self.user_config_files, self.reporter.warn)

    @cached_property
    def catalog(self) -> Catalog:
        """The manifests that the environment sees; outside of one, those that come with pkgs."""
        from pkgs.source.catalog import Catalog
        from pkgs.source.index import Index
        from pkgs.source.sources import open_sources

        if not self.within:
            return Catalog(open_sources((), self._access()), Index(self.cache))
        try:
            sources = open_sources(self.config.sources or (), self._access())
        except SourceError as error:
            raise SourceError(f"{self.environment.config_file}: {error.message}", error.hint) from error
        return Catalog(sources, Index(self.cache))

    @cached_property
    def within(self) -> bool:
        """Whether there is an environment to work on."""
        from pkgs.environment.root import find_environment

        return "environment" in vars(self) or find_environment(self.environ, self.cwd) is not None

    def source(self, text: str) -> Source:
        """Return the manifest source that ``text`` names: a URI, or a directory."""
        from pkgs.source.sources import named_source

        return named_source(text, self.cwd, self._access())

    def _access(self) -> Access:
        from pkgs.environment.commits import locked_commits
        from pkgs.source.access import Access

        return Access(
            state=self.state,
            environ=self.environ,
            reporter=self.reporter,
            fetcher=lambda: self.fetcher,
            root=self.environment.root if self.within else None,
            commits=locked_commits(self.environment.lock_file) if self.within else {},
            private=self.config.github_token_auth if self.within else (),
            offline=self.offline,
            frozen=self.frozen,
            lock_timeout=self.lock_timeout,
        )

    @cached_property
    def lock_timeout(self) -> float | None:
        """How many seconds to wait for another process; None for as long as it lives."""
        from pkgs.environment.settings import lock_timeout

        return lock_timeout(self.args.lock_timeout or self.environ.get("PKGS_LOCK_TIMEOUT"))

    @cached_property
    def frozen(self) -> bool:
        """Whether pins and lock must stay as they are: what a flag says, else the variable CI."""
        flag: bool | None = getattr(self.args, "frozen", None)
        return self.environ.get("CI", "").lower() in ("true", "1") if flag is None else flag

    @cached_property
    def store(self) -> Store:
        """The store in the state directory."""
        from pkgs.store.store import Store
        from pkgs.store.unpack import unpack, unpack_stream

        return Store.at(self.state, unpack, unpack_stream, lock_timeout=self.lock_timeout)

    @cached_property
    def fetcher(self) -> Fetcher:
        """What downloads; refuses to when offline."""
        from pkgs.artifact.clients import fetcher_of
        from pkgs.artifact.told import ToldFetcher

        fetcher = fetcher_of(
            self.environ,
            self.home,
            self.cwd,
            self.state.root / "memo",
            private=self.config.github_token_auth if self.within else (),
            offline=self.offline,
            warn=self.reporter.warn,
        )
        return ToldFetcher(fetcher, self.reporter) if self.level <= self.level.DEBUG else fetcher

    @cached_property
    def reporter(self) -> Reporter:
        """Where work tells of itself: a live display on a terminal, plain lines elsewhere."""
        from pkgs.ui.levels import reporter_for

        return reporter_for(self.err, self.level, self.environ)

    def workspace(self, *, frozen: bool | None = None, jobs: int | None = None) -> Workspace:
        """Return the environment together with everything that acts on it.

        ``frozen`` None means what flag or environment say.
        """
        from pkgs.artifact.placed import PlacedFetcher
        from pkgs.install.workspace import Workspace

        self.reporter.debug(
            f"environment {self.environment.bin_dir}, state {self.state.root}, {self.platform}"
        )
        places = {"${env}": self.environment.root, "${HOME}": self.home, "${state}": self.state.root}
        symbols = {symbol: str(path) for symbol, path in places.items()}
        return Workspace(
            environment=self.environment,
            config=self.config,
            program=self.own_program,
            state=self.state,
            platform=self.platform,
            home=str(self.home),
            today=self.today,
            catalog=self.catalog,
            store=self.store,
            fetcher=PlacedFetcher(self.fetcher, symbols),
            places=symbols,
            reporter=self.reporter,
            frozen=self.frozen if frozen is None else frozen,
            jobs=jobs or max(4, os.cpu_count() or 1),
            environ={**self.environ, **({"GIT_ALLOW_PROTOCOL": "file"} if self.offline else {})},
        )

    def own_program(self, url: str = "") -> Program:
        """Return this very pkgs, which the environment then uses; ``url`` is where others get it."""
        from pkgs.shim.own import own_program

        bin_dir, roots = self.environment.bin_dir, self.store.roots
        owner = bin_dir.resolve()
        return own_program(
            self.state, bin_dir, url, lambda digest: roots.add(owner, self.reporter, blobs=[digest])
        )

    @cached_property
    def contents(self) -> Contents:
        """One look at the environment; what cannot be resolved is told of."""
        from pkgs.install.contents import read_contents

        contents = read_contents(self.workspace())
        for reference, problem in contents.problems.items():
            self.reporter.warn(f"{reference} is left out of the environment: {problem.message}")
        return contents

    @property
    def prompt(self) -> str:
        """What activation shows in the prompt: ``env``, ``short`` or ``none``."""
        return self.user_config.prompt
