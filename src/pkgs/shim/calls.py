"""Calls of tools: what a plan is made from, and the call itself where there is no plan yet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pkgs.environment.expose import tools
from pkgs.environment.operations import Dependency, call_operations
from pkgs.environment.pins import link_name
from pkgs.environment.transform import apply
from pkgs.envops import EnvOp
from pkgs.errors import EnvError, PkgsError
from pkgs.install.contents import Contents, read_contents, watched_files
from pkgs.install.farm import link_farm
from pkgs.install.install import make_present
from pkgs.install.materialise import Installed, locate
from pkgs.install.needed import with_requirements
from pkgs.install.triggers import tell_trigger
from pkgs.install.workspace import Workspace
from pkgs.references import Reference
from pkgs.shim.plan import ToolPlan, write_plans
from pkgs.shim.stamps import Watched, observe


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that is ready to run: its file, and the environment it gets."""

    target: Path
    environ: Mapping[str, str]

    def replace_process(self, arguments: Sequence[str]) -> None:
        """Become the tool; raise :class:`EnvError` if the kernel refuses it."""
        try:
            os.execve(self.target, [str(self.target), *arguments], dict(self.environ))  # noqa: S606
        except OSError as error:
            raise EnvError(
                f"cannot run {self.target}: {error.strerror}", "see whether it is built for this machine"
            ) from error


def prepare(workspace: Workspace, reference: Reference, tool: str, environ: Mapping[str, str]) -> Call:
    """Make ``reference`` present, write the plans of its tools, and return the call of ``tool``."""
    installed = make_present(workspace, reference)
    tell_trigger(workspace, [installed.package], "exec")
    watched = observe(watched_files(workspace))
    fresh = workspace.afresh()
    contents = read_contents(fresh)
    operations = _operations(workspace, installed, contents)
    found = tools(installed.package)
    if tool not in found:
        raise EnvError(f"{reference} has no tool {tool!r}; it has: {', '.join(found)}", "run: pkgs install")
    if _stands(fresh, installed, contents):
        _write(workspace, [(installed, operations)], watched, contents)
    return Call(found[tool], apply(environ, operations).on(environ))


def write_call_plans(workspace: Workspace, installed: Iterable[Installed]) -> None:
    """Write the plans of everything ``installed``, so that even the first call of a tool is fast."""
    watched = observe(watched_files(workspace))
    fresh = workspace.afresh()
    contents = read_contents(fresh)
    standing = [each for each in installed if _stands(fresh, each, contents)]
    _write(
        workspace, [(each, _operations(workspace, each, contents)) for each in standing], watched, contents
    )


def _stands(workspace: Workspace, installed: Installed, contents: Contents) -> bool:
    """Tell whether a package is still what it was resolved to, now that the times of all files are noted."""
    for each in (installed, *installed.dependencies):
        try:
            located = locate(workspace, each.package.reference, contents.lock)
        except PkgsError:
            return False
        if located is None or located.key != each.tree.key or located.package != each.package:
            return False
    return True


def _write(
    workspace: Workspace,
    made: Iterable[tuple[Installed, tuple[EnvOp, ...]]],
    watched: Sequence[Watched],
    contents: Contents,
) -> None:
    bin_dir = workspace.environment.bin_dir
    plans = [
        ToolPlan(
            name,
            link_name(installed.package.reference),
            target,
            operations,
            _needed(workspace, installed, contents),
        )
        for installed, operations in made
        if not installed.package.triggers.get("exec")  # these run at every call, so pkgs itself is needed
        for name, target in tools(installed.package).items()
    ]
    write_plans(workspace.state.env(bin_dir), bin_dir, plans, watched)


def _needed(workspace: Workspace, installed: Installed, contents: Contents) -> tuple[Path, ...]:
    """Return what has to be there besides the tool: what it requires, and its runtime dependencies' tools."""
    required = with_requirements([installed.package], tuple(contents.packages.values()))[1:]
    linked = (
        link_farm(workspace, each.package) / name
        for each in installed.dependencies
        for name in list(tools(each.package))[:1]  # where one is, all are: a tree is whole or not there
    )
    return (*(Path(package.root) for package in required), *linked)


def _operations(workspace: Workspace, installed: Installed, contents: Contents) -> tuple[EnvOp, ...]:
    return call_operations(
        workspace.environment,
        installed.package,
        others=contents.packages.values(),
        dependencies=[
            Dependency(each.package, link_farm(workspace, each.package)) for each in installed.dependencies
        ],
        env=workspace.config.env,
    )
