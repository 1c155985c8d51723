"""How values are written: each reader gives back what was written for it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgs.envops import Set
from pkgs.errors import EnvError, UsageError
from pkgs.shim.shells import (
    FISH,
    assignments,
    dialect,
    docker,
    dotenv,
    github_env,
    github_path,
    plain,
    prompt_name,
    quote,
    statement,
)
from tests.support.shells import SHELLS, Site

VALUES = [
    "",
    "plain",
    '=test"value"',
    "it's",
    "a\\b\\\\c\\",
    "$HOME ${x} `x` $(x)",
    "two\nlines\n",
    " ~ * ! # é\t",
]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("value", VALUES)
def test_a_quoted_value_is_itself(shell: str, value: str, tmp_path: Path) -> None:
    done = Site(tmp_path).run(shell, f"printf '<%s>' {quote(value, dialect(shell))}")
    assert done.out == f"<{value}>"


@pytest.mark.parametrize("shell", SHELLS)
def test_assignments_set_and_unset(shell: str, tmp_path: Path) -> None:
    lines = assignments({"A": "it's\n", "B": None}, dialect(shell))
    done = Site(tmp_path).run(shell, lines + "command env -0", environ={"B": "b"})
    found = dict(line.split("=", 1) for line in done.out.split("\0") if line)
    assert (found["A"], found.get("B")) == ("it's\n", None)


@pytest.mark.parametrize("name", ["a b", "A;x", "$(x)", "", "1A", "A=", "A\n"])
def test_a_name_that_would_be_executed_is_refused(name: str) -> None:
    attempts: tuple[Callable[[], str], ...] = (
        lambda: statement(Set(name, "x")),
        lambda: assignments({name: "x"}, FISH),
        lambda: github_env({name: "x"}),
        lambda: dotenv({name: "x"}),
        lambda: docker({name: "x"}),
    )
    for attempt in attempts:
        with pytest.raises(EnvError):
            attempt()


def test_shells_are_known_by_name_and_path() -> None:
    assert [dialect(each) for each in ("/usr/bin/fish", "-zsh", "bash", "sh")] == ["fish", "sh", "sh", "sh"]
    with pytest.raises(UsageError, match="csh"):
        dialect("/bin/csh")


# hermit's table (shell/quote_test.go), as far as text can say it.
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain-name_1.0", "plain-name_1.0"),
        ("$(printf PWNED>RCE.txt)", "__printf PWNED_RCE.txt_"),
        ("a/b", "b"),
        ("", "."),
        ("x%n\\$`!'\"", "x_n______"),
        ("ünï✓e\u0301", "ünï_e\u0301"),
        ("+,=:@~", "+,=:@~"),
    ],
)
def test_names_in_prompts_are_harmless(name: str, shown: str) -> None:
    assert prompt_name(name) == shown


def read_github(text: str) -> dict[str, str]:
    """Read a GITHUB_ENV file by its documented rules."""
    found, lines = {}, iter(text.split("\n"))
    for line in lines:
        if line:
            name, delimiter = line.split("<<")
            found[name] = "\n".join(iter(lambda: next(lines), delimiter))
    return found


def test_github_env_holds_any_value() -> None:
    values = {f"V{number}": value for number, value in enumerate([*VALUES, "PKGS_END\nPKGS_END_\nEVIL=1"])}
    text = github_env({**values, "GONE": None, "PATH": "/x"})
    assert read_github(text) == {**values, "GONE": ""}


def test_github_path_keeps_the_order() -> None:
    assert github_path("/usr/bin:/bin", "/first:/second:/usr/bin:/bin") == "/second\n/first\n"
    with pytest.raises(EnvError):
        github_path(None, "/a\nb")


def test_dotenv_is_read_by_a_shell_as_it_was() -> None:
    for value in VALUES:
        if "\n" not in value:
            text = f'set -a\n{dotenv({"A": value, "B": None})}printf "<%s>" "$A"'
            assert subprocess.run(["sh", "-c", text], capture_output=True, text=True).stdout == f"<{value}>"
    assert dotenv({"A": "x\n'y"}) == 'A="x\\n\'y"\n'


def test_docker_lines() -> None:
    assert docker({"B": 'a"$b\\', "A": "x y", "C": None}) == 'ENV A="x y"\nENV B="a\\"\\$b\\\\"\n'
    with pytest.raises(EnvError, match="A"):
        docker({"A": "x\ny"})


def test_plain_lines_are_sorted_and_quoted() -> None:
    assert plain({"B": "it's", "A": "", "C": None}) == "A=''\nB='it'\\''s'\n"


def test_no_part_of_a_reference_is_executed() -> None:
    assert re.fullmatch(r"_pkgs_set A 'x'\"\$\{B-\}\"'y'", statement(Set("A", "x${B}${C;rm}y")))
