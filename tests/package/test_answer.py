"""Answers as lines of JSON: the shape hermit's have, for what the public manifests do not hold."""

from __future__ import annotations

import json

import pytest

from pkgs.errors import ManifestError, PkgsError
from pkgs.manifest.model import Manifest
from pkgs.package.answer import answers, package_object, version_answers
from tests.support.manifests import LINUX, manifest_of, package_of

MANIFESTS = {
    name: manifest_of(
        'binaries = ["x"]\nsource = "https://example.org/${name}?a&b"\nversion "1.0" "1.1" {}', name
    )
    for name in ("tool", "my-tool")
}


def lookup(name: str) -> Manifest | None:
    if name == "broken":
        raise ManifestError("broken.hcl:1: what is this?")
    return MANIFESTS.get(name)


def ask(selector: str) -> tuple[str, list[PkgsError]]:
    errors: list[PkgsError] = []
    (line,) = answers([(selector, LINUX)], lookup, today=None, complain=errors.append)
    return line, errors


def test_a_line_is_compact_sorted_and_leaves_out_what_is_empty() -> None:
    line, errors = ask("my-tool-1.0")

    assert errors == []
    assert line == (
        '{"name":"my-tool","package":{"binaries":["x"],"reference":"my-tool-1.0","root":"${dest}",'
        '"source":"https://example.org/my-tool?a&b"},"platform":"linux-amd64","selector":"my-tool-1.0"}'
    )


@pytest.mark.parametrize(
    ("selector", "name", "kind", "said"),
    [
        ("tool-9", "tool", "unknown-version", "tool-9"),
        ("tool@x", "tool", "unknown-channel", "tool@x"),
        ("my-tool-cli-1.0", "my-tool", "unknown-version", "my-tool-cli-1.0"),
        ("tool-Latest", "tool", "unknown-version", "tool-Latest"),
        ("nothing-here-1", "nothing-here", "unknown-package", "nothing-here"),
        ("broken", "broken", "invalid-manifest", "what is this?"),
        ("broken@1", "broken", "invalid-manifest", "what is this?"),
        ("tool-[1", "tool", "invalid-selector", "[1"),
    ],
)
def test_an_error_is_a_line_with_its_kind_and_is_told(selector: str, name: str, kind: str, said: str) -> None:
    line, errors = ask(selector)

    assert json.loads(line) == {"name": name, "selector": selector, "platform": "linux-amd64", "error": kind}
    assert [said in error.message for error in errors] == [True]


def test_a_broken_manifest_is_told_each_time() -> None:
    errors: list[PkgsError] = []
    lines = list(answers([("broken", LINUX), ("broken", LINUX)], lookup, today=None, complain=errors.append))

    assert (len(lines), len(errors)) == (2, 2)


def test_versions_are_listed_by_name() -> None:
    errors: list[PkgsError] = []
    lines = list(version_answers(["tool", "nothing", "broken"], lookup, complain=errors.append))

    assert list(map(json.loads, lines)) == [
        {"name": "tool", "sorted_versions": ["1.0", "1.1"]},
        {"name": "nothing", "error": "unknown-package"},
        {"name": "broken", "error": "invalid-manifest"},
    ]
    assert len(errors) == 2


def test_a_package_has_every_field_that_says_something() -> None:
    text = """
      apps = ["A.app"]
      arch = "amd64"
      dest = "/opt/x"
      dont-extract = true
      env = { A: "$A:x", P: "x:$P", S: "x", U: "" }
      files = { "a": "${root}/a" }
      mirrors = ["https://mirror.example.org"]
      mutable = true
      provides = ["p"]
      requires = ["r"]
      runtime-dependencies = ["d-1"]
      sha256 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      sha256-source = "https://example.org/sum"
      strip = 2
      test = "true"
      source = "https://example.org/x"
      repository = "https://example.org"
      alternative { source = "npm:x@1" }
      on unpack {
        copy { from = "a" to = "/b" }
        delete { files = ["/x"] }
        delete { files = ["/x"] recursive = true }
        mkdir { dir = "/m" }
        run { cmd = "/r" dir = "/d" stdin = "in" }
        symlink { from = "f" to = "t" }
      }
      channel edge { update = "90m" }
    """

    assert json.loads(json.dumps(package_object(package_of(text, "tool@edge")))) == {
        "reference": "tool@edge",
        "alternatives": [{"source": "npm:x@1", "strip": 2}],
        "apps": ["A.app"],
        "arch": "amd64",
        "binaries": ["tool"],
        "dest": "/opt/x",
        "dont_extract": True,
        "env": [
            {"op": "append", "name": "A", "value": "x"},
            {"op": "prepend", "name": "P", "value": "x"},
            {"op": "set", "name": "S", "value": "x"},
            {"op": "unset", "name": "U"},
        ],
        "files": {"a": "/opt/x/a"},
        "mirrors": ["https://mirror.example.org"],
        "mutable": True,
        "provides": ["p"],
        "repository": "https://example.org",
        "requires": ["r"],
        "root": "/opt/x",
        "runtime_dependencies": ["d-1"],
        "sha256": "a" * 64,
        "sha256_source": "https://example.org/sum",
        "source": "https://example.org/x",
        "strip": 2,
        "test": "true",
        "triggers": {
            "unpack": [
                {"action": "copy", "from": "a", "to": "/b"},
                {"action": "delete", "files": ["/x"]},
                {"action": "delete", "files": ["/x"], "recursive": True},
                {"action": "mkdir", "dir": "/m"},
                {"action": "run", "command": "/r", "dir": "/d", "stdin": "in"},
                {"action": "symlink", "from": "f", "to": "t"},
            ]
        },
        "update_seconds": 5400,
    }
