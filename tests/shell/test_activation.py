"""Activation and deactivation in real shells, as scripts: a table of scenarios.

Each scenario is one script for bash, zsh and dash, and one for fish where the words differ. ``ACTIVATE x``
stands for sourcing the activation file of the environment ``x``.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pkgs.environment.transform import literal
from pkgs.envops import Append, EnvOp, Prefix, Prepend, Set, Unset
from tests.support.shells import PLAIN, POSIX_SHELLS, RARE_SHELLS, SHELLS, Site, StubEnvironment, missing

ODD = 'it\'s "odd" $HOME `x` ${y} \\ ünï'
NAMES = (ODD, "Application Support/pkgs env", "-n", "a\\'b", "two\nlines", os.fsdecode(b"caf\xe9"))
# zsh's system-wide start-up file may set it.
FIXED = {"fish": "set -gx PATH /usr/bin /bin", **dict.fromkeys(POSIX_SHELLS, "PATH=/usr/bin:/bin")}
VALUE = "two\nlines, 'single' \"double\" $dollar ${brace} `tick` $(cmd) \\ back\\\\slash * ? ~ # ! é\t|end "


@dataclass(frozen=True)
class Scenario:
    """A script and what it prints; ``one`` and ``two`` are environments with these operations."""

    name: str
    script: str
    out: str
    one: tuple[EnvOp, ...] = ()
    two: tuple[EnvOp, ...] = ()
    fish: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    err: str = ""
    shells: tuple[str, ...] = SHELLS
    status: int = 0


TABLE = [
    Scenario(
        "PKGS_ENV is set", "ACTIVATE one\necho $PKGS_ENV $PKGS_BIN $ACTIVE_PKGS", "@/one @/one/bin @/one"
    ),
    Scenario(
        "a second activation does nothing",
        "ACTIVATE one\nFOO=mine\nACTIVATE one\necho $FOO",
        "mine",
        one=(Set("FOO", "bar"),),
        fish="ACTIVATE one\nset FOO mine\nACTIVATE one\necho $FOO",
        err="This pkgs environment has already been activated. Skipping",
    ),
    Scenario("a variable is set", "ACTIVATE one\necho $FOO", "bar", one=(Set("FOO", "bar"),)),
    Scenario(
        "deactivation removes the names",
        'ACTIVATE one\ndeactivate-pkgs\necho "<$PKGS_ENV$PKGS_BIN$ACTIVE_PKGS$FOO>"',
        "<>",
        one=(Set("FOO", "bar"),),
    ),
    Scenario(
        "deactivation brings back what was",
        "ACTIVATE one\necho $BAR\ndeactivate-pkgs\necho $BAR",
        "waz\nfoo",
        one=(Set("BAR", "waz"),),
        environ={"BAR": "foo"},
    ),
    Scenario(
        "what the user changed stays",
        "ACTIVATE one\nexport BAR=mine\ndeactivate-pkgs\necho $BAR",
        "mine",
        one=(Set("BAR", "waz"),),
        fish="ACTIVATE one\nset -gx BAR mine\ndeactivate-pkgs\necho $BAR",
        environ={"BAR": "foo"},
    ),
    Scenario(
        "what the user unset stays unset",
        "ACTIVATE one\nunset BAR\ndeactivate-pkgs\necho ${BAR-unset}",
        "unset",
        one=(Set("BAR", "waz"),),
        fish="ACTIVATE one\nset -e BAR\ndeactivate-pkgs\nset -q BAR; or echo unset",
        environ={"BAR": "foo"},
    ),
    Scenario(
        "a list only loses what was added",
        "ACTIVATE one\nexport LIB_PATH=/mine:$LIB_PATH:/end\ndeactivate-pkgs\necho $LIB_PATH",
        "/mine:/a:/b:/end",
        one=(Prepend("LIB_PATH", "/x"), Append("LIB_PATH", "/y:/b"), Prepend("LIB_PATH", "/z")),
        fish="ACTIVATE one\nset -gx LIB_PATH /mine $LIB_PATH /end\ndeactivate-pkgs\nstring join : $LIB_PATH",
        environ={"LIB_PATH": "/a:/b"},
    ),
    Scenario(
        "a list that only held what was added goes",
        "ACTIVATE one\necho $LIB_PATH\nexport LIB_PATH=/x:/x\ndeactivate-pkgs\necho ${LIB_PATH-unset}",
        "/x\nunset",
        one=(Prepend("LIB_PATH", "/x"),),
        fish="ACTIVATE one\necho $LIB_PATH\nset -gx LIB_PATH /x /x\ndeactivate-pkgs\n"
        "set -q LIB_PATH; or echo unset",
    ),
    Scenario(
        "elements are moved, not repeated",
        "ACTIVATE one\necho $LIST\ndeactivate-pkgs\necho $LIST",
        "/b:/n:/a:/c\n/a:/b:/c",
        one=(Prepend("LIST", "/b:/n"),),
        environ={"LIST": "/a:/b:/c"},
    ),
    Scenario(
        "references see what came before",
        "ACTIVATE one\necho $THREE",
        "/r/@/one/$x//last",
        one=(Set("ONE", "/r"), Set("TWO", "${ONE}/$HERMIT_ENV"), Set("THREE", "${TWO}/$$x/${NONE}/last")),
        shells=POSIX_SHELLS,
    ),
    Scenario(
        "references see what came before, in fish",
        "ACTIVATE one\necho $THREE",
        "/r/@/one/$x//last",
        one=(Set("ONE", "/r"), Set("TWO", "${ONE}/$HERMIT_ENV"), Set("THREE", "${TWO}/$$x/${NONE}/last")),
        shells=("fish",),
    ),
    Scenario(
        "a prefix is put before, once",
        "ACTIVATE one\necho $ARGS ${NONE-unset}\ndeactivate-pkgs\necho $ARGS",
        "-x -y unset\n-y",
        one=(Prefix("ARGS", "-x "), Prefix("ARGS", "-x "), Prefix("NONE", "-z")),
        fish="ACTIVATE one\nset -q NONE; or echo $ARGS unset\ndeactivate-pkgs\necho $ARGS",
        environ={"ARGS": "-y"},
    ),
    Scenario(
        "switching leaves the outer environment",
        'ACTIVATE one\nACTIVATE two\necho $PKGS_ENV $FOO "<$ONLY>"\ndeactivate-pkgs\necho $FOO $PATH',
        "@/two second <>\nmine /usr/bin:/bin",
        one=(Set("FOO", "first"), Set("ONLY", "one")),
        two=(Set("FOO", "second"),),
        fish='ACTIVATE one\nACTIVATE two\necho $PKGS_ENV $FOO "<$ONLY>"\ndeactivate-pkgs\necho $FOO "$PATH"',
        environ={"FOO": "mine", "PATH": "/usr/bin:/bin"},
    ),
    Scenario(
        "overlapping variables survive switching",
        "ACTIVATE one\nACTIVATE two\necho $FOO",
        "BAR",
        one=(Set("FOO", "BAR"),),
        two=(Set("FOO", "BAR"),),
    ),
    Scenario(
        "hooks run, with PKGS_ENV and after the variables",
        "pkgs_on_activate() { echo on $PKGS_ENV $FOO; HOOKED=yes; PATH=/hook:$PATH; }\n"
        "pkgs_on_deactivate() { echo off $PKGS_ENV $FOO; LEFT=yes; }\n"
        "ACTIVATE one\necho $HOOKED ${PATH%%:*}\ndeactivate-pkgs\necho $LEFT ${PKGS_ENV-unset}",
        "on @/one bar\nyes /hook\noff @/one old\nyes unset",
        one=(Set("FOO", "bar"),),
        fish="function pkgs_on_activate; echo on $PKGS_ENV $FOO; set -g HOOKED yes; set -gxp PATH /usr; end\n"
        "function pkgs_on_deactivate; echo off $PKGS_ENV $FOO; set -g LEFT yes; end\n"
        "ACTIVATE one\necho $HOOKED (string replace /usr /hook $PATH[1])\ndeactivate-pkgs\n"
        "echo $LEFT (set -q PKGS_ENV; or echo unset)",
        environ={"FOO": "old"},
    ),
    Scenario(
        "hooks run when switching",
        "pkgs_on_activate() { echo on ${PKGS_ENV##*/}; }\n"
        "pkgs_on_deactivate() { echo off ${PKGS_ENV##*/}; }\n"
        "ACTIVATE one\nACTIVATE two",
        "on one\noff one\non two",
        fish="function pkgs_on_activate; echo on (basename $PKGS_ENV); end\n"
        "function pkgs_on_deactivate; echo off (basename $PKGS_ENV); end\nACTIVATE one\nACTIVATE two",
    ),
    Scenario(
        "no hooks and the strictest options are no error",
        "STRICT\nACTIVATE one\nACTIVATE one\nACTIVATE two\ndeactivate-pkgs\necho still here",
        "still here",
        one=(Set("FOO", "bar"), Unset("NONE"), Prepend("NEW", "x")),
        two=(Append("MORE", "$UNKNOWN"), Set("EMPTY", "$UNKNOWN")),
        shells=POSIX_SHELLS,
    ),
    Scenario(
        "PKGS_PREPEND_PATH comes first",
        "ACTIVATE one\necho $PATH",
        "/p:/q:@/one/bin:/usr/bin:/bin",
        fish="ACTIVATE one\nstring join : $PATH",
        environ={"PKGS_PREPEND_PATH": "/p:/q", "PATH": "/usr/bin:/bin"},
    ),
    Scenario(
        "a shell without the functions leaves by the variables",
        "ACTIVATE one\nSHELL_C '. two/bin/activate-pkgs; echo $PKGS_ENV \"<${ONLY-unset}>\" $FOO'",
        "@/two <unset> second",
        one=(Set("ONLY", "one"), Set("FOO", "first")),
        two=(Set("FOO", "second"),),
        shells=POSIX_SHELLS,
    ),
    Scenario(
        "a shell started from an active one can deactivate",
        "ACTIVATE one\nSHELL_C '. one/bin/activate-pkgs\ndeactivate-pkgs\necho $FOO'",
        "old",
        one=(Set("FOO", "bar"),),
        environ={"FOO": "old"},
        shells=POSIX_SHELLS,
    ),
    Scenario("activation says so", "ACTIVATE one", "", err="pkgs environment @/one activated"),
    Scenario("quiet is silent", "ACTIVATE one\ndeactivate-pkgs", "", environ={"PKGS_QUIET": "1"}, err="-"),
    Scenario(
        "no function or variable of ours is left",
        "ACTIVATE one\ndeactivate-pkgs\nset | grep -i pkgs | "
        "grep -v -e ^PKGS_STATE_DIR= -e ^DEACTIVATED_PKGS= -e ^_= "
        "-e BASH_EXECUTION_STRING -e ZSH_EXECUTION_STRING",
        "",
        one=(Set("FOO", "bar"), Prepend("NEW", "x")),
        fish="ACTIVATE one\ndeactivate-pkgs\nfunctions -a | string match -r '^_pkgs_.*|^deactivate.pkgs'\n"
        "set -n | string match -i '*pkgs*' | string match -v -r '^(PKGS_STATE_DIR|DEACTIVATED_PKGS)$'",
        status=1,
    ),
]


def source(shell: str, environment: str) -> str:
    """Return the line that sources an environment's activation file."""
    return (
        f"source {environment}/bin/activate-pkgs.fish"
        if shell == "fish"
        else f". {environment}/bin/activate-pkgs"
    )


def words(shell: str, script: str) -> str:
    """Return ``script`` with its abbreviations written out for ``shell``."""
    strict = "set -euo pipefail" if shell in ("bash", "zsh") else "set -eu"
    script = script.replace("STRICT", strict).replace("SHELL_C", " ".join((shell, *PLAIN[shell], "-c")))
    return re.sub(r"ACTIVATE (\w+)", lambda match: source(shell, match[1]), script)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site's")


CASES = [
    pytest.param(each, shell, id=f"{each.name}-{shell}")
    for each in TABLE
    for shell in (*each.shells, *(RARE_SHELLS if "dash" in each.shells else ()))
]


@pytest.mark.parametrize(("scenario", "shell"), CASES)
def test_scenario(scenario: Scenario, shell: str, tmp_path: Path) -> None:
    if missing(shell):
        pytest.skip(f"{shell} is not installed")
    site = Site(tmp_path)
    site.environment("one", scenario.one)
    site.environment("two", scenario.two)
    script = scenario.fish if shell == "fish" and scenario.fish else scenario.script
    if shell == "zsh" and "PATH" in scenario.environ:
        # Its system-wide start-up file may set PATH.
        script = f"export PATH={scenario.environ['PATH']}\n{script}"
    done = site.run(shell, words(shell, script), environ=scenario.environ)
    assert done.out.splitlines() == scenario.out.replace("@", str(tmp_path)).splitlines(), done.err
    if scenario.err == "-":
        assert not done.err
    else:
        assert scenario.err.replace("@", str(tmp_path)) in done.err
        assert not unexpected(done.err)
    assert done.status in (0, scenario.status)


def unexpected(err: str) -> list[str]:
    """Return the lines of ``err`` that are not messages of ours."""
    ours = ("pkgs environment ", "This pkgs environment has already")
    return [line for line in err.splitlines() if not line.startswith(ours)]


def variables(file: Path) -> dict[str, str]:
    entries = file.read_bytes().decode(errors="surrogateescape").split("\0")
    found = dict(entry.split("=", 1) for entry in entries if entry)
    return {name: value for name, value in found.items() if name not in ("_", "SHLVL")}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_variable_is_restored_exactly(site: Site, shell: str) -> None:
    site.folder.mkdir()
    site.environment("one", [Set("SET", VALUE), Set("EMPTY", VALUE), Unset("GONE"), Prepend("LIST", "/x")])
    before = {"SET": VALUE + "\n\n", "EMPTY": "", "GONE": VALUE, "LIST": ":/a::/b:"}
    if shell == "fish":
        before["GONE"] += "\n"
    script = (
        f"command env -0 >1\n{source(shell, 'one')}\ncommand env -0 >2\ndeactivate-pkgs\ncommand env -0 >3"
    )
    done = site.run(shell, script, environ=before)
    first, active, last = (variables(site.folder / name) for name in "123")
    assert not unexpected(done.err)
    assert {name: first[name] for name in before} == before
    assert active["SET"] == active["EMPTY"] == VALUE.replace("$dollar", "").replace("${brace}", "")
    assert "GONE" not in active
    assert last == first


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_variable_that_was_not_exported_is_not_afterwards(site: Site, shell: str) -> None:
    site.folder.mkdir()
    site.environment("one", [Set("PLAIN", "new")])
    assign = "set -g PLAIN old" if shell == "fish" else "PLAIN=old"
    script = f"{assign}\n{source(shell, 'one')}\ndeactivate-pkgs\necho $PLAIN\ncommand env | grep PLAIN"
    assert site.run(shell, script).out == "old\n"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", NAMES)
def test_any_directory_name_will_do(site: Site, shell: str, name: str) -> None:
    site.folder.mkdir()
    environment = site.environment(name, [Set("FOO", "bar"), Prefix("ARGS", literal(name))])
    script = (
        f"{FIXED[shell]}\n{source(shell, '.')}\n"
        'printf "%s|" "$FOO" "$PKGS_ENV" "$PATH" "$ARGS"\n'
        'deactivate-pkgs\nprintf "%s|" "$PATH" "$PKGS_ENV$ARGS"'
    )
    for _ in range(2):
        done = site.run(shell, script, cwd=environment.root, environ={"ARGS": "-x"})
        active = f"bar|{environment.root}|{environment.bin}:/usr/bin:/bin|{name}-x|"
        assert done.out == f"{active}/usr/bin:/bin|-x|", done.err
    assert environment.calls == 1


def reach(site: Site) -> dict[str, tuple[Path, str]]:
    """Return ways to an environment: the current directory, and the path typed there."""
    root = site.environment("deep/real", [Set("FOO", "bar")]).root
    (root / "sub/sub").mkdir(parents=True)
    (site.folder / "link").symlink_to("deep/real")
    (root / "sub/activate").symlink_to("../bin/activate-pkgs")
    (root / "sub/activate.fish").symlink_to("../bin/activate-pkgs.fish")
    (site.folder / "elsewhere").symlink_to(root / "sub")
    return {
        "below": (root / "sub/sub", "../../bin/activate-pkgs"),
        "inside": (root / "bin", "./activate-pkgs"),
        "dots": (root, ".//bin/./../bin/activate-pkgs"),
        "absolute": (Path("/"), f"{root}/bin/activate-pkgs"),
        "linked directory": (site.folder, "link/bin/activate-pkgs"),
        "linked file": (root, "sub/activate"),
        "dots after a link": (site.folder, "elsewhere/../bin/activate-pkgs"),
    }


@pytest.mark.parametrize("shell", SHELLS)
def test_it_knows_where_it_is(site: Site, shell: str) -> None:
    site.folder.mkdir()
    for way, (cwd, typed) in reach(site).items():
        line = f'source "{typed}.fish"' if shell == "fish" else f'. "{typed}"'
        done = site.run(shell, f"{line}\necho $FOO $PKGS_ENV", cwd=cwd)
        assert done.out.startswith("bar "), (way, done.err)
        assert Path(done.out[4:-1]).samefile(site.folder / "deep/real"), way


TALKING = {
    "bash": 'cd() { builtin cd "$@" && ls; }\nshopt -s expand_aliases\nalias cd="echo going; cd"',
    "zsh": "chpwd() { ls }",
    "dash": 'cd() { command cd "$@" && ls; }',
}


@pytest.mark.parametrize("shell", TALKING)
def test_it_knows_where_it_is_though_cd_says_so_too(site: Site, shell: str) -> None:
    site.folder.mkdir()
    for way, (cwd, typed) in reach(site).items():
        done = site.run(shell, f'{TALKING[shell]}\n. "{typed}"\necho $FOO', cwd=cwd)
        assert done.out == "bar\n", (way, done.err)


@pytest.mark.parametrize("shell", POSIX_SHELLS)
def test_a_sourced_script_may_source_it(site: Site, shell: str) -> None:
    site.folder.mkdir()
    site.environment("one", [Set("FOO", "bar")])
    (site.folder / "outer.sh").write_text(". one/bin/activate-pkgs\necho $FOO\n")
    assert site.run(shell, ". ./outer.sh").out == "bar\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_run_instead_of_sourced_it_says_so(site: Site, shell: str) -> None:
    site.folder.mkdir()
    site.environment("one")
    file = "one/bin/activate-pkgs"
    done = site.run(shell, f"fish --no-config {file}.fish" if shell == "fish" else f"{shell} {file}")
    assert (done.status, done.out) == (33, "")
    assert "must be sourced" in done.err


@pytest.mark.parametrize("shell", SHELLS)
def test_a_failure_of_pkgs_is_the_status_and_changes_nothing(site: Site, shell: str) -> None:
    site.folder.mkdir()
    environment = site.environment("one")
    (environment.bin / "pkgs.hcl").write_text("broken")
    status = "$status" if shell == "fish" else "$?"
    done = site.run(shell, f'{source(shell, "one")}\necho {status} "<$PKGS_ENV$ACTIVE_PKGS>"')
    assert done.out == "1 <>\n"
    assert done.err.startswith("pkgs: error: ")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_state_directory_that_cannot_be_written_only_costs_time(site: Site, shell: str) -> None:
    site.folder.mkdir()
    environment = site.environment("one", [Set("FOO", "bar")])
    site.state.write_text("not a directory")
    for calls in (1, 2):
        assert site.run(shell, f"{source(shell, 'one')}\necho $FOO").out == "bar\n"
        assert environment.calls == calls


def touched(path: Path) -> None:
    path.touch()
    os.utime(path)


CHANGES: dict[str, Callable[[StubEnvironment, Path], object]] = {
    "a pin": lambda env, home: (env.bin / "tool").symlink_to("pkgs"),
    "the configuration": lambda env, home: env.set(Set("FOO", "new")),
    "the lock": lambda env, home: (env.bin / "pkgs.lock").write_text("version = 1\n"),
    "an older configuration": lambda env, home: os.utime(env.bin / "pkgs.hcl", (1, 1)),
    "the user's configuration": lambda env, home: touched(home / ".pkgs.hcl"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("shell", SHELLS)
def test_python_runs_once_for_each_change(site: Site, shell: str, change: str) -> None:
    site.folder.mkdir()
    environment = site.environment("one", [Set("FOO", "bar")])
    script = f"{source(shell, 'one')}\necho $FOO"
    for _ in range(3):
        assert site.run(shell, script).out == "bar\n"
    assert environment.calls == 1
    CHANGES[change](environment, site.folder / "home")
    for _ in range(2):
        assert site.run(shell, script).out == ("new\n" if change == "the configuration" else "bar\n")
    assert environment.calls == 2


@pytest.mark.parametrize("shell", SHELLS)
def test_a_missing_package_is_seen_by_the_next_activation(site: Site, shell: str) -> None:
    site.folder.mkdir()
    environment = site.environment("one")
    tree = site.folder.parent / "tree"
    tree.mkdir()
    for calls in (1, 1):
        site.run(shell, source(shell, "one"), environ={"STUB_PRESENT": str(tree)})
        assert environment.calls == calls
    tree.rmdir()
    site.run(shell, f"{source(shell, 'one')}\n{source(shell, 'one')}", environ={"STUB_PRESENT": str(tree)})
    assert environment.calls > 1


def processes(site: Site, shell: str) -> int:
    """Return how many processes ``script.sh`` starts."""
    trace = site.folder / "trace"
    strace = f"strace -f -qq -o {trace.name} -e trace=fork,vfork,clone,clone3"
    site.run("dash", f"{strace} {shell} {'--no-config' if shell == 'fish' else ''} ./script.sh")
    calls = [line for line in trace.read_text().splitlines() if "CLONE_THREAD" not in line]
    return sum("fork(" in line or "clone" in line for line in calls)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("shell", SHELLS)
def test_warm_activation_starts_no_process(site: Site, shell: str) -> None:
    """dash cannot know which file it sources without looking it up: one process."""
    site.folder.mkdir()
    environment = site.environment("one", [Set("FOO", "bar"), Prepend("PATH", "/x")])
    assert site.run(shell, source(shell, "one")).status == 0
    script = site.folder / "script.sh"
    script.write_text("true\n")
    empty = processes(site, shell)
    script.write_text(f"{source(shell, 'one')}\ndeactivate-pkgs\necho done >end\n")
    assert processes(site, shell) - empty == (1 if shell == "dash" else 0)
    assert (site.folder / "end").exists()
    assert environment.calls == 1


# Words are split at these, and "cd" goes elsewhere, and says so.
AWKWARD = "IFS=' _/:0123456789pkgsPKGSbinone'; CDPATH=/:/usr:.."
OPTIONS = {
    "bash in POSIX mode": ("bash", "set -o posix -eu; IFS="),
    "bash without globs": ("bash", "set -f; set -C; IFS=:; shopt -s nullglob failglob extglob"),
    "bash with traps": ("bash", "set -aeu; set -o functrace; trap true DEBUG ERR"),
    "bash of the strictest": ("bash", f"set -euo pipefail -o posix -o noclobber; {AWKWARD}"),
    "dash": ("dash", "IFS=; set -fCeu; unset HOME"),
    "dash with awkward variables": ("dash", f"set -eu; {AWKWARD}"),
    "busybox": ("busybox", f"set -euo pipefail; {AWKWARD}"),
    "mksh": ("mksh", f"set -euo pipefail; {AWKWARD}"),
    "ksh93": ("ksh93", f"set -euo pipefail; {AWKWARD}"),
    "zsh of the strictest": (
        "zsh",
        f"setopt no_unset err_exit ksh_arrays sh_word_split no_clobber pipe_fail; {AWKWARD}",
    ),
    "zsh of all kinds": (
        "zsh",
        "setopt ksh_arrays no_unset err_return warn_create_global glob_subst extended_glob no_clobber",
    ),
    "zsh as sh": ("zsh", "emulate sh; set -eu"),
    "zsh as ksh": ("zsh", "emulate ksh; setopt posix_builtins rc_expand_param sh_file_expansion"),
    "zsh like csh": ("zsh", "setopt csh_null_glob all_export auto_name_dirs rc_quotes ignore_braces"),
}


@pytest.mark.parametrize("options", OPTIONS)
def test_any_options_will_do(site: Site, options: str) -> None:
    site.folder.mkdir()
    site.environment("one", [Set("FOO", "bar"), Prepend("LIST", "/x"), Append("LIST", "/y"), Unset("GONE")])
    shell, line = OPTIONS[options]
    if missing(shell):
        pytest.skip(f"{shell} is not installed")
    show = 'printf "%s " "${FOO-none}" "$LIST" "${GONE-gone}"'
    script = f"{line}\n{source(shell, 'one/../one')}\n{show}\ndeactivate-pkgs\n{show}"
    for _ in range(2):
        done = site.run(shell, script, environ={"GONE": "here", "LIST": "/a"})
        assert (done.out, done.status) == ("bar /x:/a:/y gone none /a here ", 0)
        assert not unexpected(done.err)


def test_fish_may_split_nothing_into_lines(site: Site) -> None:
    site.folder.mkdir()
    site.environment("one", [Set("FOO", "bar"), Prepend("LIST", "/x"), Append("LIST", "/y"), Unset("GONE")])
    show = 'printf "%s " "$FOO" "$LIST" "$GONE"'
    script = f"set -g IFS ''\n{source('fish', 'one/../one')}\n{show}\ndeactivate-pkgs\n{show}"
    for _ in range(2):
        done = site.run("fish", script, environ={"GONE": "here", "LIST": "/a"})
        assert (done.out, done.status) == ("bar /x:/a:/y   /a here ", 0), done.err


def test_dash_says_what_to_do_where_it_cannot_know_its_place(site: Site) -> None:
    site.folder.mkdir()
    environment = site.environment("one", [Set("FOO", "bar")])
    blind = (environment.bin / "activate-pkgs").read_text().replace("/proc/self/stat", "/nonexistent")
    (environment.bin / "activate-pkgs").write_text(blind)
    (environment.root / "sub").mkdir()
    below = site.run("dash", '. ../bin/activate-pkgs; echo "$FOO"', cwd=environment.root / "sub")
    assert below.out == "bar\n"
    away = site.run("dash", '. one/bin/activate-pkgs; echo "$? $FOO"')
    assert away.out == "1 \n"
    assert "hint: go to the environment's directory first" in away.err


@pytest.mark.parametrize("shell", POSIX_SHELLS)
def test_evaluating_the_command_is_as_good(site: Site, shell: str) -> None:
    site.folder.mkdir()
    site.environment("one", [Set("FOO", "bar")])
    site.environment("two")
    done = site.run(shell, 'eval "$("$PWD/one/bin/pkgs" activate --shell sh "$PWD/one")"; echo $FOO')
    assert done.out == "bar\n"
    other = site.run(shell, '"$PWD/one/bin/pkgs" activate --shell sh "$PWD/two"')
    assert (other.status, other.out) == (1, "")
    assert "is not the environment" in other.err


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_without_the_functions_can_evaluate_deactivate(site: Site, shell: str) -> None:
    site.folder.mkdir()
    one = site.environment("one", [Set("FOO", "bar"), Prepend("LIST", "/x")])
    active = site.run("dash", ". one/bin/activate-pkgs\nenv -0", environ={"FOO": VALUE}).out.split("\0")
    environ = dict(entry.split("=", 1) for entry in active if entry)
    kind = "fish" if shell == "fish" else "sh"
    line = f"$PWD/one/bin/pkgs deactivate --shell {kind}"
    script = (
        f"{line} | source"
        if shell == "fish"
        else f'eval "$("${{PWD}}/one/bin/pkgs" deactivate --shell {kind})"'
    )
    done = site.run(shell, f"{script}\ncommand env -0", environ=environ)
    found = dict(entry.split("=", 1) for entry in done.out.split("\0") if entry)
    assert found["FOO"] == VALUE
    assert str(one.bin) not in found["PATH"]
    assert not [name for name in found if name.startswith(("_PKGS", "ACTIVE_PKGS", "PKGS_ENV", "LIST"))]
