"""``pkgs resolve`` answers as hermit does, line for line; its exit status says whether all went well."""

from __future__ import annotations

import io
import json
import lzma
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tests.support.corpus import CORPUS, needs_corpus

MAIN = [sys.executable, "-I", str(ROOT / "src" / "pkgs" / "__main__.py"), "resolve", "--json"]
MANIFEST = """\
description = "A tool"
binaries = ["jot"]
version "1.0.0" "1.10.0" "1.9.0" {}
linux { source = "https://example.invalid/jot-${version}-${arch}" }
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a directory with one manifest, which has a source for Linux only."""
    directory = tmp_path / "manifests"
    directory.mkdir()
    (directory / "jot.hcl").write_text(MANIFEST)
    return directory


def resolve(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MAIN, *words], input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


def test_selectors_are_answered_for_the_platform_asked(source: Path) -> None:
    done = resolve("--source", str(source), "--platform", "linux-arm64", "jot", "jot-1.9.*")

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [answer["package"]["reference"] for answer in answers] == ["jot-1.10.0", "jot-1.9.0"]
    assert answers[0]["package"]["source"] == "https://example.invalid/jot-1.10.0-arm64"


def test_an_error_is_an_answer_and_the_exit_status(source: Path) -> None:
    done = resolve("--source", str(source), "--platform", "darwin-arm64", "jot")

    assert json.loads(done.stdout)["error"] == "no-source"
    assert "has no source for darwin-arm64" in done.stderr
    assert done.returncode == 1


def test_an_error_is_told_with_what_helps_also_when_quiet(source: Path) -> None:
    done = resolve("--quiet", "--source", str(source), "jit", "jot-1.0.0")

    assert [json.loads(line).get("error") for line in done.stdout.splitlines()] == ["unknown-package", None]
    assert done.stderr == "pkgs: error: there is no package jit\nhint: pkgs search jit\n"
    assert done.returncode == 1


def test_lines_are_answered_in_order_whatever_they_ask(source: Path) -> None:
    asked = "jot\tlinux-amd64\njot\njot-7\tlinux-amd64\ninkpot\tlinux-amd64\n"

    done = resolve("--source", str(source), "-", stdin=asked)

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert answers[0]["package"]["reference"] == "jot-1.10.0"
    assert answers[1] == {"name": "jot", "sorted_versions": ["1.0.0", "1.9.0", "1.10.0"]}
    assert [answer.get("error") for answer in answers[2:]] == ["unknown-version", "unknown-package"]


@pytest.mark.parametrize(
    ("stdin", "status", "says"),
    [
        ("<&-", 0, ""),
        (
            "<<<$'jot\\nb\\tplan9-mips'",
            2,
            "pkgs: error: line 2 of standard input: unknown platform 'plan9-mips'\nhint: known platforms: ",
        ),
    ],
)
def test_input_that_holds_no_lines_to_answer(source: Path, stdin: str, status: int, says: str) -> None:
    command = f'exec "$@" {stdin}'
    done = subprocess.run(
        ["bash", "-c", command, "bash", *MAIN, "--source", str(source), "-"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr[: len(says)]) == (status, says), done.stderr


def test_an_unknown_platform_names_the_known_ones(source: Path) -> None:
    done = resolve("--source", str(source), "--platform", "plan9-mips", "jot")

    assert done.returncode == 2
    assert "linux-amd64, linux-arm64, darwin-amd64, darwin-arm64" in done.stderr


def test_a_missing_source_is_said(tmp_path: Path) -> None:
    done = resolve("--source", str(tmp_path / "none"), "jot")

    assert done.returncode == 1
    assert "there is no directory" in done.stderr


@needs_corpus
def test_the_command_prints_the_corpus_byte_for_byte() -> None:
    with lzma.open(CORPUS / "resolved.jsonl.xz", "rt", encoding="utf-8") as lines:
        expected = [line.rstrip("\n") for line in islice(lines, 3000)]
    asked = io.StringIO()
    for answer in map(json.loads, expected):
        platform = f"\t{answer['platform']}" if "platform" in answer else ""
        asked.write(f"{answer.get('selector', answer['name'])}{platform}\n")

    done = resolve("--source", str(CORPUS / "manifests"), "-", stdin=asked.getvalue())

    assert done.returncode == 0
    assert done.stdout.splitlines() == expected
