"""The reference of the command line says what the parsers say."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

from pkgs.environment.configschema import EnvironmentFile

DOCS = Path(__file__).parents[2] / "docs"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate_cli", DOCS / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_parsers_say() -> None:
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")

    assert generator().MARK in text
    assert text == generator().page("cli.md"), "run: PYTHONPATH=src .venv/bin/python docs/generate.py"


def test_every_attribute_of_the_configuration_is_told_of() -> None:
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    section = text.partition("## The environment's configuration")[2].partition("\n## ")[0]

    names = [field.alias or name for name, field in EnvironmentFile.model_fields.items()]
    assert sorted(re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE)) == sorted(names)


def test_the_index_lists_every_page_once() -> None:
    listed = re.findall(r"\]\(([\w/.-]+\.md)\)", (DOCS / "README.md").read_text(encoding="utf-8"))

    there = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"README.md"}
    assert sorted(listed) == sorted(there)


def test_the_index_calls_decisions_by_their_titles() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")

    for page in sorted((DOCS / "adr").glob("*.md")):
        number, _, title = (
            page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").partition(". ")
        )
        assert f"{number}. [{title}](adr/{page.name})\n" in index
