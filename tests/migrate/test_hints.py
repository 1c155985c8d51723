"""What is written instead of a line that calls hermit."""

from __future__ import annotations

import pytest

from pkgs.migrate.hints import replacement


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("layout hermit", "use pkgs  # once on each machine: pkgs shell-hooks --direnv"),
        (". bin/activate-hermit", ". bin/activate-pkgs"),
        ('source "$(find . -name activate-hermit)"', 'source "$(find . -name activate-pkgs)"'),
        ("deactivate-hermit", "deactivate-pkgs"),
        ("\t@.hermit/bin/hermit install", "@.hermit/bin/pkgs install"),
        ("hermit install go", "pkgs install go"),
        ('eval "$(.hermit/bin/hermit env --raw)"', ".hermit/bin/pkgs env --github"),
        ('.hermit/bin/hermit env --raw >> "$GITHUB_ENV"', ".hermit/bin/pkgs env --github"),
        ("- uses: cashapp/activate-hermit@v1", "- run: {bin}/pkgs env --github"),
        ('cd "$HERMIT_ENV"', 'cd "$PKGS_ENV"'),
        ("export HERMIT_STATE_DIR=/cache", "export PKGS_STATE_DIR=/cache"),
        ('[ -n "$ACTIVE_HERMIT" ]', '[ -n "$ACTIVE_PKGS" ]'),
        (". bin/activate-hermit && hermit install", ". bin/activate-pkgs && pkgs install"),
        ("a hermit crab lives alone", ""),
        ("# managed by Hermit", ""),
        ("url = github.com/someone/hermit-packages", ""),
    ],
)
def test_a_line_of_code(line: str, instead: str) -> None:
    assert replacement(line) == instead


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("Run `hermit install go` first.", "Run `pkgs install go` first."),
        ("    $ . bin/activate-hermit", "$ . bin/activate-pkgs"),
        ("To make hermit install go, ask it.", ""),
    ],
)
def test_in_prose_only_commands_count(line: str, instead: str) -> None:
    assert replacement(line, prose=True) == instead
