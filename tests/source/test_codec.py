"""Manifests survive being kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pkgs.errors import ManifestError
from pkgs.manifest.load import load_manifest
from pkgs.manifest.model import Manifest
from pkgs.source.codec import decode_manifest, encode_manifest
from tests.support.corpus import corpus_manifests, needs_corpus
from tests.support.manifests import fields_of

EVERYTHING = """
description = "All there is"
homepage = "https://example.invalid"
repository = "https://example.invalid/r"
default = "1.0"
arch = "x"
binaries = ["bin/*", "b"]
apps = ["A.app"]
rename = { "a": "b" }
requires = ["r"]
runtime-dependencies = ["d-1.0"]
provides = ["p"]
dest = "${HOME}/x"
root = "${dest}/y"
files = { "f": "${root}/f" }
strip = 2
test = "b --version"
env = { "A": "${root}", "PATH": "${root}:${PATH}" }
vars = { "v": "1" }
source = "https://example.invalid/${version}"
dont-extract = true
mirrors = ["https://mirror.invalid/${version}"]
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
sha256-source = "https://example.invalid/sums"
mutable = true
darwin { arch = "arm64"  strip = 1 }
linux { source = "l"  linux { strip = 3 } }
platform "linux" "amd64" { env = { "B": "" } }
alternative { source = "npm:x@${version}"  strip = 0 }
alternative { source = "pypi:x==${version}" }
on "unpack" {
  run { cmd = "a"  args = ["b"]  dir = "${root}"  env = ["C=d"]  stdin = "e" }
  chmod { file = "${root}/f"  mode = 493 }
  message { text = "m" }
  rename { from = "${root}/a"  to = "${root}/b" }
  delete { files = ["${root}/c"]  recursive = true }
  copy { from = "f"  to = "${root}/g"  mode = 420 }
  mkdir { dir = "${root}/d"  mode = 448 }
  symlink { from = "${root}/a"  to = "${root}/b" }
}
version "1.0" "1.1" {
  strip = 4
  auto-version { github-release = "o/r"  version-pattern = "v(.*)" }
}
version "2.0" { auto-version { html { url = "u"  xpath = "x" } } }
channel "stable" { update = "24h"  version = "1.*" }
channel "head" { update = "1h30m"  source = "s" }
sha256sums = {
  "https://example.invalid/1.0": "1111111111111111111111111111111111111111111111111111111111111111",
}
"""


def _kept(manifest: Manifest) -> Manifest:
    plain = json.loads(json.dumps(encode_manifest(manifest)))
    return decode_manifest(plain, name=manifest.name, path=manifest.path)


def test_every_attribute_and_action_comes_back() -> None:
    manifest = load_manifest(EVERYTHING, name="all", path="all.hcl")

    assert fields_of(_kept(manifest)) == fields_of(manifest)


def test_a_manifest_that_says_little_comes_back() -> None:
    manifest = load_manifest('description = "Little"', name="little", path="little.hcl")

    assert fields_of(_kept(manifest)) == fields_of(manifest)


@needs_corpus
@pytest.mark.parametrize("path", corpus_manifests()[::9], ids=lambda path: path.stem)
def test_public_manifests_come_back(path: Path) -> None:
    try:
        manifest = load_manifest(path.read_text(), name=path.stem, path=str(path))
    except ManifestError:
        pytest.skip("a broken manifest")

    assert fields_of(_kept(manifest)) == fields_of(manifest)
