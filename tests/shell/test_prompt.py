"""What activation does to interactive shells: prompts, their hooks, and changes seen at the next prompt."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from pkgs.envops import Prepend, Set
from tests.support.shells import PLAIN, Site, StubEnvironment
from tests.support.terminal import Terminal

PROMPTING = ("bash", "zsh", "fish")
ACTIVATE = {
    "bash": ". one/bin/activate-pkgs",
    "zsh": ". one/bin/activate-pkgs",
    "dash": ". one/bin/activate-pkgs",
    "fish": "source one/bin/activate-pkgs.fish",
}


def terminal(site: Site, shell: str, environ: Mapping[str, str] | None = None) -> Terminal:
    found = Terminal(
        [shell, *PLAIN[shell], "-i"], site.environ({"PS1": "$ ", **(environ or {})}), site.folder
    )
    found.run("PS1='$ '" if shell != "fish" else "true")
    return found


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def one(site: Site) -> StubEnvironment:
    return site.environment("one", [Set("FOO", "bar")])


HOOKS = {
    "bash": "PROMPT_COMMAND='echo begun >>log; sleep 0.2; echo done >>log'",
    "zsh": "precmd() { echo begun >>log; sleep 0.2; echo done >>log; }",
    "fish": "function slow --on-event fish_prompt; echo begun >>log; sleep 0.2; echo done >>log; end",
}


@pytest.mark.parametrize("shell", PROMPTING)
def test_a_line_is_over_when_the_hooks_after_it_are(site: Site, shell: str) -> None:
    """What all tests at a terminal rely on: what they change then is seen by the next prompt's hooks only."""
    with terminal(site, shell) as at:
        at.run(HOOKS[shell])
        for _ in range(3):
            assert (site.folder / "log").read_text().endswith("done\n")
            at.run("true")


@pytest.mark.parametrize("shell", ["bash", "zsh", "dash"])
@pytest.mark.parametrize(("prompt", "shown"), [("env", "one🐚 $ "), ("short", "🐚 $ "), ("none", "$ ")])
def test_the_prompt_tells_the_environment(
    site: Site, one: StubEnvironment, shell: str, prompt: str, shown: str
) -> None:
    one.set(prompt=prompt)
    with terminal(site, shell) as at:
        at.run(ACTIVATE[shell])
        assert f"<{shown}>" in at.run("printf '<%s>\\n' \"$PS1\"")
        at.run("deactivate-pkgs")
        assert "<$ >" in at.run("printf '<%s>\\n' \"$PS1\"")


def test_the_prompt_of_fish_is_its_users(site: Site, one: StubEnvironment) -> None:
    with terminal(site, "fish") as at:
        at.run("function fish_prompt; echo 'mine> '; end; set -g text (functions fish_prompt)")
        at.run(ACTIVATE["fish"])
        assert "same" in at.run('test "$text" = (functions fish_prompt | string collect); or echo sa""me')


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_directory_name_in_the_prompt_is_never_executed(site: Site, shell: str) -> None:
    environment = site.environment("$(printf PWNED>RCE.txt)%n`x`")
    with terminal(site, shell) as at:
        at.run("setopt prompt_subst 2>/dev/null; cd \"$(printf '%s' ./*RCE*)\"")
        at.run(". bin/activate-pkgs")
        assert "<__printf PWNED_RCE.txt__n_x_🐚 $ >" in at.run("printf '<%s>\\n' \"$PS1\"")
    assert not list(site.folder.rglob("RCE.txt"))
    assert environment.calls == 1


@pytest.mark.parametrize("shell", PROMPTING)
def test_a_change_is_seen_at_the_next_prompt(site: Site, one: StubEnvironment, shell: str) -> None:
    with terminal(site, shell, {"OTHER": "old"}) as at:
        at.run(ACTIVATE[shell])
        assert "[bar]" in at.run('echo "[$FOO]"')
        one.set(Set("FOO", "new"), Set("OTHER", "more"), Prepend("PATH", "/opted"))
        at.run("true")
        assert "[new more]" in at.run('echo "[$FOO $OTHER]"')
        assert f"[/opted:{one.bin}:" in at.run('echo "[$PATH]" | tr " " :')
        one.set()
        at.run("true")
        assert "[ old]" in at.run('echo "[$FOO $OTHER]"')
        assert one.calls == 3
        at.run("deactivate-pkgs")
        one.set(Set("FOO", "late"))
        at.run("true")
        assert "[ old]" in at.run('echo "[$FOO $OTHER]"')


@pytest.mark.parametrize("shell", PROMPTING)
def test_a_change_that_another_shell_found_is_seen(site: Site, one: StubEnvironment, shell: str) -> None:
    one.set(Set("FOO", "new"), file="next")  # before the shell starts: its prompts watch the directory
    with terminal(site, shell) as at:
        at.run(ACTIVATE[shell])
        at.run(f"cp {one.bin}/next {one.bin}/pkgs.hcl; dash -c '{ACTIVATE['dash']}'")
        assert "[new]" in at.run('echo "[$FOO]"')
        assert one.calls == 2


@pytest.mark.parametrize("shell", PROMPTING)
def test_a_failing_change_is_told_once(site: Site, one: StubEnvironment, shell: str) -> None:
    with terminal(site, shell) as at:
        at.run(ACTIVATE[shell])
        (one.bin / "pkgs.hcl").write_text("broken")
        at.run("true")
        at.run("true")
        assert at.seen.count("pkgs: error") == 1
        assert one.calls == 2
        one.set(Set("FOO", "mended"))
        at.run("true")
        assert "[mended]" in at.run('echo "[$FOO]"')


@pytest.mark.parametrize("shell", PROMPTING)
def test_an_environment_that_is_gone_is_no_trouble(site: Site, one: StubEnvironment, shell: str) -> None:
    with terminal(site, shell) as at:
        at.run(ACTIVATE[shell])
        shutil.rmtree(one.root)
        start = len(at.seen)
        at.run("true")
        assert "[bar]" in at.run('echo "[$FOO]"')
        assert "such file" not in at.seen[start:]
        at.run("deactivate-pkgs")
        assert "[]" in at.run('echo "[$FOO]"')


@pytest.mark.parametrize("mine", ["echo h''ook", "", None])
def test_prompt_command_is_kept(site: Site, one: StubEnvironment, mine: str | None) -> None:
    with terminal(site, "bash") as at:
        at.run("unset PROMPT_COMMAND" if mine is None else f'PROMPT_COMMAND="{mine}"')
        at.run(ACTIVATE["bash"])
        assert ("hook" in at.run("true")) == bool(mine)
        at.run("deactivate-pkgs")
        assert f"[{'unset' if mine is None else mine}]" in at.run('echo "[${PROMPT_COMMAND-unset}]"')


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_last_commands_status_is_kept(site: Site, one: StubEnvironment, shell: str) -> None:
    with terminal(site, shell) as at:
        at.run(ACTIVATE[shell])
        at.type("(exit 7)")
        assert "[7]" in at.run('echo "[$?]"')


def test_hooks_after_ours_see_the_last_commands_status(site: Site, one: StubEnvironment) -> None:
    with terminal(site, "bash") as at:
        at.run("PROMPT_COMMAND='echo \"{$?}\"'; IFS=7")
        at.run(ACTIVATE["bash"])
        assert "{173}" in at.run("(exit 173)")


def test_a_child_that_inherits_prompt_command_does_not_complain(site: Site, one: StubEnvironment) -> None:
    with terminal(site, "bash") as at:
        at.run(f"export PROMPT_COMMAND; {ACTIVATE['bash']}")
        at.run("bash --norc --noprofile -i")
        assert "not found" not in at.run("true")


def test_zsh_puts_its_paths_first_again_at_the_first_prompt(site: Site, one: StubEnvironment) -> None:
    (site.folder / "rc").mkdir()
    (site.folder / "rc/.zshrc").write_text("PS1='$ '\n. one/bin/activate-pkgs\nPATH=/later:$PATH\n")
    for extra, first in (({}, ""), ({"PKGS_PREPEND_PATH": "/p:/q"}, "/p:/q:")):
        environ = site.environ({"ZDOTDIR": str(site.folder / "rc"), **extra})
        with Terminal(["zsh", "-i"], environ, site.folder) as at:
            at.run("true")
            assert f"[{first}{one.bin}:/later:" in at.run('echo "[$PATH]"')
            at.run("PATH=/mine:$PATH")
            at.run("true")
            assert f"[/mine:{first}{one.bin}:" in at.run('echo "[$PATH]"')
            at.run("deactivate-pkgs")
            assert "[/mine:/later:" in at.run('echo "[$PATH]"')


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("shell", PROMPTING)
def test_an_idle_prompt_starts_no_process(site: Site, one: StubEnvironment, shell: str) -> None:
    trace = site.folder / "trace"
    strace = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=fork,vfork,clone,clone3,execve"]
    environ = site.environ({"PS1": "$ "})
    with Terminal([*strace, shell, *PLAIN[shell], "-i"], environ, site.folder) as at:
        at.run("function fish_prompt; end" if shell == "fish" else "PS1='$ '")
        at.run(ACTIVATE[shell])
        at.run("true")
        before = trace.stat().st_size
        for _ in range(3):
            at.run("true")
        assert forks(trace, before) == []
        at.run("/bin/true")
        assert forks(trace, before) != []


def forks(trace: Path, start: int) -> list[str]:
    """Return the calls in a trace from ``start`` on that made processes, not threads."""
    with trace.open() as file:
        file.seek(start)
        return [line for line in file if "CLONE_THREAD" not in line]
