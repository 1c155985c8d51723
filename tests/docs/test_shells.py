"""What the pages about shells and direnv tell people to type, typed into real shells."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.checkout import pkgs_on_path
from tests.support.markdown import ROOT, blocks
from tests.support.project import Project
from tests.support.terminal import Terminal

SHELLS = ROOT / "docs" / "how-to" / "shells.md"
DIRENV = ROOT / "docs" / "how-to" / "direnv.md"
ACTIVATE, FUNCTIONS, PROMPT, FIRST, HOOK, TRUST, WITHDRAW = (block.text for block in blocks(SHELLS, "sh"))

POSIX = pytest.mark.parametrize("shell", [each for each in ("bash", "zsh", "dash") if shutil.which(each)])
needs_direnv = pytest.mark.skipif(not shutil.which("direnv"), reason="direnv is not installed")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with terraform, whose directory is called painting."""
    made = Project.make(tmp_path / "painting", tmp_path / "state")
    made.tool("terraform", "1.11.4", more='env = {"TF_HOME": "${PKGS_ENV}/.tf"}')
    made.pkgs("install", "terraform", check=True)
    return made


def environ(project: Project, **more: str) -> dict[str, str]:
    """Return the variables of somebody with a ``pkgs`` on the PATH and a home of their own."""
    home = project.state.parent / "home"
    home.mkdir(exist_ok=True)
    path = f"{pkgs_on_path(project.state.parent / 'commands')}{os.pathsep}{os.environ['PATH']}"
    own = {name: str(home / name) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    return project.environ(HOME=str(home), PATH=path, **own, **more)


def typed(project: Project, shell: str, script: str, **more: str) -> str:
    """Return what a script prints that stops at the first failure."""
    words = [shell, "--no-config", "-c"] if shell == "fish" else [shell, "-e", "-c"]
    return project.run([*words, script], environ=environ(project, **more), check=True).out


@POSIX
def test_activating_and_leaving(project: Project, shell: str) -> None:
    tell = 'echo "[${PKGS_ENV-}|${TF_HOME-}]"\n'

    said = typed(project, shell, tell + ACTIVATE + tell)

    assert said == f"[|]\n{project.root}\n[|]\n"


@POSIX
def test_a_script_asks_for_what_has_changed(project: Project, shell: str) -> None:
    script = ". bin/activate-pkgs\npkgs env COLOUR blue\nupdate_pkgs_env\n" + 'echo "$COLOUR"'

    assert typed(project, shell, script) == "blue\n"


def test_a_shell_started_from_an_active_one_can_leave(project: Project) -> None:
    leave = 'eval "$(pkgs deactivate)"'
    assert f"`{leave}`" in SHELLS.read_text("utf-8")

    said = typed(project, "bash", f". bin/activate-pkgs; bash -c 'echo $TF_HOME; {leave}; echo [$TF_HOME]'")

    assert said == f"{project.root}/.tf\n[]\n"


def test_activation_can_be_silent(project: Project) -> None:
    words = ["sh", "-ec", ". bin/activate-pkgs"]

    assert "activated" in project.run(words, environ=environ(project)).err
    assert project.run(words, environ=environ(project, PKGS_QUIET="1")).err == ""


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish")
def test_activating_and_leaving_fish(project: Project) -> None:
    (block,) = blocks(SHELLS, "fish")

    assert typed(project, "fish", block.text + 'echo "[$TF_HOME]"') == f"{project.root}\n[]\n"


@POSIX
def test_functions_of_ones_own_are_called(project: Project, shell: str) -> None:
    said = typed(project, shell, FUNCTIONS + ". bin/activate-pkgs\n" + "deactivate-pkgs\n")

    assert said == f"entered {project.root}\nleft {project.root}\n"


@pytest.mark.parametrize(
    ("config", "prefix"),
    [("", "painting🐚 "), (blocks(SHELLS, "hcl")[0].text, "🐚 "), ('prompt = "none"', "")],
    ids=["env", "short", "none"],
)
def test_prompts(project: Project, config: str, prefix: str) -> None:
    home = Path(environ(project)["HOME"])
    (home / ".pkgs.hcl").write_text(config)

    said = typed(project, "bash", "PS1='> '; . bin/activate-pkgs; echo \"$PS1\"")

    assert said == f"{prefix}> \n"


def test_a_prompt_for_one_activation(project: Project) -> None:
    assert typed(project, "bash", f'PS1="> "; {PROMPT}echo "$PS1$TF_HOME"') == f"> {project.root}/.tf\n"


@POSIX
def test_directories_come_first(project: Project, shell: str) -> None:
    said = typed(project, shell, FIRST + 'echo "$PATH"')

    wrappers = f"{environ(project)['HOME']}/wrappers"
    assert said.startswith(f"{wrappers}:{project.bin}:")


def test_the_hook_activates_what_is_allowed(project: Project) -> None:
    assert typed(project, "bash", HOOK) == ""
    variables = {**environ(project), "TERM": "dumb"}
    with Terminal(["bash", "--noprofile", "-i"], variables, project.root.parent) as at:
        assert "nobody has allowed it" in at.run("cd painting")
        for line in TRUST.splitlines():
            said = at.run(line)
        assert "allowed" in said
        assert f"[{project.root}/.tf]" in at.run('echo "[$TF_HOME]"')
        at.run("pkgs env COLOUR blue")
        assert "allowed" in at.run("pkgs trust --show")
        at.run("deactivate-pkgs")
        assert "[]" in at.run('cd manifests; echo "[${TF_HOME-}]"')
        at.run(WITHDRAW.strip())
        assert "unknown" in at.run("pkgs trust --show")


def test_the_hook_for_one_shell_can_be_evaluated(project: Project) -> None:
    (block,) = blocks(SHELLS, "bash")

    assert typed(project, "bash", block.text + 'echo "$PROMPT_COMMAND"') == "${_PKGS_AUTO-}\n"
    assert not (Path(environ(project)["HOME"]) / ".bashrc").exists()


@needs_direnv
def test_the_page_about_direnv_can_be_followed(project: Project) -> None:
    once, envrc, named, run, everywhere = (block.text for block in blocks(DIRENV, "sh"))
    (project.root / "tools").symlink_to("bin", target_is_directory=True)

    assert typed(project, "bash", once + envrc + run) == "terraform 1.11.4 version\n"
    assert typed(project, "bash", named + run) == "terraform 1.11.4 version\n"
    (Path(environ(project)["XDG_CONFIG_HOME"]) / "direnv" / "lib" / "use_pkgs.sh").unlink()
    assert typed(project, "bash", everywhere + run) == "terraform 1.11.4 version\n"
