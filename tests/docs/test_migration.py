"""What the page about migrating tells people to type, typed, without a network."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support.checkout import pkgs_on_path
from tests.support.hermits import LAYOUTS, Hermits
from tests.support.markdown import ROOT, blocks

PAGE = ROOT / "docs" / "how-to" / "migrate-from-hermit.md"


def test_the_page_can_be_followed(tmp_path: Path) -> None:
    hermits = Hermits.make(tmp_path, LAYOUTS[2])
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "hermit"]):
        subprocess.run(["git", *words], cwd=hermits.root, check=True)
    *steps, beside = (block.text for block in blocks(PAGE, "sh"))
    path = f"{pkgs_on_path(tmp_path / 'commands')}{os.pathsep}{os.environ['PATH']}"

    done = hermits.run("bash", "-ec", "".join(steps), PATH=path)

    assert done.status == 0, done.err
    assert "go 1.22.5" in done.out
    assert not (hermits.bin / "hermit").exists()
    assert hermits.run("git", "log", "-1", "--format=%s").out == "Pin tools with pkgs\n"
    hermits.run("git", "checkout", "-q", "HEAD~1", "--", ".")
    assert hermits.run("bash", "-ec", beside, PATH=path).status == 0
    assert hermits.run(".pkgs/bin/go").out == "go 1.22.5\n"


def test_going_back_before_the_commit(tmp_path: Path) -> None:
    hermits = Hermits.make(tmp_path, LAYOUTS[2])
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "hermit"]):
        subprocess.run(["git", *words], cwd=hermits.root, check=True)
    hermits.pkgs("migrate")

    hermits.run("git", "checkout", ".hermit/bin")

    assert str((hermits.bin / ".go-1.22.5.pkg").readlink()) == "hermit"
