"""The reference of the command line says what the parsers say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

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
    assert text == generator().page("cli.md"), "run: python docs/generate.py"
