"""Plans: what a call of an installed tool does, worked out beforehand as a few lines for the shell.

A plan tests that nothing it was made from has changed, makes the environment and becomes the tool. The
wrapper ``bin/pkgs`` reads it in place; when a test fails the plan does nothing and pkgs itself takes over.
Plans only make calls fast: without them, calls work the same.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pkgs.envops import EnvOp
from pkgs.errors import EnvError
from pkgs.shim import stamps
from pkgs.shim.operations import compile_operations
from pkgs.shim.shells import quote
from pkgs.shim.stamps import Watched

_CALLS = "call"
_STAMPS = "stamps"
_WRAPPER = "pkgs"


@dataclass(frozen=True, slots=True)
class ToolPlan:
    """One tool: its name in the environment, the link that pins it, the file to run and its environment.

    ``pin`` is the link's name, ``.REF.pkg``; ``operations`` are in the order in which they apply. The plan
    stands only while every path in ``needed`` is there.
    """

    name: str
    pin: str
    target: Path
    operations: tuple[EnvOp, ...]
    needed: tuple[Path, ...] = ()


def write_plans(
    env_state: Path, bin_dir: Path, tools: Iterable[ToolPlan], watched: Iterable[Watched]
) -> bool:
    """Write plans of ``tools`` that hold as long as the ``watched`` files do; other tools' plans stay.

    ``env_state`` is ``State.env(bin_dir)``. ``watched`` comes from :func:`pkgs.shim.stamps.observe`, called
    before anything was read that the plans are made from; it must include ``bin_dir`` itself, so that
    a changed pin is seen. Returns False if that is of no use: the state directory cannot be written or
    cannot hold exact times. A tool whose variables a shell cannot set gets no plan.
    """
    watched = tuple(watched)
    if bin_dir.absolute() not in {each.path for each in watched}:
        raise ValueError(f"the plans of {bin_dir} must watch it")
    texts = dict(_plans(env_state, bin_dir.absolute(), tools, watched))
    try:
        exact = stamps.share_stamps(env_state / _STAMPS, watched)
        (env_state / _CALLS).mkdir(exist_ok=True)
        return exact and all(_write(env_state, tool, text) for tool, text in texts.items())
    except OSError:
        return False


def drop_plans(env_state: Path) -> None:
    """Remove all plans of an environment, so that the next call of each tool asks pkgs itself."""
    shutil.rmtree(env_state / _CALLS, ignore_errors=True)


def _write(env_state: Path, tool: ToolPlan, text: str) -> bool:
    content = text.encode(errors="surrogateescape")
    return stamps.write_with_time(_path(env_state, tool), content, tool.target.stat().st_mtime_ns)


def _path(env_state: Path, tool: ToolPlan) -> Path:
    return env_state / _CALLS / tool.name


def _plans(
    env_state: Path, bin_dir: Path, tools: Iterable[ToolPlan], watched: tuple[Watched, ...]
) -> Iterator[tuple[ToolPlan, str]]:
    common = [f"_pkgs_stamps={quote(str(env_state / _STAMPS))}"]
    common += [f"{test} || return 0" for test in stamps.conditions(watched, '"$_pkgs_stamps"')]
    head = "\n".join(common)
    for tool in tools:
        if tool.name != _WRAPPER and (statements := _statements(tool)):
            yield tool, "\n".join([head, *_own_tests(env_state, bin_dir, tool), *statements, ""])


def _statements(tool: ToolPlan) -> list[str]:
    try:
        return [*compile_operations(tool.operations), f'exec {quote(str(tool.target))} "$@"']
    except EnvError:
        return []


def _own_tests(env_state: Path, bin_dir: Path, tool: ToolPlan) -> list[str]:
    """Return tests that the pin is there, and that the target is the file that it was."""
    pin, plan, target = (
        quote(str(path)) for path in (bin_dir / tool.pin, _path(env_state, tool), tool.target)
    )
    tests = (f"-h {pin}", f"-f {target}", f"-x {target}", f"! {target} -nt {plan}", f"! {target} -ot {plan}")
    needed = (f"-e {quote(str(path))}" for path in tool.needed)
    return [f"[ {test} ] || return 0" for test in (*tests, *needed)]
