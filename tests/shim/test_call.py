"""Calls of planned tools through ``bin/pkgs``, in real shells."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pkgs.envops import Set
from pkgs.shim.plan import ToolPlan
from pkgs.state import State
from tests.support.faults import FaultyCalls
from tests.support.shims import SHELLS, Shims, as_sh, is_fast

AWKWARD = (
    "plain",
    "two words",
    "it's",
    'dou"ble',
    "$HOME",
    "line\nbreak",
    os.fsdecode(b"caf\xe9"),
    "trailing\n",
    "-dash",
    "ünï",
    "*?[a]",
    "a\\b",
)
ARGUMENTS = ("", "two words", "it's", 'dou"ble', "$HOME `id`", "line\nbreak\n", "-n", "--", "ünï", "*", "\\n")


@pytest.fixture(params=SHELLS)
def shims(request: pytest.FixtureRequest, tmp_path: Path) -> Shims:
    """Return an environment for every shell."""
    return Shims.make(tmp_path, tmp_path / "project" / "bin", as_sh(request.param, tmp_path / "shells"))


def settle(shims: Shims) -> None:
    """Make the environment old, so that shells which compare whole seconds trust its plans."""
    for path in (shims.bin_dir, *shims.bin_dir.glob("pkgs.*")):
        os.utime(path, ns=(10**18, 10**18))


def installed(shims: Shims, name: str = "tool") -> ToolPlan:
    """Pin and plan a tool in an environment that has not changed lately."""
    tool = shims.pin(name)
    settle(shims)
    shims.plan([tool])
    return tool


# Not ksh93: it opens files in a way of its own, past the library that lets calls fail.
@pytest.mark.parametrize("shims", [name for name in SHELLS if name != "ksh93"], indirect=True)
def test_a_plan_that_is_removed_before_it_is_read_is_none(shims: Shims, tmp_path: Path) -> None:
    installed(shims)
    faults = FaultyCalls.compiled(tmp_path, shims.state.env(shims.bin_dir) / "call")
    ended = faults.run([shims.bin_dir / "tool"], shims.environ(), tmp_path, at=0, error=errno.ENOENT)

    assert ended.calls
    assert ended.out.split("\0")[:2] == ["pkgs", "exec"]


def test_arguments_reach_the_tool_as_they_are(shims: Shims) -> None:
    tool = installed(shims)

    assert shims.call(shims.bin_dir / "tool", *ARGUMENTS) == [str(tool.target), *ARGUMENTS]


def test_arguments_reach_pkgs_as_they_are(shims: Shims) -> None:
    shims.pin("tool")
    called = str(shims.bin_dir / "tool")

    assert shims.call(called, *ARGUMENTS) == ["pkgs", "exec", called, "--", *ARGUMENTS]


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("shell", SHELLS)
def test_a_directory_may_be_called_anything(tmp_path: Path, shell: str, name: str) -> None:
    shims = Shims.make(tmp_path, tmp_path / name / "bin", as_sh(shell, tmp_path / "shells"))
    tool = installed(shims)

    for path, cwd in (
        (str(shims.bin_dir / "tool"), tmp_path), (f"{name}/bin/tool", tmp_path), ("./tool", shims.bin_dir),
        ("../bin/tool", shims.bin_dir), (f"bin/../../{name}/bin/tool", tmp_path / name),
    ):  # fmt: skip
        assert is_fast(shims.call(path, cwd=cwd), tool), path


def test_cdpath_leads_nobody_astray(shims: Shims, tmp_path: Path) -> None:
    tool = installed(shims)
    (tmp_path / "elsewhere/project/bin").mkdir(parents=True)
    (tmp_path / "link").symlink_to("project/bin")
    environ = shims.environ(CDPATH=f"{tmp_path}/elsewhere:/")

    for path in ("project/bin/tool", "link/../bin/tool"):
        assert is_fast(shims.call(path, cwd=tmp_path, environ=environ), tool), path


def test_a_tool_is_found_on_path(shims: Shims) -> None:
    tool = installed(shims)

    for folder in (str(shims.bin_dir), "bin", "../project/bin", "."):
        cwd = shims.bin_dir if folder == "." else shims.bin_dir.parent
        path = f"{folder}:{os.defpath}"
        assert is_fast(shims.call("/usr/bin/env", "tool", cwd=cwd, environ=shims.environ(PATH=path)), tool)


def test_links_from_elsewhere_lead_to_the_tool_of_their_target(shims: Shims, tmp_path: Path) -> None:
    tool = installed(shims)
    scripts = tmp_path / "scripts"
    (scripts / "deep").mkdir(parents=True)
    (scripts / "one").symlink_to("../project/bin/tool")
    (scripts / "deep" / "two").symlink_to("../one")
    (scripts / "three").symlink_to(scripts / "deep" / "two")
    (scripts / "tool").symlink_to(f"../project/bin/{tool.pin}")
    (shims.bin_dir / "alias").symlink_to("tool")
    settle(shims)

    for link in ("scripts/one", "scripts/deep/two", "scripts/three", "scripts/tool", "project/bin/alias"):
        assert is_fast(shims.call(tmp_path / link), tool), link


def test_a_link_from_elsewhere_to_a_tool_without_plan_names_the_tool(shims: Shims, tmp_path: Path) -> None:
    shims.pin("tool")
    link = tmp_path / "two words"
    link.symlink_to("project/bin/tool")

    assert shims.call(link, "x") == ["pkgs", "exec", str(shims.bin_dir / "tool"), "--", "x"]


def test_parent_directories_are_the_kernels_where_a_link_leads_elsewhere(
    shims: Shims, tmp_path: Path
) -> None:
    tool = installed(shims)
    inner = shims.bin_dir.parent / "inner"
    inner.mkdir()
    (tmp_path / "short").symlink_to(inner)
    (tmp_path / "bin").mkdir()
    environ = shims.environ(PWD=str(tmp_path / "short"))

    assert is_fast(shims.call("../bin/tool", cwd=tmp_path / "short", environ=environ), tool)
    assert is_fast(shims.call(f"{tmp_path}/short/../bin/tool"), tool)


def test_two_environments_with_the_same_textual_path_are_not_confused(shims: Shims, tmp_path: Path) -> None:
    tool = installed(shims)
    other = Shims(Shims.make(tmp_path / "other", tmp_path / "bin").bin_dir, shims.state, shims.pkgs)
    (tmp_path / "link").symlink_to(shims.bin_dir)
    decoy = other.pin("tool", "tool-2.0")
    settle(other)
    other.plan([decoy])

    assert is_fast(other.call(other.bin_dir / "tool"), decoy)
    assert is_fast(shims.call(f"{tmp_path}/link/../bin/tool"), tool)


def test_a_spelling_through_a_link_has_plans_of_its_own(shims: Shims, tmp_path: Path) -> None:
    tool = installed(shims)
    spelled = tmp_path / "link"
    spelled.symlink_to("project")

    assert shims.call(spelled / "bin" / "tool") == ["pkgs", "exec", str(spelled / "bin" / "tool"), "--"]
    shims.plan([tool], bin_dir=spelled / "bin")
    assert is_fast(shims.call(spelled / "bin" / "tool"), tool)


def test_the_exit_status_is_the_tools(shims: Shims) -> None:
    installed(shims)

    shims.call(shims.bin_dir / "tool", environ=shims.environ(STATUS="77"), status=77)
    shims.call(shims.bin_dir / "tool", environ=shims.environ(SHOW="kill -TERM $$"), status=-signal.SIGTERM)


def test_stdin_is_the_tools(shims: Shims) -> None:
    installed(shims)
    environ = shims.environ(SHOW="cat")

    done = subprocess.run(
        [shims.bin_dir / "tool"], env=environ, input=b"first\nlast", capture_output=True, check=True
    )
    assert done.stdout.endswith(b"\0first\nlast")


def test_closed_standard_streams_do_no_harm(shims: Shims) -> None:
    tool = installed(shims)
    closing = 'exec "$0" 0<&- 2>&-'

    assert is_fast(shims.call("/bin/sh", "-c", closing, str(shims.bin_dir / "tool")), tool)
    assert shims.call("/bin/sh", "-c", closing, str(shims.bin_dir / "pkgs"), environ=shims.environ()) == [
        "pkgs"
    ]


def test_an_empty_environment_is_enough(shims: Shims, tmp_path: Path) -> None:
    tool = shims.pin("tool")
    settle(shims)
    shims.plan([tool])
    cache = tmp_path / "home" / ".cache"
    cache.mkdir(parents=True)
    shims.state.root.rename(cache / "pkgs")
    moved = Shims(shims.bin_dir, State(cache / "pkgs"), shims.pkgs)
    tool = ToolPlan(tool.name, tool.pin, moved.state.trees / tool.target.relative_to(shims.state.trees), ())
    moved.plan([tool])

    called = [str(shims.bin_dir / "tool")]
    assert is_fast(moved.call(*called, environ={"HOME": str(tmp_path / "home")}), tool)
    assert is_fast(moved.call(*called, environ={"XDG_CACHE_HOME": str(cache)}), tool)
    assert is_fast(moved.call(*called, environ={"PKGS_STATE_DIR": "pkgs"}, cwd=cache), tool)
    ignored = {"XDG_CACHE_HOME": "relative", "PKGS_STATE_DIR": "", "HOME": str(tmp_path / "home")}
    assert is_fast(moved.call(*called, environ=ignored), tool)


def test_variables_of_the_users_shell_do_not_disturb(shims: Shims) -> None:
    tool = installed(shims)
    environ = shims.environ(
        SHELLOPTS="nounset:errexit:noglob", IFS="/", CDPATH="/", ENV="/nowhere", name="x", d="y",
        SHOW='printf "%s\\0" "$name" "$d" "${_pkgs_name-unset}"',
    )  # fmt: skip

    assert shims.call(shims.bin_dir / "tool", environ=environ) == [str(tool.target), "x", "y", "unset"]


def test_a_tool_may_call_itself_and_others_through_path(shims: Shims) -> None:
    outer = shims.pin("outer", script='#!/bin/sh\nprintf "%s\\0" "$0" "$1"; [ "$1" = 0 ] || outer 0; inner\n')
    inner = shims.pin("inner")
    settle(shims)
    shims.plan([outer, inner])
    environ = shims.environ(PATH=f"{shims.bin_dir}:{os.defpath}")

    printed = shims.call(shims.bin_dir / "outer", "1", environ=environ)
    assert printed == [str(outer.target), "1", str(outer.target), "0", str(inner.target), str(inner.target)]


def test_a_deleted_working_directory_does_no_harm(shims: Shims, tmp_path: Path) -> None:
    tool = installed(shims)
    script = f'mkdir gone && cd gone && rmdir ../gone && "$0"; cd {tmp_path}'

    done = subprocess.run(
        ["/bin/sh", "-c", script, str(shims.bin_dir / "tool")],
        cwd=tmp_path,
        env=shims.environ(),
        capture_output=True,
        check=True,
    )
    assert is_fast(done.stdout.decode().split("\0")[:-1], tool)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_neither_the_directories_nor_the_state_need_be_writable(shims: Shims, tmp_path: Path) -> None:
    tool = installed(shims)
    for path in (tmp_path, *tmp_path.parents[:3]):
        path.chmod(0o755)
    for path in shims.state.root.rglob("*"):
        path.chmod(path.stat().st_mode | 0o444 | (0o111 if path.is_dir() else 0))
    unreadable = tmp_path / "unreadable"
    unreadable.mkdir(mode=0o711)

    for called in (str(shims.bin_dir / "tool"), "../project/bin/tool"):
        assert is_fast(shims.call(called, cwd=unreadable, user=65534), tool)


def test_called_as_pkgs_it_is_pkgs_of_that_environment(shims: Shims, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("project/bin/pkgs")
    environ = shims.environ(SHOW='printf "%s\\0" "$PKGS_BIN" "$PKGS_ENV"')

    for path in (shims.bin_dir / "pkgs", tmp_path / "link"):
        printed = shims.call(path, "install", "a b", environ=environ)
        assert printed == ["pkgs", "install", "a b", str(shims.bin_dir), str(shims.bin_dir.parent)]


STRACE = shutil.which("strace")


@pytest.mark.skipif(not STRACE, reason="strace is not installed")
@pytest.mark.parametrize("path", ["{bin}/tool", "bin/tool", "../project/bin/tool"])
def test_a_planned_call_starts_no_process(tmp_path: Path, path: str) -> None:
    shims = Shims.make(tmp_path, tmp_path / "project" / "bin")
    tool = shims.install("tool", [Set("A", "b")], script="#!/bin/true\n")
    trace = tmp_path / "trace"

    command = [
        str(STRACE),
        "-f",
        "-qq",
        "-e",
        "trace=process",
        "-o",
        str(trace),
        path.format(bin=shims.bin_dir),
    ]
    shims.call(*command, cwd=shims.bin_dir.parent)

    calls = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines()]
    started = [call for call in calls if call.startswith(("execve", "clone", "fork", "vfork"))]
    assert len(started) == 2
    assert f'execve("{tool.target}"' in started[1]


@pytest.mark.skipif(sys.platform == "darwin", reason="the same file may be called by its id there")
def test_a_home_that_is_not_told_is_looked_up(shims: Shims, tmp_path: Path) -> None:
    environ = {"PATH": os.defpath, "PKGS_EXE": str(shims.pkgs)}

    assert shims.call(shims.bin_dir / "pkgs", "version", environ=environ) == ["pkgs", "version"]
