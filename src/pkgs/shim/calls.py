"""Calls of tools: what a plan is made from, and the call itself where there is no plan yet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pkgs.environment.expose import tools
from pkgs.environment.operations import Dependency, call_operations
from pkgs.environment.pins import link_name
from pkgs.environment.root import is_bin_dir
from pkgs.environment.transform import apply
from pkgs.envops import EnvOp
from pkgs.errors import EnvError, PkgsError
from pkgs.install.farm import link_farm
from pkgs.install.install import make_present
from pkgs.install.materialise import Installed, Located, locate
from pkgs.install.needed import with_requirements
from pkgs.install.triggers import tell_trigger
from pkgs.install.workspace import Workspace
from pkgs.references import Reference
from pkgs.shim.look import Look, look
from pkgs.shim.plan import ToolPlan, write_plans


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
            hint = "see whether it is built for this machine"
            if isinstance(error, PermissionError):
                hint = "see whether it may be executed (pkgs verify), and whether its disk is mounted noexec"
            raise EnvError(f"cannot run {self.target}: {error.strerror}", hint) from error


def prepare(workspace: Workspace, reference: Reference, tool: str, environ: Mapping[str, str]) -> Call:
    """Make ``reference`` present, write the plans of its tools, and return the call of ``tool``."""
    installed = make_present(workspace, reference)
    tell_trigger(workspace, [installed.package], "exec")
    seen = look(workspace)
    operations = _operations(seen, installed)
    found = tools(installed.package)
    if tool not in found:
        raise EnvError(f"{reference} has no tool {tool!r}; it has: {', '.join(found)}", "run: pkgs install")
    if _stands(seen, installed):
        _write(seen, _plans(seen, installed, operations))
    return Call(found[tool], apply(environ, operations).on(environ))


def write_call_plans(seen: Look, installed: Iterable[Installed]) -> None:
    """Write the plans of everything ``installed``, so that even the first call of a tool is fast.

    What another process has removed since gets none.
    """
    plans: list[ToolPlan] = []
    for each in installed:
        with suppress(PkgsError):
            if _stands(seen, each):
                plans += _plans(seen, each, _operations(seen, each))
    _write(seen, plans)


def _stands(seen: Look, installed: Installed) -> bool:
    """Tell whether a package is still what it was resolved to, now that the times of all files are noted."""
    for each in (installed, *installed.dependencies):
        located = seen.contents.located.get(each.package.reference) or _dependency(seen, each)
        if located is None or located.key != each.tree.key or located.package != each.package:
            return False
    return True


def _dependency(seen: Look, installed: Installed) -> Located | None:
    """Return where a package is that is not pinned itself."""
    try:
        return locate(seen.workspace, installed.package.reference, seen.contents.lock)
    except PkgsError:
        return None


def _plans(seen: Look, installed: Installed, operations: tuple[EnvOp, ...]) -> list[ToolPlan]:
    """Return the plans of a package's tools; none if triggers run at every call, which pkgs itself does."""
    if installed.package.triggers.get("exec"):
        return []
    pin, needed = link_name(installed.package.reference), _needed(seen, installed)
    found = tools(installed.package).items()
    return [ToolPlan(name, pin, target, operations, needed) for name, target in found]


def _write(seen: Look, plans: Iterable[ToolPlan]) -> None:
    bin_dir = seen.workspace.environment.bin_dir
    write_plans(seen.workspace.state.env(bin_dir), bin_dir, plans, seen.watched)


def _needed(seen: Look, installed: Installed) -> tuple[Path, ...]:
    """Return what has to be there besides the tool: what it requires, and its runtime dependencies' tools."""
    required = with_requirements([installed.package], tuple(seen.contents.packages.values()))[1:]
    linked = (
        link_farm(seen.workspace, each.package) / name
        for each in installed.dependencies
        for name in list(tools(each.package))[:1]  # where one is, all are: a tree is whole or not there
    )
    return (*(Path(package.root) for package in required), *linked)


def _operations(seen: Look, installed: Installed) -> tuple[EnvOp, ...]:
    workspace, own = seen.workspace, Path(installed.package.root) / "bin"
    return call_operations(
        workspace.environment,
        installed.package,
        others=seen.contents.packages.values(),
        dependencies=[
            Dependency(each.package, link_farm(workspace, each.package)) for each in installed.dependencies
        ],
        env=workspace.config.env,
        own=own if is_bin_dir(own) else None,
    )
