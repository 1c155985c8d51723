"""What the documentation says is so: links lead somewhere, manifests load, commands and their flags exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pkgs import __version__
from pkgs.cli.main import COMMANDS
from pkgs.manifest.load import load_manifest
from tests.support.markdown import ROOT, Block, blocks, local_links, pages

# "use pkgs" is direnv's.
COMMAND = re.compile(
    r"(?:^|[\s`(])(?<!use )(?:bin/)?pkgs ([a-z]+(?:-[a-z]+)*(?: [^\n`|>&;)]*)?)", re.MULTILINE
)


def shell_blocks() -> list[Block]:
    return [block for page in pages() for shell in ("sh", "bash", "fish") for block in blocks(page, shell)]


def called() -> Iterator[list[str]]:
    """Return the words of every call of pkgs in a shell block, without ``pkgs`` itself."""
    for block in shell_blocks():
        for call in COMMAND.findall(block.text):
            yield shlex.split(call, comments=True)


@cache
def help_of(command: str) -> str:
    """Return a command's help; that of pkgs, with the flags of every command, for ""."""
    done = subprocess.run(
        [sys.executable, "-m", "pkgs", *filter(None, [command]), "--help"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def headings(page: Path) -> set[str]:
    """Return a page's headings as links name them: in lower case, without punctuation, joined by hyphens."""
    found = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_the_readme_begins_with_the_two_commands() -> None:
    first, second = (block.text for block in blocks(ROOT / "README.md", "sh")[:2])

    assert first == ". bin/activate-pkgs && dagu version\n"
    assert second == "bin/check\n"


def test_ci_runs_the_readmes_own_command() -> None:
    second = blocks(ROOT / "README.md", "sh")[1].text.strip()

    assert (ROOT / ".ci" / "run").read_text("utf-8").splitlines()[-1] == f"exec {second}"


def test_the_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## \[(.*?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert versions[0] == __version__


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert [target for target in local_links(page) if not target.exists()] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_into_pages_name_a_heading(page: Path) -> None:
    links = re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", page.read_text("utf-8"))

    targets = [(page.parent / path if path else page, heading) for path, heading in links]
    assert [(str(path), heading) for path, heading in targets if heading not in headings(path)] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_manifests_shown_are_manifests(page: Path) -> None:
    for block in blocks(page, "hcl"):
        if "description" in block.text:
            load_manifest(block.text, name="hello", path=page.name)


def test_commands_shown_exist_with_their_flags() -> None:
    missing = [
        f"pkgs {words[0]} {flag}".rstrip()
        for words in called()
        for flag in ("", *(word.partition("=")[0] for word in words[1:] if word.startswith("-")))
        if words[0] not in COMMANDS or flag not in help_of(words[0]) + help_of("")
    ]

    assert missing == []
