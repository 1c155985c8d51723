"""How the wrapper sets pkgs itself up, and what it says when it cannot."""

from __future__ import annotations

import errno
import fcntl
import inspect
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pkgs.environment.program import Program, program_id
from pkgs.shim.files import bootstrap
from pkgs.shim.scaffold import scripts
from pkgs.shim.wrapper import wrapper_text
from tests.support.meanwhile import before
from tests.support.programs import SmallProgram, write_lock
from tests.support.server import Reply, serving
from tests.support.shims import SHELLS, Shims, as_sh

PYTHON = Path(sys.executable).resolve()
INSTALLED = ["program", "small"]
TIMEOUT = 60


class Bench:
    """An environment that is pinned to the small program."""

    def __init__(self, root: Path, shell: str = "sh") -> None:
        shell_file = as_sh(shell, root / "shells")
        self.shims = Shims.make(root, root / "my project" / "bin", shell_file)
        self.small = SmallProgram.make(root / "wheels")
        self.path = root / "path"
        self.path.mkdir()
        (self.path / "python3").symlink_to(PYTHON)

    @property
    def environ(self) -> dict[str, str]:
        given = self.shims.environ(PATH=f"{self.path}:/usr/bin:/bin", **self.small.environ)
        del given["PKGS_EXE"]
        return given

    def place(self, program: Program) -> Path:
        return self.shims.state.programs / program.id

    def run(self, *arguments: str, name: str = "pkgs", **more: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self.shims.bin_dir / name, *arguments], env={**self.environ, **more}, capture_output=True,
            timeout=60, check=False,
        )  # fmt: skip

    def succeed(self, *arguments: str, name: str = "pkgs", **more: str) -> tuple[list[str], str]:
        done = self.run(*arguments, name=name, **more)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().split("\0")[:-1], done.stderr.decode()

    def fail(self, *arguments: str, **more: str) -> str:
        done = self.run(*arguments, **more)
        message = done.stderr.decode()
        assert (done.returncode, done.stdout) == (1, b""), message
        assert "pkgs: error: " in message
        assert "\nhint: " in message
        assert "Traceback" not in message
        assert list(self.shims.state.programs.glob("*")) == []
        return message


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return an environment in the system's own shell."""
    return Bench(tmp_path, "dash")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_first_call_sets_up_and_the_next_is_silent(tmp_path: Path, shell: str) -> None:
    bench = Bench(tmp_path, shell)
    program = bench.small.by_path(bench.shims.bin_dir)
    write_lock(bench.shims.bin_dir, program)

    printed, said = bench.succeed("list", "a b")
    assert printed == [*INSTALLED, "list", "a b"]
    assert said == f"pkgs: setting up pkgs 1.0 in {bench.place(program)}\n"
    assert bench.succeed("version") == ([*INSTALLED, "version"], "")


def test_a_missed_tool_is_handed_to_the_program(bench: Bench) -> None:
    write_lock(bench.shims.bin_dir, bench.small.by_path(bench.shims.bin_dir))
    bench.shims.pin("tool")

    printed, _ = bench.succeed("-x", name="tool")
    assert printed == [*INSTALLED, "exec", str(bench.shims.bin_dir / "tool"), "--", "-x"]


@pytest.mark.parametrize("name", ["pkgs", "tool"])
def test_a_lock_that_is_replaced_before_it_is_read_again_counts(bench: Bench, name: str) -> None:
    newer = bench.small.by_path(bench.shims.bin_dir)
    lock = write_lock(bench.shims.bin_dir, newer)
    lock.rename(lock.with_name("newer"))
    write_lock(bench.shims.bin_dir, bench.small.by_wheel())
    python = bench.path / "python3"
    python.unlink()
    python.write_text(f'#!/bin/sh\ncp "{lock.with_name("newer")}" "{lock}"\nexec "{PYTHON}" "$@"\n')
    python.chmod(0o755)
    bench.shims.pin("tool")

    printed, _ = bench.succeed("-x", name=name)
    words = ["-x"] if name == "pkgs" else ["exec", str(bench.shims.bin_dir / "tool"), "--", "-x"]
    assert printed == [*INSTALLED, *words]


def test_the_wheel_comes_from_the_store(bench: Bench) -> None:
    bench.small.store(bench.shims.state)
    write_lock(bench.shims.bin_dir, bench.small.by_wheel())

    assert bench.succeed("version")[0] == [*INSTALLED, "version"]


def test_the_wheel_comes_from_its_url_where_the_store_has_it_not_or_not_whole(bench: Bench) -> None:
    bench.small.store(bench.shims.state).write_bytes(b"cut off")
    write_lock(bench.shims.bin_dir, bench.small.by_wheel(url=bench.small.wheel.as_uri()))

    assert bench.succeed("version")[0] == [*INSTALLED, "version"]


def test_a_wheel_that_is_nowhere_is_told(bench: Bench) -> None:
    program = bench.small.by_wheel()
    write_lock(bench.shims.bin_dir, program)

    assert program.sha256 in bench.fail("version")


def test_another_wheel_at_the_url_is_refused(bench: Bench) -> None:
    other = bench.small.library
    write_lock(bench.shims.bin_dir, bench.small.by_wheel(url=other.as_uri()))

    message = bench.fail("version")
    assert other.as_uri() in message
    assert bench.small.by_wheel().sha256 in message


def test_an_unreachable_url_is_told(bench: Bench) -> None:
    write_lock(bench.shims.bin_dir, bench.small.by_wheel(url="file:///nowhere/pkgs.whl"))

    assert "file:///nowhere/pkgs.whl cannot be fetched" in bench.fail("version")


def test_a_wheel_that_is_cut_off_is_no_other_wheel(bench: Bench) -> None:
    data = bench.small.wheel.read_bytes()
    with serving() as server:
        url = server.add("/pkgs.whl", Reply(data, truncate_after=100))
        write_lock(bench.shims.bin_dir, bench.small.by_wheel(url=url))

        assert f"{url} cannot be fetched: only 100 bytes of it came" in bench.fail("version")


@pytest.mark.parametrize("path", ["/a b.whl", "/pkgs\x7f.whl"])
def test_a_url_that_cannot_be_asked_for_is_told(bench: Bench, path: str) -> None:
    write_lock(bench.shims.bin_dir, bench.small.by_wheel(url=f"http://127.0.0.1:9{path}"))

    assert "cannot be fetched: URL can't contain control characters" in bench.fail("version")


def test_a_library_with_another_digest_is_refused(bench: Bench) -> None:
    wrong = Program("1.0", (f"smalllib==1.0 --hash=sha256:{'0' * 64}",), path="../src/pkgs")
    write_lock(bench.shims.bin_dir, wrong)

    assert "libraries of pkgs cannot be installed" in bench.fail("version")


def test_a_lock_whose_id_does_not_fit_is_refused(bench: Bench) -> None:
    lock = write_lock(bench.shims.bin_dir, bench.small.by_wheel())
    lock.write_text(lock.read_text().replace("smalllib==1.0", "smalllib==1.1"))

    assert "but what it lists there is" in bench.fail("version")


@pytest.mark.parametrize("text", ["", "version = 1\n", '[pkgs]\nid = "../../x"\n', '[package]\nid = "abc"\n'])
def test_a_lock_that_names_no_pkgs_is_told(bench: Bench, text: str) -> None:
    (bench.shims.bin_dir / "pkgs.lock").write_text(text)

    assert "pkgs.lock does not say which pkgs to use" in bench.fail("version")


def test_a_missing_lock_is_told(bench: Bench) -> None:
    (bench.shims.bin_dir / "pkgs.lock").unlink()

    assert "pkgs.lock is missing" in bench.fail("version")


def test_a_missing_source_is_told(bench: Bench) -> None:
    write_lock(bench.shims.bin_dir, bench.small.by_path(bench.shims.bin_dir))
    shutil.rmtree(bench.shims.bin_dir.parent / "src")

    done = bench.run("version")
    assert done.returncode == 1
    assert b"the source of pkgs is not at" in done.stderr


def test_a_set_up_whose_python_is_gone_is_made_anew(bench: Bench) -> None:
    program = bench.small.by_path(bench.shims.bin_dir)
    write_lock(bench.shims.bin_dir, program)
    bench.succeed("version")
    for name in ("python", "python3"):
        (bench.place(program) / "bin" / name).unlink(missing_ok=True)

    assert bench.succeed("version")[0] == [*INSTALLED, "version"]


def test_what_others_are_making_or_have_left_half_made_is_let_be(bench: Bench) -> None:
    """Of a host that does not see this one's lock; gc knows what nobody works on."""
    program = bench.small.by_path(bench.shims.bin_dir)
    write_lock(bench.shims.bin_dir, program)
    rest = bench.shims.state.programs / f".tmp-{program.id}-1"
    rest.mkdir(parents=True)

    bench.succeed("version")
    assert sorted(path.name for path in bench.shims.state.programs.iterdir()) == [rest.name, program.id]


def test_the_lock_is_gone_when_the_set_up_is_over(bench: Bench) -> None:
    """Where marker files are locks, one that stayed would keep gc from this pkgs forever."""
    write_lock(bench.shims.bin_dir, bench.small.by_path(bench.shims.bin_dir))

    bench.succeed("version")
    assert list((bench.shims.state.root / "locks").glob("self-*")) == []


def test_who_waits_for_a_lock_that_is_removed_starts_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "self.lock"
    waits, enters, may_leave = threading.Event(), threading.Event(), threading.Event()
    monkeypatch.setattr(bootstrap, "say", lambda message: waits.set())

    def hold() -> None:
        with bootstrap.held(path):
            enters.set()
            may_leave.wait(TIMEOUT)

    with bootstrap.held(path):
        waiter = threading.Thread(target=hold)
        waiter.start()
        assert waits.wait(TIMEOUT)
    assert enters.wait(TIMEOUT)
    with path.open("a") as late, pytest.raises(BlockingIOError):
        fcntl.flock(late, fcntl.LOCK_EX | fcntl.LOCK_NB)
    may_leave.set()
    waiter.join()
    assert not path.exists()


def test_what_another_host_set_up_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    for name in ("own", "place"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin" / "python").write_text(name)

    bootstrap.publish(tmp_path / "own", tmp_path / "place")
    assert (tmp_path / "place" / "bin" / "python").read_text() == "place"


def test_what_another_host_sets_up_while_a_broken_one_is_removed_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, python = tmp_path / "place", tmp_path / "place" / "bin" / "python"
    for path in (tmp_path / "own" / "bin" / "python", place / "broken"):
        path.parent.mkdir(parents=True)
        path.write_text("own")
    first: list[str] = []

    def another_is_set_up() -> None:
        if not python.exists():
            python.parent.mkdir(parents=True, exist_ok=True)
            python.write_text("other")
        first.append(python.read_text())

    before(monkeypatch, shutil, "rmtree", another_is_set_up)
    bootstrap.publish(tmp_path / "own", place)

    assert [python.read_text()] == first


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS])
def test_a_file_system_without_locks_is_no_obstacle(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(file: object, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with bootstrap.held(tmp_path / "locks" / "self.lock"):
        assert (tmp_path / "locks" / "self.lock").exists()


def test_many_first_calls_set_up_once(bench: Bench) -> None:
    write_lock(bench.shims.bin_dir, bench.small.by_path(bench.shims.bin_dir))

    calls = [
        subprocess.Popen(
            [bench.shims.bin_dir / "pkgs", "version"],
            env=bench.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(5)
    ]
    results = [call.communicate(timeout=60) for call in calls]
    assert [out.decode().split("\0")[:2] for out, _ in results] == [INSTALLED] * 5
    assert sum(b"setting up" in said for _, said in results) == 1


def test_uv_is_used_where_it_works_and_else_pip(bench: Bench, tmp_path: Path) -> None:
    uv = bench.path / "uv"
    uv.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/asked\nprintf "\\377" >&2\nexit 1\n')
    uv.chmod(0o755)
    write_lock(bench.shims.bin_dir, bench.small.by_path(bench.shims.bin_dir))

    assert bench.succeed("version")[0] == [*INSTALLED, "version"]
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:2] == ["pip", "install"]
    assert "--require-hashes" in asked
    assert "--no-deps" in asked


def test_pinned_tools_are_not_used_for_the_set_up(bench: Bench, tmp_path: Path) -> None:
    other = Shims(
        Shims.make(tmp_path, tmp_path / "other" / "bin").bin_dir, bench.shims.state, bench.shims.pkgs
    )
    names = ("python3", "uv", "pip3", "readlink", "id")
    write_lock(bench.shims.bin_dir, bench.small.by_path(bench.shims.bin_dir))
    pinned = [
        (
            shims,
            [shims.pin(name, script=f"#!/bin/sh\necho {name} >>{tmp_path}/used\nexit 1\n") for name in names],
        )
        for shims in (bench.shims, other)
    ]
    for shims, tools in pinned:
        shims.plan(tools)
    (tmp_path / "link").symlink_to(bench.shims.bin_dir / "pkgs")
    path = f"{other.bin_dir}:{bench.shims.bin_dir}:{bench.environ['PATH']}"

    printed, _ = bench.succeed("version", name="../../link", PATH=path)
    assert printed == [*INSTALLED, "version"]
    assert not (tmp_path / "used").exists()


def test_a_users_pip_configuration_does_not_lead_elsewhere(bench: Bench, home: Path) -> None:
    config = home / ".config" / "pip" / "pip.conf"
    config.parent.mkdir(parents=True)
    config.write_text("[global]\nuser = true\nrequire-virtualenv = true\n")
    write_lock(bench.shims.bin_dir, bench.small.by_path(bench.shims.bin_dir))

    assert bench.succeed("version", HOME=str(home), PYTHONPATH="/nowhere")[0] == [*INSTALLED, "version"]


@pytest.mark.parametrize(
    ("script", "said"), [("exit 1", "python3 is older"), (None, "there is no python3 on PATH")]
)
def test_without_a_python_that_serves_it_says_so(bench: Bench, script: str | None, said: str) -> None:
    (bench.path / "python3").unlink()
    if script:
        (bench.path / "python3").write_text(f"#!/bin/sh\n{script}\n")
        (bench.path / "python3").chmod(0o755)
    write_lock(bench.shims.bin_dir, bench.small.by_path(bench.shims.bin_dir))

    message = bench.fail("version", PATH=str(bench.path))
    assert "pkgs needs Python 3.11 or later" in message
    assert said in message


def test_a_state_directory_that_cannot_be_written_is_told(bench: Bench, tmp_path: Path) -> None:
    write_lock(bench.shims.bin_dir, bench.small.by_path(bench.shims.bin_dir))
    (tmp_path / "file").touch()

    assert "PKGS_STATE_DIR" in bench.fail("version", PKGS_STATE_DIR=str(tmp_path / "file" / "state"))


def test_a_pkgs_exe_that_is_the_wrapper_itself_ends(bench: Bench, tmp_path: Path) -> None:
    assert "PKGS_EXE" in bench.fail("version", PKGS_EXE=str(bench.shims.bin_dir / "pkgs"))


def test_two_wrappers_that_hand_the_call_to_each_other_end(bench: Bench, tmp_path: Path) -> None:
    turn = tmp_path / "turn"
    turn.write_text(f'#!/bin/sh\nexec "{bench.shims.bin_dir}/pkgs" "$@"\n')
    turn.chmod(0o755)

    assert "leads back to itself" in bench.fail("version", PKGS_EXE=str(turn))


def test_a_file_that_is_no_program_is_not_asked_for_pkgs_forever(bench: Bench) -> None:
    bench.shims.pin("tool")

    done = bench.run(name="tool", PKGS_EXE="/nowhere/pkgs")
    assert done.returncode in (126, 127)


class Answers:
    """Stands for processes: which commands are there, and what they print."""

    def __init__(self, **printed: str) -> None:
        self.printed = printed

    def __call__(
        self, command: list[str], environ: dict[str, str], cwd: Path
    ) -> subprocess.CompletedProcess[str]:
        key = "ensurepip" if "ensurepip" in command else "pip" if "pip" in command else Path(command[0]).name
        found = key in self.printed
        return subprocess.CompletedProcess(command, 0 if found else 1, self.printed.get(key, ""), "")


@pytest.mark.parametrize(
    ("answers", "first"),
    [
        (Answers(pip="pip 23.2.1 from x"), ["/py", "-m", "pip", "--python"]),
        (Answers(pip="pip 22.2 from x", ensurepip=""), ["/place/bin/python", "-I", "-m", "pip"]),
        (Answers(ensurepip=""), ["/place/bin/python", "-I", "-m", "pip"]),
        (Answers(), []),
    ],
)
def test_the_installer_is_the_first_that_can(
    monkeypatch: pytest.MonkeyPatch, answers: Answers, first: list[str]
) -> None:
    monkeypatch.setattr(bootstrap, "run", answers)

    commands = list(bootstrap.installers(Path("/py"), Path("/place"), {"PATH": "/nowhere"}))
    assert [command[: len(first)] for command in commands] == ([first] if first else [])


def test_without_any_installer_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "run", Answers())

    with pytest.raises(bootstrap.BootstrapError) as error:
        bootstrap.install(Path("/py"), tmp_path, tmp_path / "requirements.txt", {"PATH": "/nowhere"})
    assert "python3-venv" in error.value.hint


def test_the_bootstrap_and_pkgs_agree_on_the_id() -> None:
    requirements = ("b==1 --hash=sha256:1  --hash=sha256:2", "a==1")

    assert bootstrap.program_id("ab", requirements) == program_id("ab", requirements)
    assert _body(bootstrap.program_id) == _body(program_id)


def _body(function: object) -> str:
    return inspect.getsource(function).rpartition('"""')[2]  # type: ignore[arg-type]


def test_the_wrapper_holds_the_bootstrap_word_for_word() -> None:
    source = Path(bootstrap.__file__).read_bytes()

    assert wrapper_text().endswith(b"\n: <<'PKGS_BOOTSTRAP'\n" + source + b"PKGS_BOOTSTRAP\n")
    assert b"PKGS_BOOTSTRAP" not in source


@pytest.mark.parametrize("name", scripts())
def test_this_repositorys_own_scripts_are_current(name: str) -> None:
    own = Path(__file__).parents[2] / "bin" / name

    assert own.read_bytes() == scripts()[name][0], "run: bin/pkgs init"
    assert os.access(own, os.X_OK)


def test_of_pips_tries_to_connect_only_the_last_is_told() -> None:
    """The reason stands in these lines, and five times is enough for nobody."""
    said = "".join(f"WARNING: Retrying (total={n}) after no address\n" for n in (1, 0)) + "ERROR: none\n"

    done = subprocess.CompletedProcess(["pip"], 1, "", said)

    assert bootstrap.output(done) == "WARNING: Retrying (total=0) after no address\nERROR: none"
    assert bootstrap.output(subprocess.CompletedProcess(["pip"], 1, "", "")) == "pip ended with status 1"
