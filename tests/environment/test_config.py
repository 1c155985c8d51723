"""Configurations of environments and of users."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pkgs.environment.config import (
    Config,
    UserConfig,
    parse_config,
    parse_user_config,
    read_config,
    read_user_config,
)
from pkgs.errors import EnvError

FILE = Path("pkgs.hcl")


def test_everything_that_can_be_said() -> None:
    text = """\
env = { "A": "b" }
sources = ["env:///x"]
manage-git = false
inherit-parent = true
install-on-activate = ["go"]
idea = true
github-token-auth { match = ["org/*"] }
"""
    assert parse_config(text, FILE) == Config(
        {"A": "b"}, ("env:///x",), False, True, ("go",), True, ("org/*",)
    )


def test_what_hermit_itself_writes_is_read() -> None:
    assert parse_config("github-token-auth {\n}\n", FILE) == Config()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = 1", "pkgs.hcl:1: unknown attribute 'a'"),
        (
            "\nmanage-gitt = true",
            "pkgs.hcl:2: unknown attribute 'manage-gitt' (did you mean \"manage-git\"?)",
        ),
        ('env = { "A-B": "x" }', "pkgs.hcl:1: env.A-B: 'A-B' cannot be the name of a variable"),
        ("idea = 3", "pkgs.hcl:1: idea: input should be a valid boolean"),
        ('sources = "x"', "pkgs.hcl:1: sources: input should be a valid list"),
        ("env = {", "pkgs.hcl:1: "),
    ],
)
def test_faults_are_named_with_their_places(text: str, says: str) -> None:
    with pytest.raises(EnvError) as caught:
        parse_config(text, FILE)

    assert says in caught.value.message


def test_a_users_configuration() -> None:
    text = 'prompt = "none"\nno-git = true\nidea = true\ndefaults {\n  manage-git = false\n}\n'

    assert parse_user_config(text, FILE) == UserConfig("none", True, True, Config(manage_git=False))
    assert parse_user_config('prompt = "env"\nshort-prompt = true', FILE).prompt == "short"
    assert parse_user_config("", FILE) == UserConfig()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('prompt = "long"', "pkgs.hcl:1: prompt: input should be 'env', 'short' or 'none'"),
        ("defaults {\n  idee = 1\n}", "pkgs.hcl:2: unknown attribute 'idee' (did you mean \"idea\"?)"),
        ("defaults {\n  idea = 1\n}", "pkgs.hcl:2: defaults.idea: input should be a valid boolean"),
    ],
)
def test_faults_of_a_users_configuration(text: str, says: str) -> None:
    with pytest.raises(EnvError) as caught:
        parse_user_config(text, FILE)

    assert says in caught.value.message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "pkgs.hcl").mkdir()

    with pytest.raises(EnvError, match="cannot read"):
        read_user_config(tmp_path / "pkgs.hcl")


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "pkgs.hcl"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")

    with pytest.raises(EnvError, match="no regular file"):
        read_config(path)


def test_a_users_configuration_may_come_from_a_pipe() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"idea = true\n")
    os.close(writer)

    assert read_user_config(Path(f"/dev/fd/{reader}")).idea
    os.close(reader)


def test_what_is_no_text_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "pkgs.hcl").write_bytes(b"idea = true\n# \xff\n")

    with pytest.raises(EnvError, match="line 2 is not UTF-8"):
        read_config(tmp_path / "pkgs.hcl")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("idea = true\n\nidea = false\n", 'pkgs.hcl:3: "idea" is given twice, first on line 1'),
        (
            "\ngithub-token-auth {\n}\ngithub-token-auth {\n}\n",
            'pkgs.hcl:4: "github-token-auth" is given twice, first on line 2',
        ),
    ],
)
def test_of_two_values_none_is_taken_in_silence(text: str, says: str) -> None:
    with pytest.raises(EnvError) as caught:
        parse_config(text, FILE)

    assert says in caught.value.message
