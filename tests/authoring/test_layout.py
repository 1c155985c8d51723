"""What is found in archives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pkgs.authoring.layout import Layout, layout_of
from pkgs.errors import ArchiveError
from tests.support.archives import make_tar_gz

TOOL, TEXT, LIBRARY = b"#!/bin/sh\n", b"words\n", b"\x7fELF"


@pytest.mark.parametrize(
    ("files", "layout"),
    [
        ({"tool": TOOL, "LICENSE": TEXT}, Layout(0, ("tool",))),
        ({"tool-1/tool": TOOL, "tool-1/other": TOOL}, Layout(1, ("tool",))),
        ({"a/b/bin/tool": TOOL, "a/b/lib/x.so.1": LIBRARY}, Layout(2, ("bin/tool",))),
        ({"x/bin/one": TOOL, "x/bin/two": TOOL, "x/tool": TEXT}, Layout(1, ("bin/*",))),
        ({"bin/single": TOOL}, Layout(0, ("bin/single",))),
        ({"tool-linux": TOOL, "README": TEXT}, Layout(0, ("tool-linux",), renamed="tool-linux")),
        ({"one": TOOL, "two": TOOL, "deep/three": TOOL}, Layout(0, ("one", "two"))),
        ({"x/tool": TOOL, "x/complete/tool.bash": TOOL}, Layout(1, ("tool",))),
    ],
)
def test_tools_are_found(tmp_path: Path, files: Mapping[str, bytes], layout: Layout) -> None:
    archive = make_tar_gz(tmp_path / "a.tgz", files)

    assert layout_of(archive, "a.tgz", "tool") == layout


def test_one_file_is_the_tool_under_another_name(tmp_path: Path) -> None:
    program = tmp_path / "x"
    program.write_bytes(TOOL)

    assert layout_of(program, "tool-linux-amd64", "tool") == Layout(
        0, ("tool-linux-amd64",), renamed="tool-linux-amd64"
    )


@pytest.mark.parametrize("files", [{"README": TEXT}, {"x.so": LIBRARY}])
def test_without_a_program_there_is_nothing_to_make(tmp_path: Path, files: Mapping[str, bytes]) -> None:
    with pytest.raises(ArchiveError, match="holds no program"):
        layout_of(make_tar_gz(tmp_path / "a.tgz", files), "a.tgz", "tool")
