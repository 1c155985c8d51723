"""Automatic activation: on entering a directory, of what was allowed; start-up files; direnv."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from pkgs.environment.trust import Standing, allow, standing, withdraw
from pkgs.environment.trust import kept as kept_allowed
from pkgs.envops import Prepend, Set
from pkgs.errors import EnvError
from pkgs.shim.hooks import END, START, hook_text, inserted, install_hook, startup_file
from pkgs.state import State
from tests.support.shells import PLAIN, Site, StubEnvironment, missing
from tests.support.terminal import Terminal

HOOKED = ("bash", "zsh", "fish")
SHOW = 'echo "[$FOO]"'


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def one(site: Site) -> StubEnvironment:
    made = site.environment("one", [Set("FOO", "bar")])
    (made.root / "sub/sub").mkdir(parents=True)
    return made


def kept(site: Site, environment: StubEnvironment) -> Path:
    return State(site.state).env(environment.bin)


def trust(site: Site, environment: StubEnvironment) -> None:
    allow(kept(site, environment), environment.bin)


def terminal(site: Site, shell: str, *, cwd: Path | None = None) -> Terminal:
    hook = site.folder / "hook"
    hook.write_text(hook_text(shell))
    found = Terminal([shell, *PLAIN[shell], "-i"], site.environ(), cwd or site.folder)
    found.run(f"source {hook}")
    return found


@pytest.mark.parametrize("shell", HOOKED)
def test_entering_activates_and_leaving_deactivates(site: Site, one: StubEnvironment, shell: str) -> None:
    trust(site, one)
    with terminal(site, shell) as at:
        at.run("cd one/sub")
        assert "[bar]" in at.run(SHOW)
        at.run("cd sub")
        assert "[bar]" in at.run(SHOW)
        at.run("cd ../../..")
        assert "[]" in at.run(SHOW)
        assert at.seen.count("activated\r") == 2
        assert at.seen.count("deactivated\r") == 1


@pytest.mark.parametrize("shell", HOOKED)
@pytest.mark.parametrize("bin_dir", [".hermit/bin", ".pkgs/bin"])
def test_other_usual_directories_are_found(site: Site, shell: str, bin_dir: str) -> None:
    trust(site, site.environment("two", [Set("FOO", "two")], bin_dir=bin_dir))
    with terminal(site, shell) as at:
        at.run("cd two")
        assert "[two]" in at.run(SHOW)


@pytest.mark.parametrize("shell", HOOKED)
def test_a_shell_that_starts_inside_activates(site: Site, one: StubEnvironment, shell: str) -> None:
    trust(site, one)
    with terminal(site, shell, cwd=one.root / "sub") as at:
        at.run("true")
        assert "[bar]" in at.run(SHOW)


@pytest.mark.parametrize("shell", HOOKED)
@pytest.mark.parametrize("name", ['it\'s "odd" $HOME `x` \\', "two\nlines", os.fsdecode(b"caf\xe9"), "-n"])
def test_any_directory_name_will_do(site: Site, shell: str, name: str) -> None:
    environment = site.environment(name, [Set("FOO", "bar")])
    (environment.root / "sub").mkdir()
    trust(site, environment)
    with terminal(site, shell, cwd=environment.root / "sub") as at:
        at.run("true")
        assert "[bar]" in at.run(SHOW)
        at.run("cd /")
        assert "[]" in at.run(SHOW)


@pytest.mark.parametrize("shell", HOOKED)
def test_entering_another_leaves_the_first(site: Site, one: StubEnvironment, shell: str) -> None:
    trust(site, one)
    trust(site, site.environment("one/sub/two", [Set("BAR", "two")]))
    with terminal(site, shell) as at:
        at.run("cd one")
        at.run("cd sub/two")
        assert "[ two]" in at.run('echo "[$FOO $BAR]"')
        at.run("cd ../..")
        assert "[bar ]" in at.run('echo "[$FOO $BAR]"')


@pytest.mark.parametrize("shell", HOOKED)
def test_what_was_deactivated_stays_so_until_one_leaves(site: Site, one: StubEnvironment, shell: str) -> None:
    trust(site, one)
    with terminal(site, shell) as at:
        at.run("cd one")
        at.run("deactivate-pkgs")
        at.run("cd sub")
        assert "[]" in at.run(SHOW)
        at.run("cd ../..")
        at.run("cd one")
        assert "[bar]" in at.run(SHOW)


@pytest.mark.parametrize("shell", HOOKED)
def test_what_nobody_allowed_is_not_run(site: Site, one: StubEnvironment, shell: str) -> None:
    (one.bin / "activate-pkgs").write_text("touch ../ran\n")
    (one.bin / "activate-pkgs.fish").write_text("touch ../ran\n")
    with terminal(site, shell) as at:
        at.run("cd one")
        at.run("true")
        at.run("cd sub")
        assert at.seen.count("nobody has allowed it") == 2
    assert one.calls == 0
    assert not (site.folder / "ran").exists()


@pytest.mark.parametrize("shell", HOOKED)
def test_what_is_allowed_meanwhile_is_activated_at_the_next_prompt(
    site: Site, one: StubEnvironment, shell: str
) -> None:
    with terminal(site, shell) as at:
        at.run("cd one")
        at.run('"$PWD/bin/pkgs" trust')
        at.run("true")
        assert "[bar]" in at.run(SHOW)


@pytest.mark.parametrize("shell", HOOKED)
def test_a_directory_reached_through_a_link(site: Site, one: StubEnvironment, shell: str) -> None:
    trust(site, one)
    (site.folder / "link").symlink_to("one")
    with terminal(site, shell) as at:
        at.run("cd link/sub")
        assert "[bar]" in at.run(SHOW)


@pytest.mark.parametrize(
    ("shell", "talking"), [("bash", 'cd() { builtin cd "$@" && ls; }'), ("zsh", "chpwd() { ls }")]
)
def test_a_directory_reached_through_a_link_though_cd_says_so_too(
    site: Site, one: StubEnvironment, shell: str, talking: str
) -> None:
    trust(site, one)
    (site.folder / "link").symlink_to("one")
    with terminal(site, shell) as at:
        at.run(talking)
        at.run("cd link/sub")
        assert "[bar]" in at.run(SHOW)


def rewritten(file: Path, text: str) -> None:
    """Change a file's content and nothing else, as an archive that was packed for it would."""
    times = file.stat()
    file.write_text(text)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


LOCK = 'version = 1\n[pkgs]\nid = "a"\nrequirements = [\n  "x==1",\n]\n\n[package."jq-1.7"]\nurl = "u"\n'
CHANGES = {
    "bin/pkgs": None,
    "bin/activate-pkgs": None,
    "bin/activate-pkgs.fish": None,
    "bin/pkgs.hcl": None,
    "the pinned pkgs": LOCK.replace('"a"', '"b"'),
    "a requirement": LOCK.replace("x==1", "y==1"),
}


def change(one: StubEnvironment, what: str) -> None:
    if text := CHANGES[what]:
        rewritten(one.bin / "pkgs.lock", text)
    else:
        rewritten(one.root / what, (one.root / what).read_text() + " \n")


@pytest.mark.parametrize("shell", HOOKED)
@pytest.mark.parametrize("what", CHANGES)
def test_a_change_withdraws_what_was_allowed(site: Site, one: StubEnvironment, shell: str, what: str) -> None:
    (one.bin / "pkgs.lock").write_text(LOCK)
    trust(site, one)
    change(one, what)
    assert standing(kept(site, one), one.bin) is Standing.CHANGED
    with terminal(site, shell) as at:
        at.run("cd one")
        assert "[]" in at.run(SHOW)
        assert "has changed since" in at.seen


@pytest.mark.parametrize("shell", HOOKED)
def test_a_new_pin_changes_nothing_that_was_allowed(site: Site, one: StubEnvironment, shell: str) -> None:
    (one.bin / "pkgs.lock").write_text(LOCK)
    trust(site, one)
    (one.bin / "pkgs.lock").write_text(LOCK + '[package."yq-4"]\n')
    (one.bin / ".yq-4.pkg").symlink_to("pkgs")
    assert standing(kept(site, one), one.bin) is Standing.ALLOWED
    with terminal(site, shell) as at:
        at.run("cd one")
        assert "[bar]" in at.run(SHOW)


@pytest.mark.parametrize("shell", HOOKED)
def test_text_after_a_nul_character_is_not_overlooked(site: Site, one: StubEnvironment, shell: str) -> None:
    trust(site, one)
    for name in ("activate-pkgs", "activate-pkgs.fish"):
        with (one.bin / name).open("ab") as file:
            file.write(b"\0\nset -g FOO evil; FOO=evil\n")
    with terminal(site, shell) as at:
        at.run("cd one")
        assert "[]" in at.run(SHOW)


@pytest.mark.parametrize("shell", HOOKED)
def test_what_was_inherited_is_left_too(site: Site, one: StubEnvironment, shell: str) -> None:
    trust(site, one)
    active = site.run("dash", ". one/bin/activate-pkgs\nenv -0").out.split("\0")
    site.variables = dict(entry.split("=", 1) for entry in active if entry)
    with terminal(site, shell) as at:
        at.run("true")
        assert "[]" in at.run(SHOW)
        assert str(one.bin) not in at.run('printf "%s\\n" "$PATH"')
        assert f"{one.root} deactivated" in at.seen


def test_changes_made_through_pkgs_keep_it_allowed(site: Site, one: StubEnvironment) -> None:
    for before in (Standing.UNKNOWN, Standing.ALLOWED):
        if before is Standing.ALLOWED:
            trust(site, one)
        with kept_allowed(kept(site, one), one.bin):
            one.set(Set("FOO", before))
        assert standing(kept(site, one), one.bin) is before


def test_trust_can_be_withdrawn(site: Site, one: StubEnvironment) -> None:
    assert standing(kept(site, one), one.bin) is Standing.UNKNOWN
    trust(site, one)
    assert standing(kept(site, one), one.bin) is Standing.ALLOWED
    withdraw(kept(site, one))
    assert standing(kept(site, one), one.bin) is Standing.UNKNOWN
    with pytest.raises(EnvError):
        allow(kept(site, one), site.folder)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("shell", HOOKED)
def test_neither_an_idle_prompt_nor_entering_starts_a_process(
    site: Site, one: StubEnvironment, shell: str
) -> None:
    trust(site, one)
    site.run("bash", ". one/bin/activate-pkgs")
    (site.folder / "hook").write_text(hook_text(shell))
    trace = site.folder / "trace"
    strace = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=fork,vfork,clone,clone3"]
    with Terminal([*strace, shell, *PLAIN[shell], "-i"], site.environ(), site.folder) as at:
        at.run("function fish_prompt; end" if shell == "fish" else "PS1='$ '")
        at.run(f"source {site.folder}/hook")
        at.run("true")
        before = trace.stat().st_size
        for line in ("true", "cd one", "true", "cd sub", "cd ../..", "true"):
            at.run(line)
        assert "deactivated" in at.seen
        found = trace.read_text()[before:].splitlines()
        assert [line for line in found if "CLONE_THREAD" not in line] == []
        assert one.calls == 1


def test_a_block_is_inserted_once_and_replaced_in_place() -> None:
    first = inserted("before", "old\n")
    assert first == f"before\n{START}\nold\n{END}\n"
    assert inserted(first + "after\n", "new\n") == f"before\n{START}\nnew\n{END}\nafter\n"
    assert inserted("", "new\n") == f"{START}\nnew\n{END}\n"
    for broken in (START, END, f"{END}\n{START}\n", first + START):
        with pytest.raises(EnvError):
            inserted(broken, "new\n")


def test_a_start_up_file_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles/bashrc"
    real.parent.mkdir()
    real.write_text("mine\n")
    real.chmod(0o600)
    link = startup_file("bash", tmp_path, tmp_path / ".config")
    link.symlink_to(real)
    assert install_hook("bash", link)
    assert not install_hook("bash", link)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert real.read_text().startswith("mine\n" + START)


@pytest.mark.parametrize("shell", HOOKED)
def test_the_command_makes_new_shells_activate(site: Site, one: StubEnvironment, shell: str) -> None:
    trust(site, one)
    home = Path(site.environ()["HOME"])
    environ = {**site.environ(), "XDG_CONFIG_HOME": str(home / "config")}
    command = [str(one.bin / "pkgs"), "shell-hooks", f"--{shell}"]
    for said in ("written", "already"):
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=30)
        assert (said in done.stderr, done.stdout) == (True, "")
    with Terminal([shell, "-i"], environ, site.folder) as at:
        at.run("cd one")
        assert "[bar]" in at.run(SHOW)


@pytest.mark.skipif(missing("direnv"), reason="direnv is not installed")
def test_direnv_uses_it(site: Site, one: StubEnvironment) -> None:
    one.set(Set("FOO", "bar"), Prepend("PATH", "/x"))
    home = Path(site.environ()["HOME"])
    environ = {
        **site.environ({"FOO": "old"}),
        **{f"XDG_{kind}_HOME": str(home / kind) for kind in ("CONFIG", "DATA", "CACHE")},
    }
    subprocess.run([one.bin / "pkgs", "shell-hooks", "--direnv"], env=environ, check=True, timeout=30)
    (one.root / ".envrc").write_text("use pkgs\n")

    def run(*command: str) -> str:
        asked = subprocess.run(
            command, env=environ, cwd=one.root / "sub", capture_output=True, text=True, check=True, timeout=60
        )
        return asked.stdout

    run("direnv", "allow", str(one.root))
    assert run("direnv", "exec", str(one.root), "sh", "-c", "echo $FOO $PKGS_ENV") == f"bar {one.root}\n"
    exported = run("direnv", "export", "bash")
    left = 'cd /\neval "$(direnv export bash)"\necho $FOO $ACTIVE_PKGS'
    shown = run("bash", "--norc", "-c", f'{exported}\necho "$FOO ${{PATH%%:*}} ${{PS1-none}}"\n{left}')
    assert shown == "bar /x none\nold\n"
    one.set(Set("FOO", "new"))
    assert shlex.quote("new") in run("direnv", "export", "bash")
