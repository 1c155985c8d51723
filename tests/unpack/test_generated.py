"""Generated trees, packed by the real tools, come out as the real tools unpack them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pkgs.store.unpack import unpack
from tests.support.listing import listing

NAMES = st.text("abcXYZ .-_äé漢~'\"", min_size=1, max_size=40).filter(
    lambda name: name.strip(". ") not in {"", "-"}
)
MODES = st.sampled_from([0o644, 0o755, 0o600, 0o700, 0o444, 0o555, 0o640])
FILES = st.tuples(st.binary(max_size=3000), MODES, st.integers(400_000_000, 2_000_000_000))
TREES = st.recursive(
    st.dictionaries(NAMES, FILES, max_size=4),
    lambda inner: st.dictionaries(NAMES, st.one_of(FILES, inner), max_size=4),
    max_leaves=12,
)
Node = dict[str, "tuple[bytes, int, int] | Node"]


def build(root: Path, tree: Node) -> None:
    root.mkdir()
    for name, node in tree.items():
        path = root / name
        if isinstance(node, dict):
            build(path, node)
            continue
        content, mode, mtime = node
        path.write_bytes(content)
        path.chmod(mode)
        os.utime(path, (mtime, mtime))
        if mtime % 3 == 0 and len(name) < 30:
            (root / f"{name}@").symlink_to(name)
        if mtime % 5 == 0 and len(name) < 30:
            os.link(path, root / f"{name}#")
    os.utime(root, (1_000_000_000 + len(tree), 1_000_000_000 + len(tree)))


def pack(kind: str, source: Path, archive: Path) -> None:
    if kind == "zip":
        command = ["zip", "-q", "-r", "-y", str(archive), "."]
        subprocess.run(command, cwd=source, check=True)
    else:
        subprocess.run(["tar", f"--format={kind}", "-czf", str(archive), "."], cwd=source, check=True)


def unpack_with_tool(kind: str, archive: Path, dest: Path) -> None:
    dest.mkdir()
    environ = os.environ | {"TZ": "UTC"}
    if kind == "zip":
        subprocess.run(["unzip", "-q", str(archive), "-d", str(dest)], check=True, env=environ)
    else:
        subprocess.run(["tar", "--no-same-owner", "-pxzf", str(archive), "-C", str(dest)], check=True)


@pytest.mark.parametrize("kind", ["gnu", "pax", "zip"])
def test_a_generated_tree_comes_out_alike(kind: str) -> None:
    @settings(
        max_examples=25,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(TREES.filter(bool))
    def check(tree: Node) -> None:
        with tempfile.TemporaryDirectory() as name:
            base = Path(name)
            build(base / "source", tree)
            pack(kind, base / "source", base / "archive.zip")
            unpack_with_tool(kind, base / "archive.zip", base / "theirs")
            (base / "ours").mkdir()
            unpack(base / "archive.zip", base / "ours", name="archive")
            ours, theirs = listing(base / "ours"), listing(base / "theirs")
            if kind == "zip":  # unzip leaves links the present time
                ours, theirs = _timeless_links(ours), _timeless_links(theirs)

            assert ours == theirs

    check()


def _timeless_links(found: dict[str, tuple[str, int, int, str]]) -> dict[str, tuple[str, int, int, str]]:
    return {name: (*entry[:2], 0, entry[3]) if entry[0] == "link" else entry for name, entry in found.items()}
