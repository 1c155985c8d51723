"""``pkgs migrate``: turn what another tool manager pins into an environment of pkgs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from pkgs.app import App
from pkgs.cli.staging import stage
from pkgs.environment.commits import locked_commits
from pkgs.environment.config import parse_config, read_config
from pkgs.environment.root import Environment, bin_dir_below
from pkgs.errors import EnvError, UsageError
from pkgs.install.transaction import alone
from pkgs.install.workspace import Workspace
from pkgs.migrate.fromhermit import from_hermit
from pkgs.migrate.fromtools import from_tools
from pkgs.migrate.hermit import hermit_below, pkgs_config, read_hermit, refuse_chezmoi
from pkgs.migrate.hints import find_hints
from pkgs.migrate.plan import Migration, Target
from pkgs.migrate.steps import directory_for, take_all
from pkgs.migrate.toolfiles import read_tools, tool_file_below
from pkgs.source.access import Access
from pkgs.source.catalog import Catalog
from pkgs.source.index import Index
from pkgs.source.sources import open_sources

EPILOG = """\
WHAT is a project, an environment of hermit (bin, .hermit/bin, ~/.hermit), a .tool-versions or a mise.toml;
without it, the first of these at the current directory is taken. Pins, configuration, sources and your own
files are kept; nothing is downloaded, and nothing is removed unless you say so. Running it again changes
nothing. The exit status is 1 where a pin has no manifest.

examples:
  pkgs migrate --check               only tell what would be done
  pkgs migrate                       in place: the pins lead to pkgs, hermit's files stay
  pkgs migrate --remove-hermit       the same without hermit's files
  pkgs migrate --beside .pkgs        a second environment in .pkgs/bin; hermit's is not touched
  pkgs migrate .tool-versions        pin what asdf pins, as far as there are manifests
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "what", nargs="?", metavar="WHAT", help="a project, an environment, or a file of tools"
    )
    parser.add_argument("--check", action="store_true", help="change nothing, only tell")
    parser.add_argument("--beside", metavar="DIR", help="make the environment in DIR/bin instead of in place")
    parser.add_argument("--remove-hermit", action="store_true", help="remove hermit's own files as well")
    parser.add_argument("--json", action="store_true", help="print what is done, or would be, as JSON")


def run(args: argparse.Namespace, app: App) -> int:
    """Migrate, or tell."""
    with ExitStack() as held:
        migration = _planned(args, app, held)
        if not args.check:
            take_all(migration.steps)
    if not args.check:
        _stage(app, migration)
    if args.json:
        app.out.write(json.dumps(migration.document(), indent=2) + "\n")
    elif not args.quiet:
        app.out.write("".join(f"{line}\n" for line in _lines(migration, done=not args.check)))
    if migration.unknown:
        raise EnvError(
            f"no manifest provides {', '.join(migration.unknown)}: this is not complete",
            "write a manifest (pkgs manifest create URL), or add a source to pkgs.hcl; then: pkgs lock",
        )
    return 0


def _planned(args: argparse.Namespace, app: App, held: ExitStack) -> Migration:
    """Return the migration of whatever there is to migrate; ``held`` keeps others from changing it."""
    what = app.place(args.what or ".")
    if not what.exists():
        raise UsageError(f"there is no {what}", "name a project, an environment, or a file of tools")
    found = next(
        (path for path in ([what] if args.what else _project(what, app.home)) if _migratable(path)), None
    )
    if found is None:
        for usual in ("", "bin"):
            refuse_chezmoi(what / usual)
        raise EnvError(f"there is nothing to migrate in {what}", "pkgs init makes a new environment")
    if found.is_file():
        return _from_tools(found, args, app, held)
    if hermit := hermit_below(found):
        return _from_hermit(hermit, args, app, held)
    if tools := tool_file_below(found):
        return _from_tools(tools, args, app, held)
    bin_dir = bin_dir_below(found)
    assert bin_dir
    note = f"{bin_dir} is an environment of pkgs already"
    return Migration(origin=found, environment=Environment(bin_dir), pinned=(), steps=(), notes=(note,))


def _project(directory: Path, home: Path) -> Iterator[Path]:
    """Yield a directory and those above it in the same repository, but never the home directory."""
    yield directory
    for inner, outer in pairwise((directory, *directory.parents)):
        if (inner / ".git").exists() or home.is_relative_to(outer):
            return
        yield outer


def _migratable(path: Path) -> bool:
    return path.is_file() or bool(hermit_below(path) or tool_file_below(path) or bin_dir_below(path))


def _from_hermit(bin_dir: Path, args: argparse.Namespace, app: App, held: ExitStack) -> Migration:
    environment = _environment(args, app) or Environment(bin_dir)
    target = _target(app, environment, pkgs_config(read_hermit(bin_dir), environment.root))
    hints = find_hints(bin_dir, app.environ)
    _keep_alone(target, args, held)
    # Whoever was waited for may have changed the pins.
    migration = from_hermit(read_hermit(bin_dir), Target.at(target), remove=args.remove_hermit)
    return replace(migration, hints=hints)


def _from_tools(path: Path, args: argparse.Namespace, app: App, held: ExitStack) -> Migration:
    if args.remove_hermit:
        raise UsageError("--remove-hermit is for environments of hermit", f"{path} is none")
    project = path.parent.parent if path.parent.name == ".config" else path.parent
    present = bin_dir_below(project)
    environment = _environment(args, app) or Environment(present or project / "bin")
    wanted, target = read_tools(path), _target(app, environment, "")
    _keep_alone(target, args, held)
    return from_tools(path, wanted, Target.at(target))


def _environment(args: argparse.Namespace, app: App) -> Environment | None:
    return Environment(app.place(args.beside) / "bin") if args.beside else None


def _keep_alone(target: Workspace, args: argparse.Namespace, held: ExitStack) -> None:
    """Let nobody else change the environment from now on, unless it is only looked at."""
    if not args.check:
        held.enter_context(directory_for(target.environment.bin_dir))
        held.enter_context(alone(target))


def _target(app: App, environment: Environment, text: str) -> Workspace:
    """Return the environment to be; what its sources are is in its configuration, or else in ``text``."""
    config = read_config(environment.config_file)
    if not environment.config_file.exists():
        config = parse_config(text, environment.config_file)
    app.environment, app.config = environment, config
    access = Access(
        state=app.state,
        environ=app.environ,
        reporter=app.reporter,
        fetcher=lambda: app.fetcher,
        root=environment.root,
        commits=locked_commits(environment.lock_file),
        offline=True,
    )
    app.catalog = Catalog(open_sources(config.sources or (), access), Index(app.cache))
    return app.workspace(frozen=False)


def _stage(app: App, migration: Migration) -> None:
    if migration.steps and app.config.manage_git:
        stage(app, [step.path for step in migration.steps])


def _lines(migration: Migration, *, done: bool) -> Iterator[str]:
    """Yield the lines that tell what was done, or would be."""
    bin_dir = migration.environment.bin_dir
    verb = "migrated" if done else "would migrate"
    where = "in place" if bin_dir == migration.origin else f"to {bin_dir}"
    yield f"{verb} {migration.origin} {where}" if migration.steps else f"nothing to change in {bin_dir}"
    for each in migration.pinned:
        tools = f" ({', '.join(each.pin.tools)})" if each.pin.tools else ""
        yield f"pin    {each.pin.reference}{tools}{f': {each.problem}' if each.problem else ''}"
    yield from (f"left   {each.name} {each.wanted}: {each.reason}" for each in migration.left)
    for step in migration.steps:
        target = f" -> {step.link}" if step.link else ""
        yield f"{'remove' if step.removes else 'link  ' if step.link else 'write '} {step.path}{target}"
    yield from (f"keep   {name}" for name in (*migration.kept, *migration.foreign))
    yield from (f"note   {note}" for note in migration.notes)
    yield from (f"hint   {hint}" for hint in migration.hints)
    if migration.waiting:
        yield "next   pkgs update && pkgs lock fetches the sources and completes the lock; commit it"
