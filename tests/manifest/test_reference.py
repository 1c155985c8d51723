"""The manifest reference says what the schema says, and its examples work."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pkgs.manifest.load import load_manifest
from pkgs.manifest.schema import Body, LayerBody, ManifestBody
from pkgs.manifest.shape import attributes, blocks
from pkgs.package.model import Places
from pkgs.package.resolve import resolve
from pkgs.package.selectors import GlobSelector
from pkgs.platforms import PLATFORMS

DOCS = Path(__file__).parents[2] / "docs"
LABELS = {"version": '"1.0.0"', "platform": '"linux"', "on": '"unpack"', "channel": '"stable"'}
BASE = {
    "description": 'description = "A tool"',
    "binaries": 'binaries = ["tool"]',
    "source": 'source = "https://example.org/tool.tar.gz"',
}

Path_ = tuple[tuple[str, type[Body]], ...]


def examples() -> list[Any]:
    """Return every attribute's example in a manifest of its own, with the attribute's name as test id."""
    found = []
    waiting: list[Path_] = [(("", ManifestBody),)]
    seen: set[type[Body]] = {ManifestBody}
    for path in waiting:
        model = path[-1][1]
        for name, field in attributes(model).items():
            if len(path) == 1 or name not in attributes(LayerBody) or not issubclass(model, LayerBody):
                where = "/".join([block for block, _ in path[1:]] + [name])
                found.append(pytest.param(manifest(path, name, field.examples[0]), path[1:], id=where))
        for name, (inner, _) in blocks(model).items():
            if inner not in seen:
                seen.add(inner)
                waiting.append((*path, (name, inner)))
    return found


def manifest(path: Path_, name: str, example: str) -> str:
    """Return a manifest whose innermost body on ``path`` holds the example, and every body what it must."""
    text = "\n".join({**required(path[-1][1]), name: example}.values())
    for (block, _), (_, outer) in zip(reversed(path[1:]), reversed(path[:-1]), strict=True):
        text = "\n".join([*required(outer).values(), f"{block} {LABELS.get(block, '')} {{\n{text}\n}}"])
    present = set() if len(path) > 1 else {name, "description"}
    base = [line for key, line in BASE.items() if key not in present and not text.startswith(f"{key} =")]
    version = "" if path[1:2] and path[1][0] == "version" else 'version "1.0.0" {}'
    return "\n".join([*base, text, version])


def required(model: type[Body]) -> dict[str, str]:
    return {name: field.examples[0] for name, field in attributes(model).items() if field.is_required()}


@pytest.mark.parametrize(("text", "path"), examples())
def test_every_example_resolves(text: str, path: Path_) -> None:
    loaded = load_manifest(text, name="tool", path="tool.hcl")
    selector = GlobSelector.parse("tool@stable" if path and path[0][0] == "channel" else "tool-1.0.0")
    for platform in PLATFORMS:
        assert resolve(loaded, selector, platform, Places.symbolic(), today=None).source


def test_every_attribute_has_an_example() -> None:
    assert len(examples()) > 50


def test_the_page_is_what_the_schema_says() -> None:
    text = (DOCS / "reference" / "manifest.md").read_text(encoding="utf-8")
    assert generator().MARK in text
    assert text == generator().page("manifest.md")


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
