"""The boundary: flags of every command, what is said where, and how a process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from pkgs.cli.bugs import write_report
from pkgs.cli.main import COMMANDS
from pkgs.digests import digest_bytes
from tests.support.checkout import ROOT
from tests.support.project import Project
from tests.support.server import Reply, serving

ZEROS = "0" * 64


@pytest.fixture
def hello(project: Project) -> Project:
    """Return a project with the tool hello, which prints its variables A and B, pinned and installed."""
    project.tool("hello", "1.0.0", script='echo "NAME A=$A B=$B" "$@"')
    project.pkgs("install", "hello", check=True)
    return project


def python(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_teaches(command: str) -> None:
    code = "import sys; from pkgs.cli.main import main; sys.exit(main([sys.argv[1], '--help']))"

    done = python(code, command)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: pkgs {command}")
    assert "--lock-timeout" not in done.stdout
    taught = done.stdout.partition("\n\n")[2]
    assert max(map(len, taught.splitlines())) <= 110
    assert command in taught.partition("--help")[2], "there is no example"


def test_help_lists_every_command_and_the_flags_of_all(project: Project) -> None:
    for words in ([], ["--help"], ["-h"]):
        done = project.pkgs(*words)
        assert done.status == 0
        assert [name for name in COMMANDS if f"\n  {name} " not in done.out] == []
        assert "--lock-timeout" in done.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["lst"], "there is no command 'lst'\nhint: did you mean: pkgs list"),
        (["list", "--jsn"], "unrecognized arguments: --jsn\nhint: see: pkgs list --help"),
        (["list", "--js"], "unrecognized arguments: --js\n"),
        (["--level", "loud", "list"], "argument --level: invalid choice: 'loud'"),
        (["uninstall"], "the following arguments are required: PACKAGE\n"),
        (["env", "--env", "1=2"], "--env takes NAME=VALUE, not '1=2'\n"),
        (["gc", "--lock-timeout", "soon"], "--lock-timeout: invalid duration"),
    ],
)
def test_a_wrong_command_line_is_two_on_standard_error(project: Project, words: list[str], says: str) -> None:
    done = project.pkgs(*words)

    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"pkgs: error: {says}")


def test_an_unknown_level_in_the_environment_is_named(project: Project) -> None:
    done = project.pkgs("install", PKGS_LOG="loud")

    assert (done.status, "PKGS_LOG is 'loud', which is no level" in done.err) == (2, True)


def test_flags_stand_before_and_after_the_command_and_between_arguments(hello: Project) -> None:
    hello.tool("bye", "1.0.0")

    done = hello.pkgs("-q", "install", "hello", "--level=debug", "bye", "--json")

    assert (done.status, done.err) == (0, "")
    assert '"reference": "bye-1.0.0"' in done.out


@pytest.mark.parametrize(
    ("words", "environ", "lowest"),
    [
        ([], {}, "info"),
        (["--quiet"], {}, ""),
        ([], {"PKGS_QUIET": "1"}, ""),
        ([], {"PKGS_QUIET": "0"}, "info"),
        (["--level", "warn"], {}, "warning"),
        (["--level", "info"], {"PKGS_QUIET": "true"}, "info"),
        ([], {"PKGS_LOG": "error"}, ""),
        (["-d"], {}, "debug"),
        (["-q", "-d"], {"PKGS_LOG": "fatal"}, "debug"),
        ([], {"PKGS_LOG": "DEBUG"}, "debug"),
    ],
)
def test_levels(project: Project, words: list[str], environ: dict[str, str], lowest: str) -> None:
    project.tool("hello", "1.0.0")
    archive = project.root / "dist" / "hello-1.0.0.tar.gz"
    project.remote("hello", archive.as_uri())

    done = project.pkgs(*words, "install", "hello", **environ)  # type: ignore[arg-type]

    assert done.status == 0
    assert [("debug: " in done.err), ("pkgs: pinned" in done.err), ("warning: " in done.err)] == [
        lowest == "debug",
        lowest in ("debug", "info"),
        lowest in ("debug", "info", "warning"),
    ]


def test_debug_tells_what_is_fetched_but_no_secret(project: Project) -> None:
    with serving() as server:
        url = server.add("/tool.tar.gz", Reply(b"x", status=404))
        project.remote("tool", url.replace("http://", "http://user:secret@"), ZEROS)

        done = project.pkgs("-d", "install", "tool")

    assert done.status == 1
    assert f"debug: fetching {url} for " in done.err
    assert "secret" not in done.err


def test_variables_for_one_call(hello: Project) -> None:
    done = hello.pkgs("--env", "A=1;B=two words", "exec", "hello", "--", "-q", "--env", "x")

    assert done.out == "hello A=1 B=two words -q --env x\n"
    assert hello.call("hello").out == "hello A= B=\n"


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which signals are ignored")
def test_a_tool_finds_its_signals_as_they_were_also_at_the_first_call(project: Project) -> None:
    project.tool("signals", "1.0.0", script="grep SigIgn /proc/self/status")
    (project.bin / ".signals-1.0.0.pkg").symlink_to("pkgs")
    (project.bin / "signals").symlink_to(".signals-1.0.0.pkg")

    first, second = project.call("signals"), project.call("signals")

    assert first.out == second.out == project.run(["grep", "SigIgn", "/proc/self/status"]).out


def test_no_traceback_when_the_reader_goes_away(hello: Project) -> None:
    for words in ("list --json", "--help"):
        done = hello.run(["bash", "-c", f'set -o pipefail; "{hello.exe}" {words} | true'])
        assert done.status in (0, 128 + signal.SIGPIPE)
        assert done.err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_output_that_cannot_be_written_is_an_error(hello: Project) -> None:
    done = hello.run(["sh", "-c", f'"{hello.exe}" list >/dev/full'])

    assert (done.status, done.err) == (
        1,
        "pkgs: error: the output cannot be written: No space left on device\n",
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_errors_that_nobody_can_read_keep_their_status(hello: Project) -> None:
    assert hello.run(["sh", "-c", f'"{hello.exe}" lst 2>/dev/full']).status == 2
    assert hello.run(["sh", "-c", f'"{hello.exe}" lst >/dev/full 2>/dev/full']).status == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("talk", ["2>/dev/full", "2>&1 >/dev/null | true"])
def test_work_is_done_whether_its_talk_can_be_written_or_not(hello: Project, talk: str) -> None:
    hello.tool("bye", "1.0.0")

    done = hello.run(["bash", "-c", f'set -o pipefail; "{hello.exe}" install bye {talk}'])

    assert (done.status, done.err) == (0, "")
    assert hello.call("bye").out == "bye 1.0.0\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_no_harm(hello: Project, closed: str) -> None:
    done = hello.run(["sh", "-c", f'"{hello.exe}" list {closed}'])

    assert (done.status, done.err) == (0, "")


def test_a_bug_leaves_a_report(tmp_path: Path) -> None:
    code = "import sys, pkgs.cli.version as v\nv.run = lambda *_: 1 / 0\nfrom pkgs.cli.main import main\n"

    done = python(f"{code}sys.exit(main(['version', '--json']))")

    assert (done.returncode, done.stdout) == (3, "")
    error, hint = done.stderr.splitlines()
    assert error == "pkgs: error: this is a bug in pkgs: ZeroDivisionError('division by zero')"
    report = Path(hint.removeprefix("hint: a report is in "))
    assert "command: pkgs version --json" in report.read_text()
    assert "ZeroDivisionError" in report.read_text()
    report.unlink()


WITHOUT_SPACE = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"


def test_a_bug_is_told_whole_where_no_report_can_be_written() -> None:
    code = "import sys, pkgs.cli.version as v\nv.run = lambda *_: 1 / 0\nfrom pkgs.cli.main import main\n"

    done = python(f"{code}{WITHOUT_SPACE}sys.exit(main(['version', '--json']))")

    error, hint, *told = done.stderr.splitlines()
    assert (done.returncode, error.startswith("pkgs: error: this is a bug in pkgs: ZeroDiv")) == (3, True)
    assert hint.startswith("hint: no report can be written (")
    assert (told[0], told[-1]) == (
        "Traceback (most recent call last):",
        "ZeroDivisionError: division by zero",
    )


def test_a_full_temporary_directory_is_named() -> None:
    code = "import sys, tempfile, pkgs.cli.version as v\nv.run = lambda *_: tempfile.mkdtemp()\n"

    done = python(f"{code}from pkgs.cli.main import main\n{WITHOUT_SPACE}sys.exit(main(['version']))")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("pkgs: error: No usable temporary directory found in [")
    assert "\nhint: set TMPDIR to a directory " in done.stderr


@pytest.mark.parametrize("words", [["init"], ["init", "x"], ["migrate"], ["migrate", "--beside", "x"]])
@pytest.mark.parametrize("pwd", [".", None])
def test_nothing_is_made_where_the_working_directory_was_removed(
    tmp_path: Path, words: list[str], pwd: str | None
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = f"import os, sys\nos.environ.pop('PWD', 0)\npwd = {pwd!r}\nif pwd: os.environ['PWD'] = pwd\n"
    code += f"os.chdir({str(gone)!r})\nos.rmdir({str(gone)!r})\n"

    done = python(f"{code}from pkgs.cli.main import main\nsys.exit(main({words!r}))")

    assert (done.returncode, done.stderr) == (
        1,
        "pkgs: error: the working directory has been removed\nhint: change to one that is there\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_ends_at_once_and_changes_nothing(project: Project) -> None:
    with serving() as server:
        for name in ("one", "two"):
            body = name.encode() * 50_000
            url = server.add(f"/{name}.tar.gz", Reply(body, stall_after=1000))
            project.remote(name, url, digest_bytes(body).hex)
        before = project.snapshot()
        process = subprocess.Popen(
            [project.exe, "install", "one", "two"],
            cwd=project.root,
            env=project.environ(PKGS_HTTP_TIMEOUT="5m"),  # not what ends it
            stderr=subprocess.PIPE,
            text=True,
        )
        _wait_until_asked(server, 2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Traceback" not in said
    assert project.snapshot() == before


def test_an_interrupt_while_pkgs_starts_leaves_no_traceback() -> None:
    main = ROOT / "src" / "pkgs" / "__main__.py"
    code = f"""
import runpy, signal, sys
class Interrupted:
    def find_spec(self, name, *_):
        if name == "pkgs.cli.flags":
            signal.raise_signal(signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupted())
runpy.run_path({str(main)!r}, run_name="__main__")
"""

    done = python(code)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_interrupt_while_an_object_goes_leaves_no_traceback() -> None:
    code = """
import signal, sys
import pkgs.cli.version as version
from pkgs.cli.main import main
class Going:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
def run(*_):
    Going()
    return 0
signal.signal(signal.SIGINT, signal.default_int_handler)
version.run = run
sys.exit(main(["version"]))
"""

    done = python(code)

    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 130)


def test_an_interrupt_while_a_class_is_made_is_no_bug() -> None:
    code = """
import signal, sys
import pkgs.cli.version as version
from pkgs.cli.main import main
class Field:
    def __set_name__(self, *_):
        signal.raise_signal(signal.SIGINT)
def run(*_):
    type("Made", (), {"field": Field()})
signal.signal(signal.SIGINT, signal.default_int_handler)
version.run = run
sys.exit(main(["version"]))
"""

    done = python(code)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def _wait_until_asked(server: object, times: int) -> None:
    deadline = time.monotonic() + 50
    while len(server.requests) < times:  # type: ignore[attr-defined]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_waiting_for_another_process_can_be_given_up(project: Project) -> None:
    from pkgs.store.locks import Locks

    with Locks(project.state / "locks").hold("gc", what="a test", waiting=lambda _: None):
        done = project.pkgs("gc", "--lock-timeout", "100ms")
        again = project.pkgs("gc", PKGS_LOCK_TIMEOUT="100ms")

    assert (done.status, again.status) == (1, 1)
    assert "pkgs: error: gave up waiting for collecting garbage: process " in done.err
    assert project.pkgs("gc").status == 0


def test_short_commands_load_little() -> None:
    code = "import sys; from pkgs.cli.main import main; main(['version']); print(*sorted(sys.modules))"

    loaded = python(code).stdout.split()

    slow = {"tempfile", "difflib", "subprocess", "json", "pydantic", "rich", "httpx", "hcl2", "platformdirs"}
    assert slow & set(loaded) == set()


def test_nothing_is_asked_and_missing_platforms_are_warned_of(project: Project) -> None:
    project.tool("hello", "1.0.0")
    path = project.root / "manifests" / "hello.hcl"
    path.write_text(
        path.read_text().replace("source = ", "linux { source = ", 1).replace('.gz"\n', '.gz" }\n', 1)
    )

    done = project.pkgs("install", "hello", stdin="n\n")

    assert (done.status, project.call("hello").out) == (0, "hello 1.0.0\n")
    assert "warning: hello-1.0.0 is not to be had for darwin-amd64, darwin-arm64\n" in done.err
    assert "not to be had" not in project.pkgs("install", "hello").err


def test_trace_tells_of_every_operation(hello: Project) -> None:
    assert "trace: operations: [(Prepend(name='PATH'" in hello.pkgs("env", "-t").err


def test_what_is_to_be_first_on_path_is_first_at_every_call(project: Project) -> None:
    project.tool("path", "1.0.0", script='echo "$PATH"')
    (project.bin / ".path-1.0.0.pkg").symlink_to("pkgs")
    (project.bin / "path").symlink_to(".path-1.0.0.pkg")

    calls = [project.call("path", PKGS_PREPEND_PATH="/one:/two").out for _ in range(2)]

    assert calls[0] == calls[1]
    assert calls[0].startswith(f"/one:/two:{project.bin}:")


def test_help_for_a_command_can_be_asked_for_both_ways(project: Project) -> None:
    assert project.pkgs("help", "lock").out == project.pkgs("lock", "--help").out
    assert project.pkgs("help").out == project.pkgs("--help").out


def test_a_bug_is_reported_whatever_its_message_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    try:
        raise ValueError("caf\udce9")
    except ValueError:
        report = write_report(["install", "caf\udce9"])

    assert "caf\\udce9" in Path(report).read_text(encoding="utf-8")
